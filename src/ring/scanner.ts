/**
 * What a scanner is: it turns the unread bytes of a ring into batches of validated records. The dispatch loop consumes
 * batches and knows no ring format; a scanner knows bytes and positions, and no files or handlers.
 *
 * @module
 */

import { wrongArgument } from "../errors.ts";
import type { RecordBatch } from "./record_batch.ts";

/** What a scan has moved over: for taps. */
export interface ScannedRange {
  /** The low word of the ring position of its first byte. */
  readonly position: number;
  /** How far the scan moved. */
  readonly distance: number;
  /** Bytes there: the distance, or the ring's size where the distance is longer since its positions were corrupt. */
  readonly bytes: number;
}

/** Which scanner reads a ring: the one in TypeScript, or the one in WebAssembly. Both find the same. */
export type ScannerKind = "ts" | "wasm";

/**
 * Checks which scanner is asked for.
 *
 * @param scanner The option.
 * @throws {TypeError} If there is none like that.
 */
export function checkScanner(scanner: ScannerKind): void {
  if (scanner !== "ts" && scanner !== "wasm") {
    throw wrongArgument("open rings", "scanner", '"ts" or "wasm"', scanner);
  }
}

/** Whom events are given to: the handler of the category they begin with, or all to one. */
export type DispatchBy = "category" | "all";

/**
 * Reads the rings of one source. A pass over a ring is `begin`, then `scan` until it finds nothing more, with a
 * `commit` after each batch; the head is loaded once per pass, so that a fast producer
 * cannot keep the reader in one ring for ever.
 */
export interface Scanner {
  /**
   * Loads the ring's head.
   *
   * @param ring The ring's index in its source.
   * @returns Whether unread bytes lie in front of it.
   */
  begin(ring: number): boolean;

  /**
   * Begins a pass over the first of some rings that has unread bytes: `begin` for many rings of which few have any.
   *
   * @param first The first ring's index.
   * @param end The index behind the last one.
   * @returns The index of the ring that was begun; `end` if none has unread bytes.
   */
  beginNext(first: number, end: number): number;

  /**
   * Fills the batch with the next records of this pass.
   *
   * @param ring The ring's index in its source.
   * @param batch Cleared and filled. What another batch shows of this ring is void from then on.
   * @returns Whether the batch holds anything: records, losses, skipped or corrupt bytes.
   */
  scan(ring: number, batch: RecordBatch): boolean;

  /**
   * What the last scan moved over: headers, padding and skipped records included.
   *
   * @param ring The ring's index in its source.
   * @returns The range.
   */
  scanned(ring: number): ScannedRange;

  /**
   * Copies what the last scan moved over, as it stands in the ring. Before the next `commit`.
   *
   * @param ring The ring's index in its source.
   * @param target Filled from its start; has room for the `bytes` of the range.
   */
  copyScanned(ring: number, target: Uint8Array): void;

  /**
   * Gives all scanned records back to the producer. Their bytes may be overwritten from then on.
   *
   * @param ring The ring's index in its source.
   */
  commit(ring: number): void;

  /**
   * Gives back only the records up to one of the batch. The scan goes on where it was.
   *
   * @param ring The ring's index in its source.
   * @param batch The batch of the last scan of this ring.
   * @param index The last record to give back.
   */
  commitThrough(ring: number, batch: RecordBatch, index: number): void;

  /**
   * Goes back: the next scan begins behind a record of the batch, and `commit` gives back what is in front of it.
   *
   * @param ring The ring's index in its source.
   * @param batch The batch of the last scan of this ring.
   * @param index The last record that stays scanned; -1 for none of the batch.
   */
  rewind(ring: number, batch: RecordBatch, index: number): void;

  /**
   * How far the scan has come.
   *
   * @param ring The ring's index in its source.
   * @returns The low word of the position behind the last scanned record.
   */
  position(ring: number): number;

  /**
   * Whether what lies between the scan and the head of this pass fills more than half of the ring.
   *
   * @param ring The ring's index in its source.
   * @returns True if a reader that waits risks losses.
   */
  isCrowded(ring: number): boolean;

  /**
   * Where this pass ends.
   *
   * @param ring The ring's index in its source.
   * @returns The low word of the head that `begin` loaded.
   */
  head(ring: number): number;
}

/**
 * What `beginNext` does, ring by ring.
 *
 * @param scanner Whose rings.
 * @param first The first ring's index.
 * @param end The index behind the last one.
 * @returns The ring that was begun; `end` for none.
 */
export function beginEach(scanner: Pick<Scanner, "begin">, first: number, end: number): number {
  for (let ring = first; ring < end; ring++) {
    if (scanner.begin(ring)) return ring;
  }
  return end;
}

/**
 * Copies a range of a ring, which may go on at the ring's start.
 *
 * @param bytes The buffer that holds the ring.
 * @param ring Where its data stands there.
 * @param range What is copied.
 * @param target Filled from its start.
 */
export function copyRange(
  bytes: Uint8Array,
  ring: { readonly data: number; readonly bytes: number },
  range: ScannedRange,
  target: Uint8Array,
): void {
  const start = ring.data + (range.position & (ring.bytes - 1));
  const firstPart = Math.min(range.bytes, ring.data + ring.bytes - start);
  target.set(bytes.subarray(start, start + firstPart));
  target.set(bytes.subarray(ring.data, ring.data + range.bytes - firstPart), firstPart);
}
