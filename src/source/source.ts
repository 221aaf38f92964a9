/**
 * What a source is: the owner of rings. It holds their memory and their files, knows their CPUs and losses, and makes
 * the scanner that fits its kind of ring. Everything to the right of it is the same for kernel and memory.
 *
 * @module
 */

import type { Readiness } from "../ring/readiness.ts";
import type { DispatchBy, Scanner } from "../ring/scanner.ts";

/** An owner of rings. A pipe takes it over and closes it. */
export interface Source {
  /** `kernel` or `memory`; results of the two are never mixed. */
  readonly kind: "kernel" | "memory";
  /** The kind of its rings. */
  readonly ring: "perf" | "ringbuf";
  /** The CPU of each ring, its index is the ring's; -1 for a ring that all CPUs write into. */
  readonly cpus: readonly number[];
  /** The longest event, from the category on, that a ring can ever take. */
  readonly maxPayloadBytes: number;
  /** The buffer all rings lie in. After `close` its length is 0. */
  readonly buffer: ArrayBufferLike;
  /** How a waiter learns that a ring has unread records. */
  readonly readiness: Readiness;

  /**
   * Makes the scanner for these rings.
   *
   * @param dispatchBy Whether payloads begin with a category; by that unless given.
   * @returns A scanner over `buffer`.
   */
  openScanner(dispatchBy?: DispatchBy): Scanner;

  /** Lets events in, once a waiter listens. */
  start(): void;

  /** Lets no more events in; what is in the rings stays there. */
  stop(): void;

  /**
   * How many events found the ring full, the last ones included.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   */
  lost(ring: number): number;

  /** Releases memory and files. Safe to call again. */
  close(): void;
}
