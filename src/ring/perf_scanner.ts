/**
 * The scanner for perf rings, in TypeScript: walks the records between tail and head, checks every length against
 * what contains it, and fills a batch. It works on any buffer, the kernel's or a plain one. The protocol is that of
 * kernel/events/ring_buffer.c; the record formats stand in <linux/perf_event.h>.
 *
 * Positions in a ring are free-running u64 bytes. Their low words are enough here: a ring has at most 2^30 bytes, so
 * the distance from tail to head fits in 32 bits, and offsets into the ring are taken modulo its size.
 *
 * @module
 */

import { LOST_RECORD, PERF, PERF_EVENT_HEADER, PERF_EVENT_MMAP_PAGE, SAMPLE_RAW } from "../abi/perf_event.ts";
import type { RingRegion } from "./geometry.ts";
import type { RecordBatch } from "./record_batch.ts";
import { copyRange, type ScannedRange, type Scanner } from "./scanner.ts";

const { PERF_RECORD_LOST, PERF_RECORD_SAMPLE } = PERF;
const { data_head, data_tail } = PERF_EVENT_MMAP_PAGE.offsets;

/** `header.size - 8` of a valid record has none of these bits: at least 8, a multiple of 8, a u16. */
const BAD_SIZE_BITS = 0xffff0007;

/** Constants of this module: V8 would load members of an object for each record. */
const RAW_SIZE_AT = SAMPLE_RAW.size;
const RAW_DATA_AT = SAMPLE_RAW.data;

/** A category is a u32. */
const CATEGORY_BYTES = 4;

/** What the header of a record of 65,536 bytes holds behind its type: the misc of a kernel record, and a size of 0. */
const VANISHED_SIZE_WORD = PERF.PERF_RECORD_MISC_KERNEL;

/** The raw size of a record of 65,536 bytes, whose header says 0. */
const VANISHED_RAW_BYTES = 65536 - SAMPLE_RAW.data;

/** Scans the perf rings of one buffer. */
export class PerfScanner implements Scanner {
  readonly #regions: readonly RingRegion[];
  /** Where the low word of each ring's data_head stands in the words. */
  readonly #headWords: Int32Array;
  /** Where each ring's data begins in the words, and what takes a position into it: all rings have one size. */
  readonly #dataWords: Int32Array;
  readonly #mask: number;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Low words of the position scanned to, of the head of this pass, and both words of the stored tail. */
  readonly #position: Uint32Array;
  readonly #head: Uint32Array;
  readonly #tail: Uint32Array;
  readonly #tailHigh: Uint32Array;

  /** Low word of the head at which a record that vanished was counted; NaN for none. */
  readonly #vanishedAt: Float64Array;
  /** Low word of the position where the last scan began. */
  readonly #begun: Uint32Array;
  /** Whether a sample is delivered from its body on, with all it carries, or from its raw data on. */
  readonly #whole: boolean;

  /**
   * @param buffer The source's buffer, all rings with their metadata pages and spare memory.
   * @param regions Where the rings stand in it.
   * @param samples What is in a sample: `raw`, PERF_SAMPLE_RAW alone, and the payload is the raw data; or `whole`, other
   * fields too, and the payload is all behind the header, for the handler to take apart.
   */
  constructor(buffer: ArrayBufferLike, regions: readonly RingRegion[], samples: "raw" | "whole" = "raw") {
    this.#whole = samples === "whole";
    this.#regions = regions;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.#headWords = Int32Array.from(regions, ({ meta }) => (meta + data_head) >> 2);
    this.#dataWords = Int32Array.from(regions, ({ data }) => data >> 2);
    this.#mask = (regions[0]?.bytes ?? 1) - 1;
    this.#position = new Uint32Array(regions.length);
    this.#head = new Uint32Array(regions.length);
    this.#begun = new Uint32Array(regions.length);
    this.#vanishedAt = new Float64Array(regions.length).fill(NaN);
    this.#tail = new Uint32Array(regions.length);
    this.#tailHigh = new Uint32Array(regions.length);
    regions.forEach(({ meta }, ring) => {
      // The tail is written by the reader only, so a plain load will do.
      const low = this.#view.getUint32(meta + data_tail, true);
      this.#position[ring] =
        this.#begun[ring] =
        this.#tail[ring] =
        this.#head[ring] =
          low;
      this.#tailHigh[ring] = this.#view.getUint32(meta + data_tail + 4, true);
    });
  }

