/**
 * Scans the rings of a source for the drains: counts what is no event, tells of losses in their place, and shows the tap
 * what was read.
 *
 * @module
 */

import type { RecordBatch } from "../ring/record_batch.ts";
import type { DispatchBy, Scanner } from "../ring/scanner.ts";
import type { Source } from "../source/source.ts";
import { RingCounters } from "./statistics.ts";
import type { RingTap } from "./tap.ts";

/** Whom the reader tells. */
export interface RingReaderOptions {
  /** Whether events begin with a category. */
  readonly dispatchBy?: DispatchBy | undefined;
  /** Called for each loss that the kernel reports in a ring. */
  readonly onLost?: ((cpu: number, count: number) => void) | undefined;
  /** Shown each byte that is read, once. */
  readonly tap?: RingTap | undefined;
}

/** The scanner of a pipe, with its counts. */
export class RingReader {
  /** Knows the rings' bytes. */
  readonly scanner: Scanner;
  /** The CPU of each ring. */
  readonly cpus: readonly number[];
  /** The counts of each ring. */
  readonly counters: readonly RingCounters[];
  /** Losses that the rings' LOST records told of so far. */
  readonly reportedLosses: Float64Array;
  readonly #onLost: RingReaderOptions["onLost"];
  readonly #tap: RingTap | undefined;
  /** The low word of the position up to which the tap has seen each ring: what is scanned again is not shown again. */
  readonly #shown: Uint32Array;
  #bytes = new Uint8Array(0);

  /**
   * @param source Whose rings are read.
   * @param options Whom to tell.
   */
  constructor(source: Source, { dispatchBy, onLost, tap }: RingReaderOptions) {
    this.scanner = source.openScanner(dispatchBy);
    this.cpus = source.cpus;
    this.counters = source.cpus.map(() => new RingCounters());
    this.reportedLosses = new Float64Array(source.cpus.length);
    this.#onLost = onLost;
    this.#tap = tap;
    this.#shown = Uint32Array.from(source.cpus, (_, ring) => this.scanner.position(ring));
  }

  /**
   * Scans on in a ring, within the pass that `scanner.begin` has begun.
   *
   * @param ring The ring's index.
   * @param batch Filled with the next records.
   * @returns Whether the scan moved.
   */
  scan(ring: number, batch: RecordBatch): boolean {
    if (!this.scanner.scan(ring, batch)) return false;
    if (this.#tap !== undefined) this.#show(this.#tap, ring, batch);
    const counters = this.counters[ring]!;
    counters.corrupt += batch.corrupt;
    counters.corruptBytes += batch.corruptBytes;
    counters.skipped += batch.skipped;
    if (batch.lost > 0) {
      this.reportedLosses[ring]! += batch.lost;
      this.#onLost?.(this.cpus[ring]!, batch.lost);
    }
    return true;
  }

  /**
   * Leaves a ring behind one of the scanned records: that and all in front of it are given back, the next scan begins
   * behind it.
   *
   * @param ring The ring's index.
   * @param batch The batch of its last scan.
   * @param index The record; -1 if none of the batch was used.
   */
  leaveBehind(ring: number, batch: RecordBatch, index: number): void {
    this.counters[ring]!.skipped -= batch.skippedBehind(index);
    this.scanner.rewind(ring, batch, index);
    this.scanner.commit(ring);
  }

  /** Counts what is in the rings as left there. */
  countLeft(batch: RecordBatch): void {
    for (let ring = 0; ring < this.counters.length; ring++) {
      if (!this.scanner.begin(ring)) continue;
      this.#tap?.onLeft?.(ring, this.scanner.position(ring));
      while (this.scan(ring, batch)) this.counters[ring]!.left += batch.count;
    }
  }

  /** Where the tap throws, the scan is undone, so that the events in it are not lost. */
  #show(tap: RingTap, ring: number, batch: RecordBatch): void {
    const { position, distance, bytes } = this.scanner.scanned(ring);
    // Negative where an overwritable ring has jumped: what was overwritten is never scanned.
    const seen = Math.max(0, (this.#shown[ring]! - position) | 0);
    if (seen >= distance) return;
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(bytes);
    this.scanner.copyScanned(ring, this.#bytes);
    const range = { position: (position + seen) >>> 0, distance: distance - seen, bytes: bytes - seen };
    try {
      tap.onScanned(ring, range, this.#bytes.subarray(seen, bytes));
      this.#shown[ring] = position + distance;
    } catch (error) {
      this.scanner.rewind(ring, batch, -1);
      batch.clear(); // its skipped records were not counted yet, and are not to be taken back
      throw error;
    }
  }
}
