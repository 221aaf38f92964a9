/**
 * The scanner for BPF ring buffers, in TypeScript: walks the records between the consumer's and the producer's position,
 * checks every length against what contains it, and fills a batch. It works on any buffer, the kernel's or a plain one. The
 * protocol is that of kernel/bpf/ringbuf.c; the bits of a record's header stand in <linux/bpf.h>.
 *
 * All CPUs write into one ring. A record's place is taken when it is reserved, and it may be committed after those behind
 * it: a reserved record ends the walk, and it and all behind it come in a later pass.
 *
 * Positions are free-running u64 bytes. Their low words are enough for the walk: a ring has at most 2^29 bytes. The kernel
 * compares whole positions, so the consumer's is stored whole, and a producer's whose high word does not fit is corrupt.
 *
 * @module
 */

import { RINGBUF } from "../abi/ringbuf.ts";
import { EVENT_SIZE_BYTES, type RingbufRegion } from "./ringbuf_geometry.ts";
import type { RecordBatch } from "./record_batch.ts";
import { beginEach, type DispatchBy, type ScannedRange, type Scanner } from "./scanner.ts";

const { BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ } = RINGBUF;

/** What is left of a length word without its two bits. */
const LENGTH_BITS = 0x3fffffff;

/** A category is a u32. */
const CATEGORY_BYTES = 4;

/** Further in front of a position than any ring is long. */
const TOO_FAR = 2 ** 31;

/** The words of a u64. */
const LOW = 0;
const HIGH = 1;

/** Scans the BPF ring buffers of one buffer. */
export class RingbufScanner implements Scanner {
  readonly #regions: readonly RingbufRegion[];
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #longs: BigInt64Array;
  /** What stands in front of a record's payload, behind its header. */
  readonly #leadBytes: number;
  /** Low words of the position scanned to, of where the last scan began, of the producer's position in this pass. */
  readonly #position: Uint32Array;
  readonly #begun: Uint32Array;
  readonly #head: Uint32Array;
  /** Both words of the stored consumer position. */
  readonly #tail: Uint32Array;
  readonly #tailHigh: Uint32Array;
  /** The high word that stands in the ring. */
  readonly #storedHigh: Uint32Array;
  /** Memory of our own, for barriers. */
  readonly #fence: Int32Array = new Int32Array(1);
  /** A position, and the same taken apart into its words. */
  readonly #long = new BigInt64Array(1);
  readonly #longWords: Uint32Array = new Uint32Array(this.#long.buffer);

  /**
   * @param buffer The source's buffer, all rings with their pages and the second copies of their data.
   * @param regions Where the rings stand in it.
   * @param dispatchBy Whether a payload begins with a category, behind the leading size of `struct event`; or, by `all`,
   * is a record's data as the program wrote it.
   */
  constructor(
    buffer: ArrayBufferLike,
    regions: readonly RingbufRegion[],
    dispatchBy: DispatchBy = "category",
  ) {
    this.#regions = regions;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.#longs = new BigInt64Array(buffer, 0, buffer.byteLength >> 3);
    this.#leadBytes = dispatchBy === "all" ? 0 : EVENT_SIZE_BYTES;
    this.#position = new Uint32Array(regions.length);
    this.#begun = new Uint32Array(regions.length);
    this.#head = new Uint32Array(regions.length);
    this.#tail = new Uint32Array(regions.length);
    this.#tailHigh = new Uint32Array(regions.length);
    this.#storedHigh = new Uint32Array(regions.length);
    // The ring may have been read before: its reader goes on where the last one stood.
    regions.forEach(({ consumer }, ring) => {
      this.#loadLong(consumer);
      const low = this.#longWords[LOW]!;
      this.#position[ring] =
        this.#begun[ring] =
        this.#head[ring] =
        this.#tail[ring] =
          low;
      this.#tailHigh[ring] = this.#storedHigh[ring] = this.#longWords[HIGH]!;
    });
  }

