/**
 * What a tap is: it sees the raw bytes of the rings as the pipe reads them, to record them. Handlers see events; a tap
 * sees records of every type, their headers and padding, and what was corrupt.
 *
 * @module
 */

import type { ScannedRange } from "../ring/scanner.ts";

/** Sees what a pipe reads. */
export interface RingTap {
  /**
   * Called after each scan that moved, in front of the events found in it.
   *
   * @param ring The ring's index in its source.
   * @param range Where in the ring.
   * @param bytes What stood there, in memory that is used again for the next call.
   */
  onScanned(ring: number, range: ScannedRange, bytes: Uint8Array<ArrayBuffer>): void;

  /**
   * Called for each ring with unread bytes when the pipe closes, in front of what is found in it then.
   *
   * @param ring The ring's index in its source.
   * @param position The low word of the position behind the last record that was delivered.
   */
  onLeft?(ring: number, position: number): void;
}
