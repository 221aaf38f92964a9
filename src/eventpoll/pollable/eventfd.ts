/**
 * Counters after fs/eventfd.c: a write adds, a read takes all or, from a semaphore, one.
 *
 * @module
 */

import type { Errno } from "../errors.ts";
import { EFD_SEMAPHORE, EPOLLIN, EPOLLOUT } from "../events.ts";
import { type FileOperations, poll_wait, type PollTable } from "../structs.ts";
import { WaitQueueHead, wake_up_poll } from "../wait_queue.ts";

/** No counter reaches it: ULLONG_MAX. */
const ULLONG_MAX = 2n ** 64n - 1n;

/** The bytes of a counter. */
const BYTES = 8;

/** `struct eventfd_ctx`. */
export class EventfdCtx implements FileOperations {
  /** Its kind. */
  readonly name = "anon_inode:[eventfd]";
  readonly #wqh = new WaitQueueHead();
  readonly #isSemaphore: boolean;
  #count: bigint;
  /** The counter as it is read and written, in the machine's byte order. */
  readonly #word = new BigUint64Array(1);
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(this.#word.buffer);

  /**
   * @param initval What it counts from.
   * @param flags EFD_SEMAPHORE, or none.
   */
  constructor(initval: number, flags: number) {
    this.#count = BigInt(initval >>> 0);
    this.#isSemaphore = (flags & EFD_SEMAPHORE) !== 0;
  }

  poll(pt: PollTable | null): number {
    poll_wait(this.#wqh, pt);
    const readable = this.#count > 0n ? EPOLLIN : 0;
    return this.#count < ULLONG_MAX - 1n ? readable | EPOLLOUT : readable;
  }

  read(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    if (buffer.length < BYTES) return "EINVAL";
    if (this.#count === 0n) return "EAGAIN";
    const taken = this.#isSemaphore ? 1n : this.#count;
    this.#count -= taken;
    this.#word[0] = taken;
    buffer.set(this.#bytes);
    wake_up_poll(this.#wqh, EPOLLOUT);
    return BYTES;
  }

  write(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    if (buffer.length !== BYTES) return "EINVAL";
    this.#bytes.set(buffer);
    const added = this.#word[0]!;
    if (added === ULLONG_MAX) return "EINVAL";
    if (added >= ULLONG_MAX - this.#count) return "EAGAIN";
    this.#count += added;
    wake_up_poll(this.#wqh, EPOLLIN);
    return BYTES;
  }
}
