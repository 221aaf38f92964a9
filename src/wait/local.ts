/**
 * What a source of memory rings offers beside their words when writers of its own isolate wake its reader: a waiter that hears
 * them directly. The source brings it along, so a program that imports no such source does not load the model of epoll.
 *
 * @module
 */

import type { Readiness } from "../ring/readiness.ts";
import type { StopListener } from "./stop_listener.ts";
import type { Waiter } from "./waiter.ts";

/** Wake-ups of memory rings that are written by their reader's isolate. */
export interface LocalReadiness {
  /** Words in shared memory, as all memory rings have them. */
  readonly kind: "signals";
  /** See `src/ring/signals.ts`. */
  readonly words: Int32Array<SharedArrayBuffer>;

  /**
   * Opens the waiter `model`.
   *
   * @param stop The listener to the stop token, if there is one.
   * @returns The waiter, owned by the caller.
   * @throws {TypeError} If another isolate can write into the rings.
   */
  openLocalWaiter(stop: StopListener | undefined): Waiter;
}

/**
 * Whether writers of this isolate wake the reader.
 *
 * @param readiness A source's wake-ups.
 * @returns Whether the waiter `model` can be opened on them.
 */
export function isLocal(readiness: Readiness): readiness is LocalReadiness {
  return "openLocalWaiter" in readiness;
}