  begin(ring: number): boolean {
    const { producer } = this.#regions[ring]!;
    // Ordering: load-acquire of producer_pos before the length words of the records in front of it; pairs with the
    // smp_store_release() in kernel/bpf/ringbuf.c __bpf_ringbuf_reserve(), which has marked them busy by then. The high word
    // is loaded behind the low one and may be that of a later position: where they do not fit, the whole is loaded.
    const head = Atomics.load(this.#words, producer >> 2) >>> 0;
    const high = this.#words[(producer >> 2) + 1]!;
    const tail = this.#tail[ring]!;
    const expected = this.#tailHigh[ring]! + (head < tail ? 1 : 0);
    this.#head[ring] = (high ^ expected) === 0 ? head : this.#loadHead(ring);
    return this.#head[ring] !== this.#position[ring];
  }

  beginNext(first: number, end: number): number {
    return beginEach(this, first, end);
  }

  scan(ring: number, batch: RecordBatch): boolean {
    batch.clear();
    const { data, bytes: ringBytes } = this.#regions[ring]!;
    const words = this.#words;
    const capacity = batch.offsets.length;
    const begun = this.#position[ring]!;
    const unread = (this.#head[ring]! - begun) >>> 0;
    this.#begun[ring] = begun;
    if (unread === 0) return false;
    if (unread > ringBytes) return this.#giveUp(ring, batch);

    const start = data + (begun & (ringBytes - 1));
    const limit = start + unread;
    /** What added to an offset gives the low word of the position there. */
    const toPosition = (begun - start) | 0;
    let offset = start;
    // The kernel keeps positions at multiples of 8.
    let healthy = (begun & 7) === 0;
    while (healthy) {
      if (batch.count === 0) {
        offset = this.#scanAlike(batch, offset, limit, (offset + toPosition) >>> 0, this.#regions[ring]!);
        if (batch.count === capacity || offset >= limit) break;
        batch.list();
      }
      offset = this.#scanRecords(batch, offset, limit, toPosition);
      if (offset >= limit || batch.count === capacity) break;
      const word = words[offset >> 2]!;
      const next = offset + ((BPF_RINGBUF_HDR_SZ + (word & LENGTH_BITS) + 7) & ~7);
      // A busy record has its length already.
      healthy = next <= limit;
      if (!healthy || word < 0) break; // BPF_RINGBUF_BUSY_BIT
      if ((word & BPF_RINGBUF_DISCARD_BIT) !== 0) {
        batch.skip(batch.count);
      } else { // too short for what begins a record; or it was busy when it was met, and has been committed since
        const { count } = batch;
        const leadBytes = word < this.#leadBytes ? 0 : this.#leadBytes;
        batch.offsets[count] = offset + BPF_RINGBUF_HDR_SZ + leadBytes;
        batch.sizes[count] = leadBytes < this.#leadBytes ? 0 : word - leadBytes;
        batch.ends[count] = next + toPosition;
        batch.count++;
      }
      offset = next;
    }

    // Ordering: the length words before the records' data, which pairs with the xchg() in bpf_ringbuf_commit(). An acquire of
    // each would do too, but Atomics.load is a call, several times as dear as all the rest of the walk. So the words are
    // loaded plainly, and one store-release with one load-acquire behind them keep what was loaded before in front of what
    // is loaded from here on, here and in the handlers.
    Atomics.store(this.#fence, 0, 0);
    Atomics.load(this.#fence, 0);
    this.#readCategories(batch);

    let position = (offset + toPosition) >>> 0;
    // Unusable content is given up in a batch of its own, after the good records in front of it were delivered.
    if (!healthy && batch.count === 0) {
      batch.corrupt = 1;
      batch.corruptBytes = limit - offset;
      position = this.#head[ring]!;
    }
    this.#position[ring] = position;
    return position !== begun;
  }

  /**
   * Takes records of the length of the first one. It is as fast as it is because there is so little in it.
   *
   * @param batch Empty; holds the records then.
   * @param first The offset of the first record.
   * @param limit Where the unread bytes end.
   * @param position The low word of the first one's position.
   * @param region The ring.
   * @returns The offset behind the last of them; `first` if `#scanRecords` would not take the first either.
   */
  #scanAlike(
    batch: RecordBatch,
    first: number,
    limit: number,
    position: number,
    { data, bytes }: RingbufRegion,
  ): number {
    const words = this.#words;
    const word = words[first >> 2]!;
    const size = word - this.#leadBytes;
    if ((size >>> 0) > LENGTH_BITS) return first;
    const stride = (BPF_RINGBUF_HDR_SZ + word + 7) & ~7;
    const last = (Math.min(limit, first + batch.categories.length * stride) - stride) >> 2;
    const step = stride >> 2;
    let at = first >> 2;
    while (at <= last && words[at] === word) at = (at + step) | 0;
    const offset = at << 2;
    const count = (offset - first) / stride;
    if (count > 0) {
      const start = data + BPF_RINGBUF_HDR_SZ + this.#leadBytes;
      // Around the end of the ring its second copy goes on.
      batch.hold({ count, stride, position, at: first - data, size, start, mask: 2 * bytes - 1 });
    }
    return offset;
  }

  /**
   * Takes records up to the first that is busy or discarded, too short for what begins a record, or lies about its length. It
   * calls nothing, so that V8 checks the arrays once for all records.
   *
   * @param batch Filled on from its count.
   * @param first The offset of the first record.
   * @param limit Where the unread bytes end.
   * @param toPosition What added to an offset gives the low word of the position there.
   * @returns The offset behind the last record.
   */
  #scanRecords(batch: RecordBatch, first: number, limit: number, toPosition: number): number {
    const words = this.#words;
    const leadBytes = this.#leadBytes;
    const { offsets, sizes, ends } = batch;
    const capacity = offsets.length;
    let offset = first;
    let count = batch.count;
    while (offset < limit && count < capacity) {
      const word = words[offset >> 2]!;
      const size = word - leadBytes;
      const next = offset + ((BPF_RINGBUF_HDR_SZ + word + 7) & ~7);
      // One comparison finds what is too short and either bit: taken without a sign, all these are longer than any ring.
      if ((size >>> 0) > LENGTH_BITS || next > limit) break;
      offsets[count] = offset + BPF_RINGBUF_HDR_SZ + leadBytes;
      sizes[count] = size;
      ends[count] = next + toPosition;
      count++;
      offset = next;
    }
    batch.count = count;
    return offset;
  }

  /** Reads what begins each event of a batch. */
  #readCategories(batch: RecordBatch): void {
    const words = this.#words;
    const { offsets, sizes, categories, count, stride } = batch;
    if (this.#leadBytes === 0) {
      categories.fill(-1, 0, count);
    } else if (stride === 0) {
      for (let i = 0; i < count; i++) {
        categories[i] = sizes[i]! >= CATEGORY_BYTES ? words[offsets[i]! >> 2]! : -1;
      }
    } else if (batch.sizeOf(0) < CATEGORY_BYTES) {
      categories.fill(-1, 0, count);
    } else {
      let at = batch.offsetOf(0) >> 2;
      for (let i = 0; i < count; i++) {
        categories[i] = words[at]!;
        at += stride >> 2;
      }
    }
  }

  commit(ring: number): void {
    this.#storeTail(ring, this.#position[ring]!);
  }

  commitThrough(ring: number, batch: RecordBatch, index: number): void {
    this.#storeTail(ring, batch.endOf(index) >>> 0);
  }

  rewind(ring: number, batch: RecordBatch, index: number): void {
    this.#position[ring] = index < 0 ? this.#begun[ring]! : batch.endOf(index);
  }

  position(ring: number): number {
    return this.#position[ring]!;
  }

  isCrowded(ring: number): boolean {
    return ((this.#head[ring]! - this.#position[ring]!) >>> 0) > this.#regions[ring]!.bytes / 2;
  }

  head(ring: number): number {
    return this.#head[ring]!;
  }

  scanned(ring: number): ScannedRange {
    const position = this.#begun[ring]!;
    const distance = (this.#position[ring]! - position) >>> 0;
    return { position, distance, bytes: Math.min(distance, this.#regions[ring]!.bytes) };
  }

  copyScanned(ring: number, target: Uint8Array): void {
    const { data, bytes: ringBytes } = this.#regions[ring]!;
    const { position, bytes } = this.scanned(ring);
    const start = data + (position & (ringBytes - 1));
    target.set(this.#bytes.subarray(start, start + bytes));
  }

  /** The producer's position, loaded whole: its low word, or one that is too far where that is what the whole is. */
  #loadHead(ring: number): number {
    const { producer, bytes } = this.#regions[ring]!;
    this.#loadLong(producer);
    const head = this.#long[0]!;
    const low = this.#longWords[LOW]!;
    this.#longWords[LOW] = this.#tail[ring]!;
    this.#longWords[HIGH] = this.#tailHigh[ring]!;
    const distance = BigInt.asUintN(64, head - this.#long[0]!);
    return distance <= BigInt(bytes) ? low : (this.#position[ring]! + TOO_FAR) >>> 0;
  }

  /** Goes to the producer's position where that is further than the ring is long: nobody knows what was overwritten. */
  #giveUp(ring: number, batch: RecordBatch): boolean {
    const { producer, bytes } = this.#regions[ring]!;
    this.#loadLong(producer);
    const low = this.#longWords[LOW]!;
    const high = this.#longWords[HIGH]!;
    batch.corrupt = 1;
    batch.corruptBytes = bytes;
    this.#position[ring] = this.#head[ring] = low;
    // As if the stored position were right in front, so that the next one is stored with the right high word.
    this.#tail[ring] = low - 8;
    this.#tailHigh[ring] = low < 8 ? high - 1 : high;
    return true;
  }

  /** Loads a position into `#long`. */
  #loadLong(page: number): void {
    this.#long[0] = Atomics.load(this.#longs, page >> 3);
  }

  #storeTail(ring: number, position: number): void {
    const tail = this.#tail[ring]!;
    if (position === tail) return;
    if (position < tail) this.#tailHigh[ring] = this.#tailHigh[ring]! + 1;
    this.#tail[ring] = position;
    const { consumer } = this.#regions[ring]!;
    // Ordering: the records' loads before the store of consumer_pos, in one piece; pairs with the smp_load_acquire() in
    // __bpf_ringbuf_reserve(), which compares whole positions. And the store before the look at producer_pos that the next
    // wait begins with (ringbuf_map_poll_kern()), for which a store-release would not do; pairs with the xchg() in front
    // of the load in bpf_ringbuf_commit(), which wakes the reader only if it stands at the committed record. While the high
    // word stays the same, the low one alone is a store in one piece; the whole is a BigInt, which is allocated.
    if (this.#tailHigh[ring] === this.#storedHigh[ring]) {
      Atomics.store(this.#words, consumer >> 2, position | 0);
      return;
    }
    this.#storedHigh[ring] = this.#tailHigh[ring]!;
    this.#longWords[LOW] = position;
    this.#longWords[HIGH] = this.#tailHigh[ring]!;
    Atomics.store(this.#longs, consumer >> 3, this.#long[0]!);
  }
}
