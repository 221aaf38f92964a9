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
   * Whether a full ring overwrites its oldest records. Such rings are read while they are paused, or stopped: else the
   * records would change under the reader. Their scanner refuses it at other times with a TypeError.
   */
  readonly overwritable: boolean;
  /** Whether `lost` knows every loss; if not, those that the rings' LOST records tell are all that is known. */
  readonly countsLosses: boolean;
  /** Whether the rings are paused. */
  readonly paused: boolean;

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
   * Refuses events for now, and counts each as lost; what is in the rings can be read. No effect on paused rings.
   *
   * @throws {TypeError} If rings of this kind cannot be paused.
   */
  pause(): void;

  /** Lets events in again. No effect on rings that are not paused. */
  resume(): void;

  /**
   * How many events found the ring full or paused, the last ones included.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   * @throws {EventPipeError} `NOT_SUPPORTED`, where `countsLosses` is false.
   */
  lost(ring: number): number;

  /**
   * Bytes of records that were overwritten before they were read, as counted when the ring was read last. Only where rings
   * are overwritable; how many events they held nobody knows.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   */
  overwrittenBytes?(ring: number): number;

  /** Releases memory and files. Safe to call again. */
  close(): void;
}
