/**
 * What a source is: the owner of rings. It holds their memory and their files, knows their CPUs and losses, and makes
 * the scanner that fits its kind of ring. Everything to the right of it is the same for kernel and memory.
 *
 * @module
 */

import type { Readiness } from "../ring/readiness.ts";
import type { Scanner } from "../ring/scanner.ts";

/** An owner of rings. A pipe takes it over and closes it. */
export interface Source {
  /** `kernel` or `memory`; results of the two are never mixed. */
  readonly kind: "kernel" | "memory";
  /** The CPU of each ring; its index is the ring's. */
  readonly cpus: readonly number[];
  /** The buffer all rings lie in. After `close` its length is 0. */
  readonly buffer: ArrayBufferLike;
  /** How a waiter learns that a ring has unread records. */
  readonly readiness: Readiness;

  /**
   * Makes the scanner for these rings.
   *
   * @returns A scanner over `buffer`.
   */
  openScanner(): Scanner;

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
