/**
 * What a scanner fills and the dispatch loop consumes: a list of records, by their places in the source's buffer.
 *
 * @module
 */

/** The columns of a batch: a word per record in each. */
export interface BatchColumns {
  /** As `RecordBatch.offsets`. */
  readonly offsets: Int32Array;
  /** As `RecordBatch.sizes`. */
  readonly sizes: Int32Array;
  /** As `RecordBatch.categories`. */
  readonly categories: Int32Array;
  /** As `RecordBatch.ends`. */
  readonly ends: Int32Array;
  /** How many records were skipped right in front of each record, and, one word more, behind the last. */
  readonly skips: Int32Array;
}

/** Records of one size, one behind the other, around the end of the ring too. */
export interface AlikeRecords {
  /** How many, at least 1. */
  readonly count: number;
  /** Bytes from one to the next, header and padding included. */
  readonly stride: number;
  /** The low word of the position of the first one. */
  readonly position: number;
  /** Bytes of each payload. */
  readonly size: number;
  /** Where the first one stands in the ring. */
  readonly at: number;
  /** Where the payload of a record at the ring's start begins in the buffer. */
  readonly start: number;
  /** What is left of a place in the ring: its size less 1, or twice that where it is mapped twice. */
  readonly mask: number;
}

/**
 * A reused list of records that lie in the source's buffer. Most often they are alike, of one size and one behind the other:
 * then one stride tells where all of them are. Otherwise columns list them. A scanner may keep the columns in memory of its
 * own.
 */
export class RecordBatch {
  /** The most records a batch holds: small enough that their bytes stay in the cache between scan and dispatch. */
  static readonly CAPACITY = 256;
  /** Where each payload begins, in bytes from the buffer's start; the category stands there. Of records that are listed. */
  offsets: Int32Array = new Int32Array(RecordBatch.CAPACITY);
  /** Bytes of each payload, as the ring says: never beyond its record, but with the ring's padding. Of those listed. */
  sizes: Int32Array = new Int32Array(RecordBatch.CAPACITY);
  /** The low word of the ring position behind each record. Of those listed. */
  ends: Int32Array = new Int32Array(RecordBatch.CAPACITY);
  /** The u32 at the start of each payload, as int32 bits; -1 where the payload is shorter than 4 bytes. Of all. */
  categories: Int32Array = new Int32Array(RecordBatch.CAPACITY);
  /** Bytes from one record to the next where all are alike; 0 where the columns list them. */
  stride = 0;
  /** Of records that are alike: what is left of a place in the ring. */
  mask = 0;
  /** Of records that are alike: where the payload of a record at the ring's start begins, in bytes from the buffer's start. */
  start = 0;
  /** Where the first one stands in the ring, the low word of its position, and bytes of each payload. */
  #at = 0;
  #position = 0;
  #size = 0;
  /** How many records the batch holds. */
  count = 0;
  /** Samples that the kernel reported lost at this place; then the batch holds no records. */
  lost = 0;
  /** Records of types that carry no payload for us, skipped in front of, between or behind this batch's records. */
  skipped = 0;
  /** How many of them stand right in front of each record, and at the end behind the last; all 0 while `skipped` is. */
  #skips: Int32Array = new Int32Array(RecordBatch.CAPACITY + 1);
  /** 1 if the content was unusable and all up to the head was given up; then the batch holds no records. Else 0. */
  corrupt = 0;
  /** The bytes given up so. */
  corruptBytes = 0;

  /** Empties the batch. */
  clear(): void {
    if (this.skipped > 0) this.#skips.fill(0);
    this.stride = 0;
    this.count = 0;
    this.lost = 0;
    this.skipped = 0;
    this.corrupt = 0;
    this.corruptBytes = 0;
  }

  /**
   * Where a payload begins.
   *
   * @param index The record.
   * @returns Bytes from the buffer's start.
   */
  offsetOf(index: number): number {
    if (this.stride === 0) return this.offsets[index]!;
    return this.start + ((this.#at + index * this.stride) & this.mask);
  }

  /**
   * How long a payload is.
   *
   * @param index The record.
   * @returns Bytes, the ring's padding included.
   */
  sizeOf(index: number): number {
    return this.stride === 0 ? this.sizes[index]! : this.#size;
  }

  /**
   * How long some payloads are together.
   *
   * @param first The first record.
   * @param end The one behind the last.
   * @returns Bytes, the ring's padding included.
   */
  bytesOf(first: number, end: number): number {
    if (this.stride !== 0) return (end - first) * this.#size;
    let bytes = 0;
    for (let i = first; i < end; i++) bytes += this.sizes[i]!;
    return bytes;
  }

  /**
   * Where a record ends.
   *
   * @param index The record.
   * @returns The low word of the ring position behind it, as int32 bits.
   */
  endOf(index: number): number {
    return this.stride === 0 ? this.ends[index]! : (this.#position + (index + 1) * this.stride) | 0;
  }

  /**
   * Holds records that are alike. Their categories are in their column already.
   *
   * @param alike Where they are.
   */
  hold({ count, stride, position, at, size, start, mask }: AlikeRecords): void {
    this.count = count;
    this.stride = stride;
    this.start = start;
    this.mask = mask;
    this.#at = at;
    this.#position = position;
    this.#size = size;
  }

  /** Lists the records in the columns, so that others can follow. */
  list(): void {
    for (let i = 0; i < this.count; i++) {
      this.offsets[i] = this.offsetOf(i);
      this.sizes[i] = this.#size;
      this.ends[i] = this.endOf(i);
    }
    this.stride = 0;
  }

  /**
   * Puts other columns into the place of the batch's own, for a scanner that fills them where they are.
   *
   * @param columns What the batch shows from now on.
   */
  adopt(columns: BatchColumns): void {
    this.offsets = columns.offsets;
    this.sizes = columns.sizes;
    this.categories = columns.categories;
    this.ends = columns.ends;
    this.#skips = columns.skips;
  }

  /**
   * Counts a record that is skipped.
   *
   * @param index How many records of the batch stand in front of it.
   */
  skip(index: number): void {
    this.skipped++;
    this.#skips[index]!++;
  }

  /**
   * How many records were skipped behind one of the batch.
   *
   * @param index The record; -1 for all that were skipped.
   * @returns The count.
   */
  skippedBehind(index: number): number {
    if (this.skipped === 0) return 0;
    let sum = 0;
    for (let i = index + 1; i <= this.count; i++) sum += this.#skips[i]!;
    return sum;
  }
}
