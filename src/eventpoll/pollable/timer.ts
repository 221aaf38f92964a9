/**
 * Timers as files, after fs/timerfd.c: readable once the time is over, and a read tells how often it was.
 *
 * @module
 */

import type { Clock, HrTimer } from "../clock.ts";
import type { Errno } from "../errors.ts";
import { EPOLLIN } from "../events.ts";
import { type FileOperations, poll_wait, type PollTable } from "../structs.ts";
import { WaitQueueHead, wake_up_poll } from "../wait_queue.ts";

const BYTES = 8;

/** `struct timerfd_ctx`. */
export class TimerfdCtx implements FileOperations {
  /** Its kind. */
  readonly name = "anon_inode:[timerfd]";
  readonly #wqh = new WaitQueueHead();
  readonly #clock: Clock;
  #timer: HrTimer | null = null;
  #intervalMs = 0;
  #ticks = 0;
  #isExpired = false;

  /** @param clock The clock of the model. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Sets it anew, `timerfd_settime`; what it had counted is forgotten.
   *
   * @param valueMs When it expires first, from now on; 0 stops it.
   * @param intervalMs How long after each time it expires again; 0 for once.
   */
  set(valueMs: number, intervalMs: number): void {
    this.release();
    this.#ticks = 0;
    this.#isExpired = false;
    this.#intervalMs = intervalMs;
    if (valueMs > 0) this.#start(this.#clock.now + valueMs);
  }

  poll(pt: PollTable | null): number {
    poll_wait(this.#wqh, pt);
    return this.#ticks > 0 ? EPOLLIN : 0;
  }

  read(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    if (buffer.length < BYTES) return "EINVAL";
    if (this.#ticks === 0) return "EAGAIN";
    if (this.#isExpired && this.#intervalMs > 0) this.#catchUp();
    this.#isExpired = false;
    buffer.set(new Uint8Array(BigUint64Array.of(BigInt(this.#ticks)).buffer));
    this.#ticks = 0;
    return BYTES;
  }

  release(): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
  }

  /** It is not started again before somebody reads, so a timer that nobody reads costs nothing and wakes nobody. */
  #start(expires: number): void {
    this.#timer = this.#clock.start(expires, () => {
      this.#isExpired = true;
      this.#ticks++;
      wake_up_poll(this.#wqh, EPOLLIN);
    });
  }

  /** Counts the times that went by unread, and starts it again for the next one. */
  #catchUp(): void {
    const missed = Math.floor((this.#clock.now - this.#timer!.expires) / this.#intervalMs);
    this.#ticks += missed;
    this.#start(this.#timer!.expires + (missed + 1) * this.#intervalMs);
  }
}
