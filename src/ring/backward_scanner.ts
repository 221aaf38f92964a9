/**
 * The scanner for overwritable perf rings. Their events have `write_backward` set: the head begins at 0 and decreases, each
 * record stands in front of the one before it, and a full ring overwrites its oldest. The reader stores no tail; it reads
 * while the ring is paused, from the head upwards, all that was written since it read last.
 *
 * ```text
 *   head                                          where the last reading began, or a ring's size from head
 *    │ newest │  LOST │ sample │    ...    │ oldest │  (cut) │
 *    └─ 1. walked this way ─────────────────────────────────▶
 *    ◀───────────────────────── 2. delivered this way, chunk by chunk ─┘
 * ```
 *
 * Handlers get the oldest first. Records can only be walked from the newest on, so `begin` walks all of them once, checks
 * them and marks where every 256th stands; `scan` walks one such chunk again and fills its batch from the end. A LOST
 * record stands in front of the record that was output with it, in the ring and in time; the two are kept together.
 *
 * Positions count the bytes written, which is the head with its sign turned: so they grow as reading goes on, here as in
 * other rings. As in those, 32 bits tell every distance within a ring; how much was overwritten is counted in numbers.
 *
 * @module
 */

import { LOST_RECORD, PERF, PERF_EVENT_HEADER, PERF_EVENT_MMAP_PAGE, SAMPLE_RAW } from "../abi/perf_event.ts";
import type { RingRegion } from "./geometry.ts";
import { RecordBatch } from "./record_batch.ts";
import { beginEach, type ScannedRange, type Scanner } from "./scanner.ts";

const { PERF_RECORD_LOST, PERF_RECORD_SAMPLE } = PERF;
const { data_head } = PERF_EVENT_MMAP_PAGE.offsets;

/** `header.size - 8` of a valid record has none of these bits: at least 8, a multiple of 8, a u16. */
const BAD_SIZE_BITS = 0xffff0007;

/** Records between two marks; one more where a LOST record and the one behind it are kept together. */
const CHUNK_RECORDS = RecordBatch.CAPACITY;

/** What stands in place of a record's size: nothing that can be one, or one that passes the limit. */
const BAD = 0;
const CUT = -1;

/** Scans the overwritable perf rings of one buffer. */
export class BackwardScanner implements Scanner {
  readonly #regions: readonly RingRegion[];
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Whether a sample is delivered from its body on, with all it carries, or from its raw data on. */
  readonly #whole: boolean;
  readonly #checkReadable: () => void;
  /** Per ring: the low word of the head of this pass, and the bytes written until then. */
  readonly #head: Uint32Array;
  readonly #written: Float64Array;
  /** Per ring: bytes from the head up to what was delivered, now and before the last scan. */
  readonly #unread: Int32Array;
  readonly #begun: Int32Array;
  /** Per ring: bytes from the head that are made of records; what is unread behind them is to be given up. */
  readonly #sound: Int32Array;
  /** Per ring: the position of the last LOST record that was told. */
  readonly #toldLoss: Float64Array;
  /** Per ring: bytes that were overwritten unread. */
  readonly #overwritten: Float64Array;
  /** Per ring: the distance from the head at which each chunk begins, and how many of the chunks are unread. */
  readonly #marks: readonly Int32Array[];
  readonly #chunks: Int32Array;
  /** The distances from the head of the records of one chunk. */
  readonly #found: Int32Array = new Int32Array(CHUNK_RECORDS + 1);