  begin(ring: number): boolean {
    // Ordering: load-acquire of data_head before the records; pairs with the kernel's barrier between writing them and
    // storing data_head, kernel/events/ring_buffer.c perf_output_put_handle(), (B) and (C) of its table. Atomics.load
    // is sequentially consistent, which is stronger. Half of a u64 is loaded: see the head of this file.
    const head = Atomics.load(this.#words, this.#headWords[ring]!) >>> 0;
    this.#head[ring] = head;
    return head !== this.#position[ring]! || this.#hasVanished(ring);
  }

  /** As {@linkcode beginEach}, in a loop that calls nothing while rings are idle: of 256 rings one may be active. */
  beginNext(first: number, end: number): number {
    const words = this.#words;
    const headWords = this.#headWords;
    const dataWords = this.#dataWords;
    const positions = this.#position;
    const mask = this.#mask;
    for (let ring = first; ring < end; ring++) {
      const position = positions[ring]!;
      // Ordering: none is needed to find an idle ring; begin() loads the head again.
      if ((words[headWords[ring]!]! ^ position) === 0) {
        const word = dataWords[ring]! + ((position & mask) >>> 2);
        const mayHaveVanished = words[word] === PERF_RECORD_SAMPLE && words[word + 1] === VANISHED_SIZE_WORD;
        if (!mayHaveVanished) continue;
      }
      if (this.begin(ring)) return ring;
    }
    return end;
  }

  scan(ring: number, batch: RecordBatch): boolean {
    batch.clear();
    const { data, bytes: ringBytes } = this.#regions[ring]!;
    const view = this.#view;
    const head = this.#head[ring]!;
    const end = data + ringBytes;
    const capacity = batch.offsets.length;
    let position = this.#position[ring]!;
    let healthy = true;

    segment: while (batch.count < capacity) {
      const unread = (head - position) >>> 0;
      if (unread === 0) break;
      // Records are multiples of 8, and so are the positions between them.
      if (unread > ringBytes || (position & 7) !== 0) {
        healthy = false;
        break;
      }
      if (batch.count === 0 && !this.#whole) {
        position = this.#scanAlike(batch, this.#regions[ring]!, position, unread);
        if (batch.count === capacity || position === head) break;
        batch.list();
      }
      let offset = data + (position & (ringBytes - 1));
      /** What added to an offset gives the low word of the position there, in this segment. */
      const toPosition = (position - offset) | 0;
      let limit = Math.min(offset + ((head - position) >>> 0), end);
      for (;;) {
        offset = this.#scanSamples(batch, offset, limit, toPosition);
        position = (offset + toPosition) >>> 0;
        if (offset >= limit || batch.count === capacity) break;

        const size = view.getUint16(offset + 6, true);
        const left = (head - position) >>> 0;
        const firstPart = end - offset;
        const passesLimit = offset + size > limit;
        const straddles = passesLimit && limit === end && size > firstPart && size <= left;
        if (((size - 8) & BAD_SIZE_BITS) !== 0 || passesLimit !== straddles) {
          healthy = false;
          break segment;
        }
        if (straddles) {
          // Once per lap: copy the part at the start of the ring behind the part at its end, and go on there.
          this.#bytes.copyWithin(end, data, data + size - firstPart);
          limit = offset + size;
          continue;
        }
        const type = view.getUint32(offset, true);
        const isShort = type === PERF_RECORD_LOST && size < LOST_RECORD.bytes;
        if (type === PERF_RECORD_SAMPLE || isShort) { // a sample that was not taken lies about its raw size
          healthy = false;
          break segment;
        }
        if (type === PERF_RECORD_LOST) {
          // A loss is told in a batch of its own, between the records in front of it and those behind it.
          if (batch.count > 0) break segment;
          batch.lost = view.getUint32(offset + LOST_RECORD.lost, true) +
            view.getUint32(offset + LOST_RECORD.lost + 4, true) * 2 ** 32;
          position = (position + size) >>> 0;
          break segment;
        }
        batch.skip(batch.count);
        offset += size;
        position = (offset + toPosition) >>> 0;
      }
    }
    const { count } = batch;
    const begun = this.#position[ring]!;
    this.#begun[ring] = begun;
    if (begun === head && this.#hasVanished(ring)) {
      batch.corrupt = 1;
      this.#vanishedAt[ring] = head;
      return true;
    }
    // Unusable content is given up in a batch of its own, after the good records in front of it were delivered.
    if (!healthy && count === 0) {
      batch.corrupt = 1;
      batch.corruptBytes = Math.min((head - position) >>> 0, ringBytes);
      position = head;
    }
    this.#position[ring] = position;
    return position !== begun;
  }

  /**
   * Takes samples that are like the first one, header and size of the raw data, so that all that differs is the category. It
   * is as fast as it is because there is so little in it.
   *
   * @param batch Empty; holds the samples then.
   * @param region The ring.
   * @param position The low word of the position of the first record.
   * @param unread Bytes from there to the head, at most as many as the ring has.
   * @returns The low word of the position behind the last of them; `position` if there was none.
   */
  #scanAlike(batch: RecordBatch, { data, bytes }: RingRegion, position: number, unread: number): number {
    const view = this.#view;
    const { categories } = batch;
    const mask = bytes - 1;
    const end = data + bytes;
    let offset = data + (position & mask);
    const sizeWord = view.getInt32(offset + 4, true); // u16 misc, u16 size
    const rawBytes = view.getInt32(offset + RAW_SIZE_AT, true);
    const size = sizeWord >>> 16;
    const isValid = ((size - 8) & BAD_SIZE_BITS) === 0 && rawBytes >= CATEGORY_BYTES &&
      rawBytes <= size - RAW_DATA_AT;
    if (!isValid) return position;
    const most = Math.min(categories.length, Math.floor(unread / size));
    let count = 0;
    for (;;) {
      const last = Math.min(end, offset + (most - count) * size) - size;
      while (offset <= last) {
        if (view.getInt32(offset + 4, true) !== sizeWord) break;
        if (view.getInt32(offset, true) !== PERF_RECORD_SAMPLE) break;
        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;
        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);
        count = (count + 1) | 0;
        offset = (offset + size) | 0;
      }
      if (offset <= last || count === most) break;
      // The next one begins at the ring's start, or straddles its end: as in scan().
      if (offset < end) {
        if (view.getInt32(offset + 4, true) !== sizeWord) break;
        const firstPart = end - offset;
        this.#bytes.copyWithin(end, data, data + size - firstPart);
        if (view.getInt32(offset, true) !== PERF_RECORD_SAMPLE) break;
        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;
        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);
        count++;
        offset += size;
      }
      offset -= bytes;
    }
    if (count === 0) return position;
    const start = data + RAW_DATA_AT;
    batch.hold({ count, stride: size, position, at: position & mask, size: rawBytes, start, mask });
    return (position + count * size) >>> 0;
  }

  /**
   * Takes samples up to the first record that is none, straddles the end of the ring, or lies about its size. It calls
   * nothing, so that V8 checks the arrays once for all records.
   *
   * @param batch Filled on from its count.
   * @param first The offset of the first record.
   * @param limit Records up to here are contiguous.
   * @param toPosition What added to an offset gives the low word of the position there.
   * @returns The offset behind the last sample.
   */
  #scanSamples(batch: RecordBatch, first: number, limit: number, toPosition: number): number {
    const view = this.#view;
    const whole = this.#whole;
    const { offsets, sizes, categories, ends } = batch;
    const capacity = offsets.length;
    let offset = first;
    let count = batch.count;
    // The size word that was validated last, and the size in it: most records are of one size, and then the next
    // record's place does not wait for this one's size to arrive. It begins with a valid pair, misc 0 and size 8.
    let seen = 8 << 16;
    let size = 8;
    while (offset < limit && count < capacity) {
      const sizeWord = view.getInt32(offset + 4, true); // u16 misc, u16 size
      if (sizeWord !== seen) {
        const candidate = sizeWord >>> 16;
        if (((candidate - 8) & BAD_SIZE_BITS) !== 0) break;
        seen = sizeWord;
        size = candidate;
      }
      // One comparison finds both the record that straddles the end of the ring and the one whose size is a lie.
      const next = offset + size;
      if (next > limit || view.getInt32(offset, true) !== PERF_RECORD_SAMPLE) break;
      if (whole === true) {
        offsets[count] = offset + PERF_EVENT_HEADER.size;
        sizes[count] = size - PERF_EVENT_HEADER.size;
        categories[count] = -1;
      } else {
        const rawBytes = view.getInt32(offset + RAW_SIZE_AT, true) >>> 0;
        if (rawBytes > size - RAW_DATA_AT) break;
        offsets[count] = offset + RAW_DATA_AT;
        sizes[count] = rawBytes;
        categories[count] = rawBytes >= 4 ? view.getInt32(offset + RAW_DATA_AT, true) : -1;
      }
      ends[count] = next + toPosition;
      count++;
      offset = next;
    }
    batch.count = count;
    return offset;
  }

  scanned(ring: number): ScannedRange {
    const position = this.#begun[ring]!;
    const distance = (this.#position[ring]! - position) >>> 0;
    return { position, distance, bytes: Math.min(distance, this.#regions[ring]!.bytes) };
  }

  copyScanned(ring: number, target: Uint8Array): void {
    copyRange(this.#bytes, this.#regions[ring]!, this.scanned(ring), target);
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

  /**
   * Whether a record stands at the head that the kernel has written and then forgotten: its size needs 17 bits, the header
   * keeps 16 of them, which are 0, and so the head did not move (payloads of 65,517 to 65,524 bytes). The next record
   * overwrites it, so it is seen only as long as none comes; and in rings below 64 KiB it has overwritten itself.
   */
  #hasVanished(ring: number): boolean {
    const { data, bytes } = this.#regions[ring]!;
    const head = this.#head[ring]!;
    const offset = data + (head & (bytes - 1));
    return (head & 7) === 0 && this.#words[offset >> 2] === PERF_RECORD_SAMPLE &&
      this.#words[(offset >> 2) + 1] === VANISHED_SIZE_WORD &&
      this.#words[(data + ((head + SAMPLE_RAW.size) & (bytes - 1))) >> 2] === VANISHED_RAW_BYTES &&
      this.#vanishedAt[ring] !== head;
  }

  #storeTail(ring: number, position: number): void {
    const tail = this.#tail[ring]!;
    if (position === tail) return;
    const index = (this.#regions[ring]!.meta + data_tail) >> 2;
    if (position < tail) {
      this.#tailHigh[ring] = this.#tailHigh[ring]! + 1;
      Atomics.store(this.#words, index + 1, this.#tailHigh[ring]!);
    }
    // Ordering: the records' loads before the store-release of data_tail; pairs with the kernel's load of data_tail
    // before it overwrites them, (D) and (A) of the same table. The two words are stored one after the other: the
    // kernel's space check uses data_tail modulo the ring's size only (__perf_output_begin(), CIRC_SPACE).
    Atomics.store(this.#words, index, position | 0);
    this.#tail[ring] = position;
  }
}
