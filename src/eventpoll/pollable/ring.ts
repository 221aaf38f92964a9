/**
 * A memory ring as a file, after perf_poll() in kernel/events/core.c: readable once its writer has woken it, until
 * somebody asks. Asking takes the readiness away, so whoever is told must read all there is.
 *
 * @module
 */

import { EPOLLIN, EPOLLRDNORM } from "../events.ts";
import { type FileOperations, poll_wait, type PollTable } from "../structs.ts";
import { WaitQueueHead, wake_up_all } from "../wait_queue.ts";

/** A ring that is watched. */
export class RingFile implements FileOperations {
  /** Its kind. */
  readonly name = "anon_inode:[perf_event]";
  /** Asking takes the readiness away. */
  readonly isPollConsuming = true;
  readonly #waitq = new WaitQueueHead();
  readonly #take: () => boolean;

  /** @param take Takes the mark that the ring's writer has set: `atomic_xchg(&rb->poll, 0)`. */
  constructor(take: () => boolean) {
    this.#take = take;
  }

  poll(pt: PollTable | null): number {
    poll_wait(this.#waitq, pt);
    return this.#take() ? EPOLLIN | EPOLLRDNORM : 0;
  }

  /** Tells that the writer has set its mark: perf_event_wakeup(). */
  wake(): void {
    wake_up_all(this.#waitq);
  }
}