  /**
   * @param buffer The source's buffer, all rings with their metadata pages and spare memory. Only spare memory is written.
   * @param regions Where the rings stand in it.
   * @param samples What is in a sample: `raw` data alone, or the `whole` sample; see `PerfScanner`.
   * @param checkReadable Called in front of each reading; throws if the rings are not paused.
   */
  constructor(
    buffer: ArrayBufferLike,
    regions: readonly RingRegion[],
    samples: "raw" | "whole",
    checkReadable: () => void,
  ) {
    this.#regions = regions;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.#whole = samples === "whole";
    this.#checkReadable = checkReadable;
    this.#head = new Uint32Array(regions.length);
    this.#written = new Float64Array(regions.length);
    this.#unread = new Int32Array(regions.length);
    this.#begun = new Int32Array(regions.length);
    this.#sound = new Int32Array(regions.length);
    this.#toldLoss = new Float64Array(regions.length);
    this.#overwritten = new Float64Array(regions.length);
    this.#chunks = new Int32Array(regions.length);
    this.#marks = regions.map(({ bytes }) =>
      new Int32Array(Math.ceil(bytes / PERF_EVENT_HEADER.size / CHUNK_RECORDS))
    );
  }

  begin(ring: number): boolean {
    this.#checkReadable();
    const index = (this.#regions[ring]!.meta + data_head) >> 2;
    // Ordering: load-acquire of data_head before the records; pairs with the kernel's barrier between writing them and
    // storing data_head, kernel/events/ring_buffer.c perf_output_put_handle(). The ring is paused, so the words fit.
    const low = Atomics.load(this.#words, index);
    const high = Atomics.load(this.#words, index + 1);
    const written = (-low >>> 0) + (low === 0 ? -high >>> 0 : ~high >>> 0) * 2 ** 32;
    if (written !== this.#written[ring]!) this.#look(ring, low >>> 0, written);
    return this.#unread[ring]! > 0;
  }

  beginNext(first: number, end: number): number {
    return beginEach(this, first, end);
  }

  scan(ring: number, batch: RecordBatch): boolean {
    batch.clear();
    this.#checkReadable();
    const unread = this.#unread[ring]!;
    this.#begun[ring] = unread;
    if (unread === 0) return false;
    if (unread > this.#sound[ring]!) return this.#giveUp(ring, batch);
    const marks = this.#marks[ring]!;
    while (marks[this.#chunks[ring]! - 1]! >= unread) this.#chunks[ring]!--;
    const records = this.#find(ring, marks[this.#chunks[ring]! - 1]!, unread);
    if (records >= 0) return this.#fill(ring, batch, records);
    this.#sound[ring] = this.#found[0]!; // it changed under the reader
    return this.#giveUp(ring, batch);
  }

  /** Nothing is given back: the kernel overwrites without asking. */
  commit(): void {}

  /** Nothing is given back: the kernel overwrites without asking. */
  commitThrough(): void {}

  rewind(ring: number, batch: RecordBatch, index: number): void {
    this.#unread[ring] = index < 0 ? this.#begun[ring]! : -(batch.endOf(index) + this.#head[ring]!) | 0;
    if (batch.lost > 0) this.#toldLoss[ring] = 0;
  }

  position(ring: number): number {
    return -(this.#head[ring]! + this.#unread[ring]!) >>> 0;
  }

  /** True: nothing comes into a paused ring, so there is nothing to wait for. */
  isCrowded(): boolean {
    return true;
  }

  head(ring: number): number {
    return -this.#head[ring]! >>> 0;
  }

  /** The range counts bytes written, as all positions of this scanner. */
  scanned(ring: number): ScannedRange {
    const begun = this.#begun[ring]!;
    const distance = begun - this.#unread[ring]!;
    return { position: -(this.#head[ring]! + begun) >>> 0, distance, bytes: distance };
  }

  /** Copies the records in the order they are delivered in, as they would stand in a ring that is written forward. */
  copyScanned(ring: number, target: Uint8Array): void {
    const begun = this.#begun[ring]!;
    const unread = this.#unread[ring]!;
    const records = this.#find(ring, unread, begun);
    let offset = 0;
    let end = begun;
    for (let i = records - 1; i >= 0; i--) {
      // A record, or a LOST record with the one behind it.
      if (i > 0 && this.#isLost(ring, i - 1)) i--;
      const start = this.#found[i]!;
      offset = this.#copy(ring, start, end, target, offset);
      end = start;
    }
    if (records < 0) this.#copy(ring, unread, begun, target, 0);
  }

  /**
   * Bytes of records that were overwritten before they were read, counted by `begin`.
   *
   * @param ring The ring's index in its source.
   * @returns The count since the scanner was made.
   */
  overwrittenBytes(ring: number): number {
    return this.#overwritten[ring]!;
  }

  /** Walks and checks all that is new from the head on, and marks where each chunk begins. */
  #look(ring: number, head: number, written: number): void {
    const { bytes: ringBytes } = this.#regions[ring]!;
    const marks = this.#marks[ring]!;
    const fresh = written - this.#written[ring]! + this.#unread[ring]!;
    this.#head[ring] = head;
    this.#written[ring] = written;
    const isPossible = fresh >= 0 && (head & 7) === 0;
    const limit = isPossible ? Math.min(fresh, ringBytes) : ringBytes;
    let distance = 0;
    let chunks = 0;
    let records = CHUNK_RECORDS;
    let isBehindLost = false;
    let size = isPossible ? CUT : BAD;
    while (isPossible && distance < limit) {
      size = this.#sizeAt(ring, distance, limit);
      if (size <= 0) break;
      const isLost = this.#typeAt(ring, distance) === PERF_RECORD_LOST;
      if (records >= CHUNK_RECORDS && (!isBehindLost || isLost)) {
        marks[chunks++] = distance;
        records = 0;
      }
      records++;
      isBehindLost = isLost;
      distance += size;
    }
    // What is cut was overwritten, if more was written than the ring holds; else its size is a lie.
    const isCut = size === CUT && limit < fresh;
    const readable = size > 0 || isCut ? distance : limit;
    this.#chunks[ring] = chunks;
    this.#unread[ring] = readable;
    this.#sound[ring] = distance;
    this.#overwritten[ring] = this.#overwritten[ring]! + Math.max(fresh - readable, 0);
  }

  /** Gives up what is unread and not made of records, in a batch of its own. */
  #giveUp(ring: number, batch: RecordBatch): boolean {
    batch.corrupt = 1;
    batch.corruptBytes = this.#unread[ring]! - this.#sound[ring]!;
    this.#unread[ring] = this.#sound[ring]!;
    return true;
  }

  /** Finds the records in a range, `#found`: how many, or -1 if the range is not made of records; then #found[0] is where. */
  #find(ring: number, start: number, end: number): number {
    let records = 0;
    let distance = start;
    while (distance < end) {
      const size = this.#sizeAt(ring, distance, end);
      if (size <= 0 || records === this.#found.length) {
        this.#found[0] = distance;
        return -1;
      }
      this.#found[records++] = distance;
      distance += size;
    }
    return records;
  }

  /** Fills the batch from the end of the records that were found. */
  #fill(ring: number, batch: RecordBatch, records: number): boolean {
    const { offsets, sizes, categories, ends } = batch;
    const found = this.#found;
    const view = this.#view;
    const capacity = offsets.length;
    const start = this.#whole ? PERF_EVENT_HEADER.size : SAMPLE_RAW.data;
    let count = 0;
    let hasTold = false;
    let end = this.#unread[ring]!;
    for (let i = records - 1; i >= 0 && count < capacity; i--) {
      const distance = found[i]!;
      const type = this.#typeAt(ring, distance);
      const loss = type === PERF_RECORD_LOST ? i : i > 0 && this.#isLost(ring, i - 1) ? i - 1 : -1;
      if (loss >= 0 && !this.#isTold(ring, loss)) {
        // A loss is told in a batch of its own, between the records in front of it and those behind it. It is passed
        // where it stands, behind the record in front of which it is told.
        if (count > 0) break;
        batch.lost = this.#tellLoss(ring, loss);
        hasTold = true;
        break;
      }
      if (type === PERF_RECORD_SAMPLE) {
        const offset = this.#offsetAt(ring, distance);
        const size = this.#whole ? end - distance - start : view.getUint32(offset + SAMPLE_RAW.size, true);
        offsets[count] = offset + start;
        sizes[count] = size;
        categories[count] = this.#whole || size < 4 ? -1 : view.getInt32(offset + start, true);
        ends[count] = -(this.#head[ring]! + distance) | 0;
        count++;
      } else if (type !== PERF_RECORD_LOST) batch.skip(count);
      end = distance;
    }
    batch.count = count;
    const hasMoved = end !== this.#unread[ring]!;
    this.#unread[ring] = end;
    return hasMoved || hasTold;
  }

  /** The size of the record at a distance from the head, which is made contiguous; or BAD or CUT. */
  #sizeAt(ring: number, distance: number, limit: number): number {
    const { data, bytes: ringBytes } = this.#regions[ring]!;
    const offset = this.#offsetAt(ring, distance);
    const size = this.#view.getUint16(offset + PERF_EVENT_HEADER.offsets.size, true);
    if (((size - PERF_EVENT_HEADER.size) & BAD_SIZE_BITS) !== 0) return BAD;
    if (size > limit - distance) return CUT;
    const straddling = offset + size - (data + ringBytes);
    if (straddling > 0) this.#bytes.copyWithin(data + ringBytes, data, data + straddling);
    switch (this.#view.getUint32(offset, true)) {
      case PERF_RECORD_LOST:
        return size < LOST_RECORD.bytes ? BAD : size;
      case PERF_RECORD_SAMPLE:
        if (this.#whole) return size;
        return this.#view.getUint32(offset + SAMPLE_RAW.size, true) > size - SAMPLE_RAW.data ? BAD : size;
      default:
        return size;
    }
  }

  #typeAt(ring: number, distance: number): number {
    return this.#view.getUint32(this.#offsetAt(ring, distance), true);
  }

  #offsetAt(ring: number, distance: number): number {
    const { data, bytes: ringBytes } = this.#regions[ring]!;
    return data + ((this.#head[ring]! + distance) & (ringBytes - 1));
  }

  #isLost(ring: number, index: number): boolean {
    return this.#typeAt(ring, this.#found[index]!) === PERF_RECORD_LOST;
  }

  #isTold(ring: number, index: number): boolean {
    return this.#toldLoss[ring] === this.#written[ring]! - this.#found[index]!;
  }

  #tellLoss(ring: number, index: number): number {
    const distance = this.#found[index]!;
    this.#toldLoss[ring] = this.#written[ring]! - distance;
    const offset = this.#offsetAt(ring, distance) + LOST_RECORD.lost;
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
  }

  #copy(ring: number, start: number, end: number, target: Uint8Array, at: number): number {
    const { data, bytes: ringBytes } = this.#regions[ring]!;
    const offset = this.#offsetAt(ring, start);
    const bytes = end - start;
    const firstPart = Math.min(bytes, data + ringBytes - offset);
    target.set(this.#bytes.subarray(offset, offset + firstPart), at);
    target.set(this.#bytes.subarray(data, data + bytes - firstPart), at + firstPart);
    return at + bytes;
  }
}
