/**
 * A BPF ring buffer under test: its producers, which keep to the kernel's rules or break them, and the oracle, which reads
 * the ring byte by byte. The rules are those of kernel/bpf/ringbuf.c; nothing here is shared with the code under test.
 *
 * @module
 */

import type { RingbufRegion } from "../../src/ring/ringbuf_geometry.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import { GuardedMemory, MARGIN_BYTES, NOWHERE, type Range } from "./memory.ts";
import type { Reading, TestedRing, U64 } from "./tested_ring.ts";

/** In a length word: the record is reserved and not committed yet. */
export const BUSY = 0x80000000;

/** In a length word: the program took the record back. */
export const DISCARD = 0x40000000;

const HEADER_BYTES = 8;

/** `struct event` begins with its size, which is no part of the payload. */
const LEAD_BYTES = 4;

/** The pages of the two positions, as far as anyone reads them. */
const PAGE_BYTES = 64;

/** What may stand in a ring that nobody has written yet: nothing, all bits, and records. */
const STALE: readonly Uint8Array[] = [
  new Uint8Array(8),
  new Uint8Array(8).fill(0xff),
  new Uint8Array(Uint32Array.of(8, 3, 16, 0xc0ffee).buffer),
  new Uint8Array(Uint32Array.of(DISCARD + 4, 3, 0, 7).buffer),
];

/** How many kinds of stale content there are. */
export const STALE_KINDS: number = STALE.length;

/** The ring. */
export class RingbufRing implements TestedRing {
  readonly memory: GuardedMemory;
  /** For the scanner. */
  readonly region: RingbufRegion;
  readonly data: Range;
  /** The second copy of the data; no scan writes. */
  readonly continued: Range;
  readonly writable: Range = NOWHERE;
  readonly tail: Range;
  readonly #mask: number;
  readonly #producer: U64 = { low: 0, high: 0 };
  #leadBytes = 0;
  /** Where records were written, the last ones; how many in all. */
  readonly #records = new Uint32Array(16);
  #written = 0;

  /** @param ringBytes The size of its data, a power of two. */
  constructor(ringBytes: number) {
    this.memory = new GuardedMemory(2 * PAGE_BYTES + 2 * ringBytes);
    const consumer = MARGIN_BYTES;
    const data = consumer + 2 * PAGE_BYTES;
    this.region = { consumer, producer: consumer + PAGE_BYTES, data, bytes: ringBytes };
    this.data = { start: data, end: data + ringBytes };
    this.continued = { start: data + ringBytes, end: data + 2 * ringBytes };
    this.tail = { start: consumer, end: consumer + 8 };
    this.#mask = ringBytes - 1;
  }

  /**
   * Empties the ring.
   *
   * @param position Where producer and consumer are.
   * @param stale Which kind of content it had before.
   * @param hasLead Whether events begin with their size.
   */
  reset(position: U64, stale: number, hasLead: boolean): void {
    this.memory.reset(STALE[stale % STALE_KINDS]!);
    this.memory.view.setUint32(this.tail.start, position.low, true);
    this.memory.view.setUint32(this.tail.start + 4, position.high, true);
    this.#producer.low = position.low;
    this.#producer.high = position.high;
    this.#storeProducer();
    this.#leadBytes = hasLead ? LEAD_BYTES : 0;
    this.#records.fill(position.low);
    this.#written = 0;
  }

