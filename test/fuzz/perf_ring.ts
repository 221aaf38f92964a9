/**
 * A perf ring under test: its producer, which keeps to the kernel's rules or breaks them, and the oracle, which reads the
 * ring byte by byte. Record formats stand in <linux/perf_event.h>; they are written and read here without the code under test.
 *
 * @module
 */

import { type RingRegion, SPARE_BYTES } from "../../src/ring/geometry.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import { GuardedMemory, MARGIN_BYTES, type Range } from "./memory.ts";
import type { Reading, TestedRing, U64 } from "./tested_ring.ts";

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

/** The metadata page, as far as anyone reads it. */
const META_BYTES = 1152;

/** The raw size of a sample of 65536 bytes, which does not fit into the u16 of its header. */
const VANISHED_RAW_BYTES = 65536 - 12;

/** What may stand in a ring that nobody has written yet: nothing, all bits, and records. */
const STALE: readonly Uint8Array[] = [
  new Uint8Array(8),
  new Uint8Array(8).fill(0xff),
  new Uint8Array(Uint32Array.of(PERF_RECORD_SAMPLE, 16 << 16 | 1, 4, 0xc0ffee).buffer),
  new Uint8Array(Uint32Array.of(PERF_RECORD_LOST, 24 << 16, 1, 0, 7, 0).buffer),
];

/** How many kinds of stale content there are. */
export const STALE_KINDS: number = STALE.length;

/** The ring. */
export class PerfRing implements TestedRing {
  readonly memory: GuardedMemory;
  /** For the scanner. */
  readonly region: RingRegion;
  readonly data: Range;
  /** Spare memory. */
  readonly continued: Range;
  readonly writable: Range;
  readonly tail: Range;
  readonly #mask: number;
  readonly #head: U64 = { low: 0, high: 0 };
  #isWhole = false;
  /** The head at which a record that vanished was told; null for none. */
  #vanishedAt: number | null = null;
  /** Where records were written, the last ones; how many in all. */
  readonly #records = new Uint32Array(16);
  #written = 0;

  /** @param ringBytes The size of its data, a power of two. */
  constructor(ringBytes: number) {
    // A second part is shorter than its record, and a record not longer than the ring: more is never needed.
    const spareBytes = Math.min(ringBytes, SPARE_BYTES);
    this.memory = new GuardedMemory(META_BYTES + ringBytes + spareBytes);
    const meta = MARGIN_BYTES;
    const data = meta + META_BYTES;
    this.region = { meta, data, bytes: ringBytes };
    this.data = { start: data, end: data + ringBytes };
    this.continued = this.writable = { start: data + ringBytes, end: data + ringBytes + spareBytes };
    this.tail = { start: meta + DATA_TAIL, end: meta + DATA_TAIL + 8 };
    this.#mask = ringBytes - 1;
  }

  /**
   * Empties the ring.
   *
   * @param position Where head and tail are.
   * @param stale Which kind of content it had before.
   * @param isWhole Whether samples are delivered from their body on.
   */
  reset(position: U64, stale: number, isWhole: boolean): void {
    this.memory.reset(STALE[stale % STALE_KINDS]!);
    this.memory.view.setUint32(this.tail.start, position.low, true);
    this.memory.view.setUint32(this.tail.start + 4, position.high, true);
    this.#head.low = position.low;
    this.#head.high = position.high;
    this.#storeHead();
    this.#isWhole = isWhole;
    this.#vanishedAt = null;
    this.#records.fill(position.low);
    this.#written = 0;
  }

