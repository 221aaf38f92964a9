/**
 * A BPF ring buffer in plain memory, and its producer by the rules of kernel/bpf/ringbuf.c: records are reserved, then
 * submitted or discarded in any order. Beside it an oracle that reads records back. Both are slow and share no code with the
 * scanner: positions are BigInts and the oracle fetches every byte on its own.
 */

import { layOutRingbufs, type RingbufRegion } from "../../../src/ring/ringbuf_geometry.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { Scanner } from "../../../src/ring/scanner.ts";
import { ringBuffer } from "./_scanners.ts";

/** <linux/bpf.h> */
export const BUSY = 0x80000000;
export const DISCARD = 0x40000000;
export const NO_WAKEUP = 1;
export const FORCE_WAKEUP = 2;

const PAGE = 4096;
const HEADER = 8;

/** What a byte holds that nobody wrote. */
export const UNTOUCHED = 0xa5;

/** One ring in plain memory. What is written into its data stands in both copies. Positions are u64, as in the kernel. */
export class FakeRingbuf {
  readonly buffer: ArrayBufferLike;
  readonly region: RingbufRegion;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  /**
   * @param buffer Where it lies, with others.
   * @param region Its place.
   * @param position Where it begins.
   * @param bufferBytes How much of the buffer is of the rings; all unless given.
   */
  constructor(
    buffer: ArrayBufferLike,
    region: RingbufRegion,
    position: bigint,
    bufferBytes = buffer.byteLength,
  ) {
    this.buffer = buffer;
    this.region = region;
    this.bytes = new Uint8Array(buffer, 0, bufferBytes);
    this.view = new DataView(buffer);
    this.bytes.fill(UNTOUCHED, region.data, region.data + 2 * region.bytes);
    this.consumer = position;
    this.producer = position;
  }

  get consumer(): bigint {
    return this.view.getBigUint64(this.region.consumer, true);
  }

  set consumer(position: bigint) {
    this.view.setBigUint64(this.region.consumer, position, true);
  }

  get producer(): bigint {
    return this.view.getBigUint64(this.region.producer, true);
  }

  set producer(position: bigint) {
    this.view.setBigUint64(this.region.producer, position, true);
  }

  /** The byte at a position. */
  at(position: bigint): number {
    return this.bytes[this.region.data + this.#index(position)]!;
  }

  /** Puts bytes at a position, into both copies. */
  write(position: bigint, bytes: Iterable<number>): void {
    const { data, bytes: ringBytes } = this.region;
    for (const byte of bytes) {
      const index = data + this.#index(position++);
      this.bytes[index] = this.bytes[index + ringBytes] = byte;
    }
  }

  /** The u32 at a position. */
  word(position: bigint): number {
    return Number(this.#number(position, 4n));
  }

  /** Puts a u32 at a position. */
  setWord(position: bigint, word: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, word, true);
    this.write(position, bytes);
  }

  /** The bytes from a position on, one after the other. */
  slice(position: bigint, length: bigint): number[] {
    const found: number[] = [];
    for (let i = 0n; i < length; i++) found.push(this.at(position + i));
    return found;
  }

  #number(position: bigint, bytes: bigint): bigint {
    let value = 0n;
    for (let i = bytes - 1n; i >= 0n; i--) value = value * 256n + BigInt(this.at(position + i));
    return value;
  }

  #index(position: bigint): number {
    return Number(BigInt.asUintN(64, position) % BigInt(this.region.bytes));
  }
}

/** Makes rings of these sizes in one buffer, each at its position. */
export function fakeRingbufs(
  ...rings: readonly { readonly bytes: number; readonly position?: bigint }[]
): FakeRingbuf[] {
  const { regions, bufferBytes } = layOutRingbufs(rings.map(({ bytes }) => bytes), PAGE);
  const buffer = ringBuffer(bufferBytes, rings.length);
  return rings.map(({ position = 0n }, ring) =>
    new FakeRingbuf(buffer, regions[ring]!, position, bufferBytes)
  );
}

/** Makes one ring. */
export function fakeRingbuf(bytes: number, position = 0n): FakeRingbuf {
  return fakeRingbufs({ bytes, position })[0]!;
}

/** The producers of one ring: programs on all CPUs, one at a time, as under the kernel's lock. */
export class RingbufWriter {
  readonly #ring: FakeRingbuf;
  /** `rb->pending_pos`: no record in front of it is busy. */
  #pending: bigint;

  constructor(ring: FakeRingbuf) {
    this.#ring = ring;
    this.#pending = ring.producer;
  }