  /**
   * Whether the kernel would find room: `new_prod_pos - cons_pos > rb->mask` has none.
   *
   * @param length Bytes of the record's data.
   * @returns False if it could not be reserved.
   */
  hasRoom(length: number): boolean {
    const consumer = this.memory.view.getUint32(this.tail.start, true);
    return ((this.#producer.low - consumer) >>> 0) + steps(length) <= this.#mask;
  }

  /**
   * Writes a record, over whatever is unread, and moves the producer's position.
   *
   * @param word Its length word.
   * @param bytes How far the position moves.
   */
  record(word: number, bytes: number): void {
    const at = this.#producer.low;
    this.#records[this.#written++ % this.#records.length] = at;
    this.#putWord(at, word);
    this.#putWord(at + 4, 3); // pg_off, which only the kernel understands
    for (let i = 8; i < bytes; i++) this.#putByte(at + i, this.#written * 31 + i * 7 + 1);
    this.moveProducer(bytes, 0);
  }

  /**
   * Changes the length word of one of the last records: bits of it are taken away, and others put there.
   *
   * @param at Chooses the record, from the last one on.
   * @param keep The bits that stay.
   * @param put The bits that come.
   */
  spoil(at: number, keep: number, put: number): void {
    const count = Math.max(1, Math.min(this.#written, this.#records.length));
    const index = this.#written + this.#records.length - 1 - Math.abs(at) % count;
    const record = this.#records[index % this.#records.length]!;
    this.#putWord(record, this.#word(record) & keep | put);
  }

  /**
   * Changes four bytes anywhere in the ring.
   *
   * @param at Where, from the consumer's position on.
   * @param value What to put there.
   */
  scribble(at: number, value: number): void {
    this.#putWord(this.memory.view.getUint32(this.tail.start, true) + at, value);
  }

  /**
   * Moves the producer's position, where to ever.
   *
   * @param by How far; back if it is negative.
   * @param high How far its upper word.
   */
  moveProducer(by: number, high: number): void {
    const low = this.#producer.low + by;
    this.#producer.low = low >>> 0;
    this.#producer.high = (this.#producer.high + high + Math.floor(low / 2 ** 32)) >>> 0;
    this.#storeProducer();
  }

  /** Moves the producer's position to a multiple of 8, further than the ring is long. */
  leap(): void {
    this.moveProducer((-this.#producer.low & 7) + 8 * (this.#mask + 1), 0);
  }

  loadHead(position: number, tail: Readonly<U64>): number | null {
    const scanned = { low: position, high: (tail.high + (position < tail.low ? 1 : 0)) >>> 0 };
    const { low, high } = this.#producer;
    const isNear = ((low - position) >>> 0) <= this.#mask + 1;
    return isNear && ((high - scanned.high - (low < position ? 1 : 0)) >>> 0) === 0 ? low : null;
  }

  hasUnread(position: number, head: number | null): boolean {
    return head !== position;
  }

  read(from: number, head: number | null, tail: U64, reading: Reading): void {
    const ringBytes = this.#mask + 1;
    reading.clear(from);
    reading.hasCategories = this.#leadBytes > 0;
    const unread = ((head ?? from - 1) - from) >>> 0;
    if (unread > ringBytes) {
      const { low, high } = this.#producer;
      tail.low = (low - 8) >>> 0;
      tail.high = (high - (low < 8 ? 1 : 0)) >>> 0;
      return reading.giveUp(low, ringBytes);
    }
    if (unread > 0 && from % 8 !== 0) return reading.giveUp(head!, unread);
    for (let walked = 0; walked < unread && reading.count < RecordBatch.CAPACITY;) {
      const at = (from & this.#mask) + walked;
      const word = this.#word(at);
      const length = word % DISCARD;
      const bytes = steps(length);
      if (bytes > unread - walked) return reading.giveUp(head!, unread - walked);
      if (word >= BUSY) return;
      if (word >= DISCARD) reading.skip(bytes);
      else if (length < this.#leadBytes) reading.add(at + HEADER_BYTES, 0, bytes);
      else reading.add(at + HEADER_BYTES + this.#leadBytes, length - this.#leadBytes, bytes);
      walked += bytes;
    }
  }

  #storeProducer(): void {
    this.memory.view.setUint32(this.region.producer, this.#producer.low, true);
    this.memory.view.setUint32(this.region.producer + 4, this.#producer.high, true);
  }

  #putWord(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#putByte(at + i, value >>> 8 * i);
  }

  /** Both copies are the same memory. */
  #putByte(at: number, value: number): void {
    const index = at & this.#mask;
    this.memory.bytes[this.data.start + index] = this.memory.bytes[this.continued.start + index] = value;
  }

  #word(at: number): number {
    let word = 0;
    for (let i = 3; i >= 0; i--) {
      word = word * 256 + this.memory.bytes[this.data.start + (at + i & this.#mask)]!;
    }
    return word;
  }
}

/**
 * How far a record moves the position.
 *
 * @param length Bytes of its data.
 * @returns A multiple of 8.
 */
export function steps(length: number): number {
  return Math.ceil((HEADER_BYTES + length) / 8) * 8;
}
