/**
 * The drains of a pipe: they take batches of records from the scanner and give the events in them to the dispatcher. This
 * one reads ring after ring; `merge.ts` has the one that merges them by time.
 *
 * @module
 */

import { RecordBatch } from "../ring/record_batch.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { RingReader } from "./ring_reader.ts";

/** When records are given back to the producer: behind each, behind each batch of up to 256, or at the end of a ring's pass. */
export type CommitPolicy = "record" | "batch" | "drain";

/** What a pipe drains its rings with. */
export interface Drain {
  /** The longest that may be waited before the next drain, in ms; Infinity if only new events are a reason for it. */
  readonly waitMs: number;

  /**
   * Dispatches events up to the heads of all rings.
   *
   * @param isFinal Whether events that are held back are dispatched too.
   * @returns The number but 0 with which a handler ended the drain; else 0.
   * @throws What a handler throws.
   */
  drain(isFinal: boolean): number;

  /**
   * Dispatches what is in one ring.
   *
   * @param ring The ring's index.
   * @returns As `drain`.
   * @throws What a handler throws; a TypeError if rings cannot be read one by one.
   */
  drainRing(ring: number): number;
}

/** Drains ring after ring. */
export class RingDrain implements Drain {
  readonly #reader: RingReader;
  readonly #dispatcher: Dispatcher;
  readonly #commit: CommitPolicy;
  readonly #batch = new RecordBatch();
  /** Whether the last drain ended early: its rings' wake-ups are used up, so the next one must not wait for them. */
  #isPending = false;
  /** The ring the next drain begins with. */
  #first = 0;

  /**
   * @param reader Where events come from.
   * @param dispatcher Where they go.
   * @param commit When their bytes are given back.
   */
  constructor(reader: RingReader, dispatcher: Dispatcher, commit: CommitPolicy) {
    this.#reader = reader;
    this.#dispatcher = dispatcher;
    this.#commit = commit;
  }

  get waitMs(): number {
    return this.#isPending ? 0 : Infinity;
  }

  /**
   * Drains all rings, those that did not wake us too: a wake-up is dear, and a ring below its threshold has none. After a
   * drain that ends early the next one begins behind that ring, so that a busy ring does not starve the others.
   */
  drain(_isFinal: boolean): number {
    this.#isPending = true;
    const rings = this.#reader.counters.length;
    const first = this.#first;
    let result = this.#drainRange(first, rings);
    if (result === 0 && !this.#dispatcher.isClosing) result = this.#drainRange(0, first);
    if (result !== 0 || this.#dispatcher.isClosing) return result;
    this.#first = 0;
    this.#isPending = false;
    return 0;
  }

  drainRing(ring: number): number {
    return this.#reader.scanner.begin(ring) ? this.#drainBegun(ring) : 0;
  }

  /** Drains the rings from `first` up to `end`; what a handler ended the drain with. */
  #drainRange(first: number, end: number): number {
    const { scanner, counters } = this.#reader;
    for (let ring = scanner.beginNext(first, end); ring < end; ring = scanner.beginNext(ring + 1, end)) {
      this.#first = ring + 1 < counters.length ? ring + 1 : 0;
      const result = this.#drainBegun(ring);
      if (result !== 0 || this.#dispatcher.isClosing) return result;
    }
    return 0;
  }

  #drainBegun(ring: number): number {
    const { scanner } = this.#reader;
    const commitsAtEnd = this.#commit === "drain";
    while (this.#reader.scan(ring, this.#batch)) {
      const result = this.#dispatchBatch(ring);
      if (result !== 0 || this.#dispatcher.isClosing) return result;
      if (!commitsAtEnd) scanner.commit(ring);
    }
    scanner.commit(ring);
    return 0;
  }

  /** The dispatch loop. Counts, commits and leaves the ring in order whatever a handler does. */
  #dispatchBatch(ring: number): number {
    const batch = this.#batch;
    const dispatcher = this.#dispatcher;
    const { count } = batch;
    const cpu = this.#reader.cpus[ring]!;
    const counters = this.#reader.counters[ring]!;
    const commitsEach = this.#commit === "record";
    let index = 0;
    let result = 0;
    let isDone = false;
    try {
      const collects = dispatcher.hasBatches && !commitsEach;
      while (index < count && result === 0 && !dispatcher.isClosing) {
        if (collects) index = dispatcher.collect(batch, index, cpu, counters);
        if (index === count) break;
        index = dispatcher.deliver(batch, index, commitsEach ? index + 1 : count, cpu, counters);
        result = dispatcher.result;
        if (!commitsEach) continue;
        result = dispatcher.finish(result);
        this.#reader.scanner.commitThrough(ring, batch, index - 1);
      }
      result = dispatcher.finish(result);
      isDone = index === count && result === 0;
      return result;
    } catch (error) {
      index = dispatcher.stoppedBehind(index);
      return dispatcher.fail(error);
    } finally {
      if (!isDone) this.#reader.leaveBehind(ring, batch, index - 1);
    }
  }
}
