/**
 * What there is once in a kernel: one object of it per model, so that two models do not know of each other.
 *
 * @module
 */

import type { EventPoll, File } from "./structs.ts";
import type { Trace } from "./trace.ts";
import { WakeupSources } from "./wakeup_source.ts";

/** The kernel's global variables. */
export class Machine {
  /** Tells what happens; null while nobody wants to know. */
  trace: Trace | null = null;
  /** What may keep the machine awake. */
  readonly wakeupSources: WakeupSources;
  /** How many watches a user may have: /proc/sys/fs/epoll/max_user_watches. */
  max_user_watches: number;
  /** The number of the loop check under way, or of the next one. */
  loop_check_gen = 1;
  /** The epoll into which the loop check asks whether the insertion may be. */
  inserting_into: EventPoll | null = null;
  /** Files that get new ways to wake up epolls by the insertion under way. */
  readonly tfile_check_list: Set<File> = new Set();
  #files = 0;

  /**
   * @param maxUserWatches How many watches a user may have.
   * @param mayBlockSuspend Whether programs have CAP_BLOCK_SUSPEND, without which EPOLLWAKEUP means nothing.
   */
  constructor(maxUserWatches: number, mayBlockSuspend: boolean) {
    this.max_user_watches = maxUserWatches;
    this.wakeupSources = new WakeupSources(mayBlockSuspend);
  }

  /**
   * A number for a new file.
   *
   * @returns One that no file of this machine had.
   */
  newIno(): number {
    return ++this.#files;
  }
}
