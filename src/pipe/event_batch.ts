/**
 * Events of one category together, for handlers that take them so: one call for many events, which costs less than a call
 * for each.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import { RecordBatch } from "../ring/record_batch.ts";
import { type Event, EventView, exactU64, outsideEvent } from "./event.ts";

/**
 * Events of one category, in the order of their ring, and of different rings in the order they were read. Valid during
 * `processBatch` only: outside, every accessor throws.
 */
export interface EventBatch {
  /** How many events it holds: at least 1. */
  readonly length: number;
  /**
   * One of them. The view is the same at every call and shows the event asked for last; `copy()` keeps it.
   *
   * @param index From 0 to `length - 1`; others are a `RangeError`.
   */
  at(index: number): Event;
  /** The little-endian u32 at an offset of one of the events, as `at(index).u32(offset)`. */
  u32(index: number, offset: number): number;
  /** The little-endian u64 at an offset of one of the events, as `at(index).u64(offset)`. */
  u64(index: number, offset: number): number;
}

/** The events that wait for their handler, which sees them as {@linkcode EventBatch}. */
export class PendingBatch implements EventBatch {
  readonly #offsets = new Int32Array(RecordBatch.CAPACITY);
  readonly #sizes = new Int32Array(RecordBatch.CAPACITY);
  readonly #cpus = new Int32Array(RecordBatch.CAPACITY);
  readonly #view: DataView;
  readonly #event: EventView;
  /** The size and the CPU of all events that wait, where they are alike; a size of -1 where the columns tell them. */
  #size = -1;
  #cpu = -1;
  /** Events that wait, and their bytes. */
  #count = 0;
  #bytes = 0;
  /** Events that may be read: all of them, or none outside of `processBatch`. */
  #length = 0;

  /** @param view A view over the buffer that holds the events. */
  constructor(view: DataView) {
    this.#view = view;
    this.#event = new EventView(view);
  }

  /**
   * Appends an event.
   *
   * @param offset Where its payload begins in the buffer.
   * @param size Its size in bytes.
   * @param cpu The CPU whose ring holds it.
   * @returns Whether the batch is full now.
   */
  add(offset: number, size: number, cpu: number): boolean {
    this.#size = -1;
    const count = this.#count;
    this.#offsets[count] = offset;
    this.#sizes[count] = size;
    this.#cpus[count] = cpu;
    this.#count = count + 1;
    this.#bytes += size;
    return this.#count === RecordBatch.CAPACITY;
  }

  /**
   * Appends events of one ring. What waits already must be of the same batch of records: then there is room for all, and they
   * are alike or listed as those are.
   *
   * @param records Among which they are.
   * @param indices Their indices there, from `first` on.
   * @param first The first of them.
   * @param count How many.
   * @param cpu The CPU whose ring holds them.
   */
  addAll(records: RecordBatch, indices: Uint8Array, first: number, count: number, cpu: number): void {
    if (records.stride === 0) this.#addListed(records, indices, first, count, cpu);
    else this.#addAlike(records, indices, first, count, cpu);
  }

  #addAlike(records: RecordBatch, indices: Uint8Array, first: number, count: number, cpu: number): void {
    const { stride, start, mask } = records;
    const size = records.sizeOf(0);
    const at = records.offsetOf(0) - start;
    const offsets = this.#offsets;
    const begin = this.#count;
    this.#size = size;
    this.#cpu = cpu;
    for (let i = 0; i < count; i++) {
      offsets[begin + i] = start + ((at + indices[first + i]! * stride) & mask);
    }
    this.#count = begin + count;
    this.#bytes += count * size;
  }

  #addListed(records: RecordBatch, indices: Uint8Array, first: number, count: number, cpu: number): void {
    const [offsets, sizes, cpus] = [this.#offsets, this.#sizes, this.#cpus];
    const begin = this.#count;
    this.#size = -1;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const index = indices[first + i]!;
      const size = records.sizes[index]!;
      offsets[begin + i] = records.offsets[index]!;
      sizes[begin + i] = size;
      cpus[begin + i] = cpu;
      bytes += size;
    }
    this.#count = begin + count;
    this.#bytes += bytes;
  }

  /** Lets the events be read. */
  open(): void {
    this.#length = this.#count;
  }

  /** Ends that, and empties the batch. */
  close(): void {
    this.#length = 0;
    this.#count = 0;
    this.#bytes = 0;
    this.#event.release();
  }

  /** Events in it, while nobody may read them too. */
  get pending(): number {
    return this.#count;
  }

  /** The bytes of its events from their categories on. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    if (this.#length === 0) throw stale(); // a batch that may be read holds at least one
    return this.#length;
  }

  at(index: number): Event {
    this.#place(index, 0, 0);
    const cpu = this.#size < 0 ? this.#cpus[index]! : this.#cpu;
    this.#event.point(this.#offsets[index]!, this.#sizeOf(index), cpu);
    return this.#event;
  }

  // The two that loops call for each event go without the view in between.

  u32(index: number, offset: number): number {
    return this.#view.getUint32(this.#place(index, offset, 4), true);
  }

  u64(index: number, offset: number): number {
    return exactU64(this.#view, this.#place(index, offset, 8), offset);
  }

  /** Where bytes of an event stand in the view. */
  #place(index: number, offset: number, bytes: number): number {
    const isThere = (index >>> 0) === index && index < this.#length;
    if (!isThere || (offset >>> 0) !== offset || offset > this.#sizeOf(index) - bytes) {
      throw this.#outside(index, offset, bytes);
    }
    return this.#offsets[index]! + offset;
  }

  #sizeOf(index: number): number {
    return this.#size < 0 ? this.#sizes[index]! : this.#size;
  }

  #outside(index: number, offset: number, bytes: number): Error {
    if (this.#length === 0) return stale();
    if ((index >>> 0) === index && index < this.#length) {
      return outsideEvent(offset, bytes, this.#sizeOf(index));
    }
    return new RangeError(
      `Cannot read event ${index} of the batch: it has ${this.#length}, and they count from 0`,
    );
  }
}

function stale(): EventPipeError {
  return new EventPipeError(
    "Cannot read the batch: its processBatch call has returned; read what you need inside, or keep copies of events",
    "STALE_EVENT",
  );
}