  /**
   * Takes a record's place: `bpf_ringbuf_reserve`.
   *
   * @param length Bytes of its data.
   * @returns The record's position, or null if there is no room.
   */
  reserve(length: number): bigint | null {
    const ring = this.#ring;
    const mask = BigInt(ring.region.bytes - 1);
    const step = steps(length);
    if (step > mask + 1n) return null;
    const position = ring.producer;
    const next = BigInt.asUintN(64, position + step);
    while (this.#pending !== position) {
      const word = ring.word(this.#pending);
      if (word >= BUSY) break;
      this.#pending = BigInt.asUintN(64, this.#pending + steps(word & ~DISCARD));
    }
    if (BigInt.asUintN(64, next - ring.consumer) > mask) return null;
    if (BigInt.asUintN(64, next - this.#pending) > mask) return null;
    ring.setWord(position, length + BUSY);
    ring.setWord(position + 4n, 3); // pg_off, which only the kernel understands
    ring.producer = next;
    return position;
  }

  /** Writes into a reserved record. */
  fill(record: bigint, data: Uint8Array): void {
    this.#ring.write(record + BigInt(HEADER), data);
  }

  /**
   * Commits a record: `bpf_ringbuf_submit`.
   *
   * @returns Whether the reader is notified.
   */
  submit(record: bigint, flags = 0): boolean {
    return this.#commit(record, 0, flags);
  }

  /** Takes a record back: `bpf_ringbuf_discard`. */
  discard(record: bigint, flags = 0): boolean {
    return this.#commit(record, DISCARD, flags);
  }

  /**
   * Reserves, fills and submits: `bpf_ringbuf_output`.
   *
   * @returns Whether the reader is notified, or null if there is no room.
   */
  output(data: Uint8Array, flags = 0): boolean | null {
    const record = this.reserve(data.length);
    if (record === null) return null;
    this.fill(record, data);
    return this.submit(record, flags);
  }

  #commit(record: bigint, bit: number, flags: number): boolean {
    const ring = this.#ring;
    const word = ring.word(record);
    if (word < BUSY) throw new Error(`the record at ${record} is committed already`);
    ring.setWord(record, word - BUSY + bit);
    if ((flags & FORCE_WAKEUP) !== 0) return true;
    const mask = BigInt(ring.region.bytes - 1);
    return (ring.consumer & mask) === (record & mask) && (flags & NO_WAKEUP) === 0;
  }
}

/** How far a record of this length moves a position. */
export function steps(length: number): bigint {
  return BigInt(Math.ceil((HEADER + length) / 8) * 8);
}

/** Data whose bytes all differ from their neighbours and from another seed's. */
export function data(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7 + 1) & 0xff);
}

/** What a ring says, in order. */
export type Told = { data: number[] } | { skipped: number } | { corruptBytes: bigint };

/** Reads all records between the positions, one byte after the other, up to one that is busy. */
export function oracle(ring: FakeRingbuf): Told[] {
  const told: Told[] = [];
  const ringBytes = BigInt(ring.region.bytes);
  let position = ring.consumer;
  let unread = BigInt.asUintN(64, ring.producer - position);
  if (unread > ringBytes) return [{ corruptBytes: ringBytes }];
  if (unread > 0n && position % 8n !== 0n) return [{ corruptBytes: unread }];
  while (unread > 0n) {
    const word = ring.word(position);
    const length = word % DISCARD;
    if (steps(length) > unread) return [...told, { corruptBytes: unread }];
    if (word >= BUSY) return told;
    if (word >= DISCARD) {
      const last = told.at(-1);
      if (last !== undefined && "skipped" in last) last.skipped++;
      else told.push({ skipped: 1 });
    } else {
      told.push({ data: ring.slice(position + BigInt(HEADER), BigInt(length)) });
    }
    position += steps(length);
    unread -= steps(length);
  }
  return told;
}

/** All that a reader hears of: everything but skipped records. */
export function heard(told: readonly Told[]): Told[] {
  return told.filter((each) => !("skipped" in each));
}

/** How many records were skipped. */
export function skipped(told: readonly Told[]): number {
  return told.reduce((sum, each) => sum + ("skipped" in each ? each.skipped : 0), 0);
}

/** What one batch of a scanner of whole records says. Records that were skipped stand in their places. */
export function tell(ring: FakeRingbuf, batch: RecordBatch): Told[] {
  if (batch.lost > 0) throw new Error("a BPF ring buffer has no records of losses");
  if (batch.count > 0 && batch.corrupt > 0) throw new Error("corruption stands in one batch with records");
  const told: Told[] = [];
  let skips = batch.skippedBehind(-1);
  for (let i = 0; i < batch.count; i++) {
    const behind = batch.skippedBehind(i);
    if (skips > behind) told.push({ skipped: skips - behind });
    skips = behind;
    const offset = batch.offsetOf(i);
    told.push({ data: [...ring.bytes.subarray(offset, offset + batch.sizeOf(i))] });
  }
  if (skips > 0) told.push({ skipped: skips });
  if (batch.corrupt > 0) told.push({ corruptBytes: BigInt(batch.corruptBytes) });
  return told;
}

/** One pass over a ring, committing after each batch. Throws if it does not end. */
export function pass(scanner: Scanner, ring: FakeRingbuf, index = 0): Told[] {
  const told: Told[] = [];
  const batch = new RecordBatch();
  if (!scanner.begin(index)) return told;
  // Each batch but the last moves over 8 bytes at least.
  for (let step = ring.region.bytes / 8 + 2; scanner.scan(index, batch); step--) {
    if (step === 0) throw new Error("the scanner does not come to an end");
    told.push(...tell(ring, batch));
    scanner.commit(index);
  }
  return told;
}