  /**
   * Whether the kernel would find room: CIRC_SPACE of <linux/circ_buf.h>.
   *
   * @param bytes The size of the record.
   * @returns False if the event would be lost.
   */
  hasRoom(bytes: number): boolean {
    const tail = this.memory.view.getUint32(this.tail.start, true);
    return ((tail - this.#head.low - 1) & this.#mask) >= bytes;
  }

  /**
   * Writes a sample with a body of raw data; see `record`.
   *
   * @param payloadBytes Bytes of the raw data, without the padding.
   */
  sample(payloadBytes: number): void {
    const bytes = (12 + payloadBytes + 7) & ~7;
    this.record(PERF_RECORD_SAMPLE, bytes, bytes, bytes - 12);
  }

  /**
   * Writes a record of a loss.
   *
   * @param low The lower word of the count.
   * @param high The upper one.
   */
  lost(low: number, high: number): void {
    const at = this.#head.low;
    this.record(PERF_RECORD_LOST, 24, 24, 0);
    this.#putWord(at + 16, low);
    this.#putWord(at + 20, high);
  }

  /**
   * Writes a record, over whatever is unread, and moves the head.
   *
   * @param type Its type.
   * @param size What its header says.
   * @param bytes How long it really is.
   * @param raw The word behind the header.
   */
  record(type: number, size: number, bytes: number, raw: number): void {
    const at = this.#head.low;
    this.#putHeader(at, type, size);
    this.#putWord(at + 8, raw);
    this.#putPattern(at + 12, bytes - 12);
    this.moveHead(bytes, 0);
  }

  /**
   * Writes a sample that is longer than a header can say, as the kernel does: `header.size` and the way of the head are the
   * low 16 bits of its length, and all of it is written.
   *
   * @param payloadBytes Bytes of the raw data.
   */
  oversize(payloadBytes: number): void {
    const bytes = (12 + payloadBytes + 7) & ~7;
    const at = this.#head.low;
    this.#putHeader(at, PERF_RECORD_SAMPLE, bytes & 0xffff);
    this.#putWord(at + 8, bytes - 12);
    this.#putPattern(at + 12, Math.min(payloadBytes, this.#mask + 1));
    this.moveHead(bytes & 0xffff, 0);
  }

  /**
   * Changes a field of one of the last records.
   *
   * @param at Chooses the record, from the last one on.
   * @param field The field.
   * @param value What to put there.
   */
  spoil(at: number, field: "type" | "size" | "raw", value: number): void {
    const count = Math.max(1, Math.min(this.#written, this.#records.length));
    const index = this.#written + this.#records.length - 1 - Math.abs(at) % count;
    const record = this.#records[index % this.#records.length]!;
    if (field === "size") {
      this.#putByte(record + 6, value);
      this.#putByte(record + 7, value >> 8);
    } else {
      this.#putWord(record + (field === "type" ? 0 : 8), value);
    }
  }

  /**
   * Changes four bytes anywhere in the ring.
   *
   * @param at Where, from the tail on.
   * @param value What to put there.
   */
  scribble(at: number, value: number): void {
    this.#putWord(this.memory.view.getUint32(this.tail.start, true) + at, value);
  }

  /**
   * Moves the head, where to ever.
   *
   * @param by How far; back if it is negative.
   * @param high How far its upper word.
   */
  moveHead(by: number, high: number): void {
    const low = this.#head.low + by;
    this.#head.low = low >>> 0;
    this.#head.high = (this.#head.high + high + Math.floor(low / 2 ** 32)) >>> 0;
    this.#storeHead();
  }

  /** Moves the head to the next multiple of 8, as the kernel's is. */
  alignHead(): void {
    this.moveHead(-this.#head.low & 7, 0);
  }

  loadHead(): number {
    return this.#head.low;
  }

  hasUnread(position: number, head: number): boolean {
    return head !== position || this.#hasVanished(head);
  }

  read(from: number, head: number, _tail: U64, reading: Reading): void {
    const ringBytes = this.#mask + 1;
    const unread = (head - from) >>> 0;
    reading.clear(from);
    reading.hasCategories = !this.#isWhole;
    if (unread > ringBytes) return reading.giveUp(head, ringBytes);
    // The kernel keeps positions at multiples of 8, so that no header straddles the end of the ring.
    if (unread > 0 && from % 8 !== 0) return reading.giveUp(head, unread);
    for (let walked = 0; walked < unread && reading.count < RecordBatch.CAPACITY;) {
      const at = (from + walked) & this.#mask;
      const type = this.#word(at);
      const size = this.#word(at + 4) >>> 16;
      const raw = this.#word(at + 8);
      const isSample = type === PERF_RECORD_SAMPLE;
      const isSound = size >= 8 && size % 8 === 0 && size <= unread - walked &&
        (type !== PERF_RECORD_LOST || size >= 24) &&
        (!isSample || this.#isWhole || raw <= size - 12);
      if (type === PERF_RECORD_LOST && reading.count > 0) return;
      if (!isSound) return reading.giveUp(head, unread - walked);
      if (type === PERF_RECORD_LOST) {
        reading.lost = this.#word(at + 16) + this.#word(at + 20) * 2 ** 32;
        return reading.move(size);
      }
      if (!isSample) reading.skip(size);
      else if (this.#isWhole) reading.add(at + 8, size - 8, size);
      else reading.add(at + 12, raw, size);
      walked += size;
    }
    if (!reading.moves && this.#hasVanished(head)) {
      reading.giveUp(head, 0);
      this.#vanishedAt = head;
    }
  }

  /** Whether a sample of 65536 bytes stands at the head: its header says 0, so the head did not move. It is told once. */
  #hasVanished(head: number): boolean {
    const at = head & this.#mask;
    return head % 8 === 0 && head !== this.#vanishedAt && this.#word(at) === PERF_RECORD_SAMPLE &&
      this.#word(at + 4) === 1 &&
      this.#word(at + 8) === VANISHED_RAW_BYTES;
  }

  #storeHead(): void {
    this.memory.view.setUint32(this.region.meta + DATA_HEAD, this.#head.low, true);
    this.memory.view.setUint32(this.region.meta + DATA_HEAD + 4, this.#head.high, true);
  }

  #putHeader(at: number, type: number, size: number): void {
    this.#records[this.#written++ % this.#records.length] = at;
    this.#putWord(at, type);
    this.#putWord(at + 4, size << 16 | 1);
  }

  /** Bytes that differ from their neighbours and from those of the record in front. */
  #putPattern(at: number, bytes: number): void {
    for (let i = 0; i < bytes; i++) this.#putByte(at + i, this.#written * 31 + i * 7 + 1);
  }

  #putWord(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#putByte(at + i, value >>> 8 * i);
  }

  #putByte(at: number, value: number): void {
    this.memory.bytes[this.data.start + (at & this.#mask)] = value;
  }

  #word(at: number): number {
    let word = 0;
    for (let i = 3; i >= 0; i--) {
      word = word * 256 + this.memory.bytes[this.data.start + (at + i & this.#mask)]!;
    }
    return word;
  }
}
