/**
 * Exact records in plain memory, for the tests of scanners and writers: a ring with its metadata page and spare
 * memory, records put byte by byte at any position, and an oracle that reads them back. The oracle is slow and shares no
 * code with the scanner: positions are BigInts and every byte is fetched on its own.
 */

import { layOutRings, type RingRegion } from "../../../src/ring/geometry.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { Scanner } from "../../../src/ring/scanner.ts";
import { ringBuffer } from "./_scanners.ts";

/** <linux/perf_event.h>: the record types and where the positions stand. */
export const SAMPLE = 9;
export const LOST = 2;
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

const PAGE = 4096;

/** What a byte holds that nobody wrote. */
export const UNTOUCHED = 0xa5;

/** One ring in plain memory. Positions are u64, as in the kernel. */
export class FakeRing {
  readonly buffer: ArrayBufferLike;
  readonly region: RingRegion;
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
    region: RingRegion,
    position: bigint,
    bufferBytes = buffer.byteLength,
  ) {
    this.buffer = buffer;
    this.region = region;
    this.bytes = new Uint8Array(buffer, 0, bufferBytes);
    this.view = new DataView(buffer);
    this.bytes.fill(UNTOUCHED, region.data, region.data + region.bytes);
    this.head = position;
    this.view.setBigUint64(region.meta + DATA_TAIL, position, true);
  }

  get head(): bigint {
    return this.view.getBigUint64(this.region.meta + DATA_HEAD, true);
  }

  set head(position: bigint) {
    this.view.setBigUint64(this.region.meta + DATA_HEAD, position, true);
  }

  get tail(): bigint {
    return this.view.getBigUint64(this.region.meta + DATA_TAIL, true);
  }

  /** The byte at a position, wherever in the ring that is. */
  at(position: bigint): number {
    return this.bytes[this.#index(position)]!;
  }

  /** Puts bytes at a position; they wrap as they must. */
  write(position: bigint, bytes: Iterable<number>): void {
    for (const byte of bytes) this.bytes[this.#index(position++)] = byte;
  }

  /** Appends bytes and moves the head behind them. */
  append(bytes: Uint8Array): void {
    this.write(this.head, bytes);
    this.head += BigInt(bytes.length);
  }

  #index(position: bigint): number {
    return this.region.data + Number(position % BigInt(this.region.bytes));
  }
}

/** Makes rings of one size in one buffer, each at its position. */
export function fakeRings(ringBytes: number, ...positions: bigint[]): FakeRing[] {
  const { regions, bufferBytes } = layOutRings(positions.length, ringBytes, PAGE);
  const buffer = ringBuffer(bufferBytes, positions.length);
  return positions.map((position, ring) => new FakeRing(buffer, regions[ring]!, position, bufferBytes));
}

/** Makes one ring. */
export function fakeRing(ringBytes: number, position = 0n): FakeRing {
  return fakeRings(ringBytes, position)[0]!;
}

/** A record of any type: the header says `size`, which unless given is its real length. */
export function record(type: number, body: Uint8Array, size = 8 + body.length, misc = 1): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint16(4, misc, true);
  view.setUint16(6, size, true);
  bytes.set(body, 8);
  return bytes;
}

/** A sample as the kernel writes it: padded to 8 bytes, and the raw size counts the padding. */
export function sample(payload: Uint8Array, rawSize?: number): Uint8Array {
  const body = new Uint8Array(((12 + payload.length + 7) & ~7) - 8);
  new DataView(body.buffer).setUint32(0, rawSize ?? body.length - 4, true);
  body.set(payload, 4);
  return record(SAMPLE, body);
}

/** A LOST record, 24 bytes. */
export function lost(count: number | bigint, id = 0n): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setBigUint64(0, id, true);
  view.setBigUint64(8, BigInt(count), true);
  return record(LOST, body, 24, 0);
}

/** A payload whose bytes all differ from their neighbours and from another seed's. */
export function payload(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7 + 1) & 0xff);
}

/** What a ring says, in order. */
export type Told =
  | { sample: number[] }
  | { lost: bigint }
  | { skipped: number }
  | { corruptBytes: bigint };

/** Reads all records between tail and head, one byte after the other. */
export function oracle(ring: FakeRing, tail: bigint = ring.tail, head: bigint = ring.head): Told[] {
  const told: Told[] = [];
  const ringBytes = BigInt(ring.region.bytes);
  const number = (position: bigint, bytes: bigint): bigint => {
    let value = 0n;
    for (let i = bytes - 1n; i >= 0n; i--) value = value * 256n + BigInt(ring.at(position + i));
    return value;
  };
  let position = tail;
  let unread = BigInt.asUintN(64, head - tail);
  const giveUp = (): Told[] => [...told, { corruptBytes: unread < ringBytes ? unread : ringBytes }];
  if (unread > ringBytes) return giveUp();
  while (unread > 0n) {
    const type = number(position, 4n);
    const size = number(position + 6n, 2n);
    if (size < 8n || size % 8n !== 0n || size > unread) return giveUp();
    if (type === BigInt(SAMPLE)) {
      const rawSize = number(position + 8n, 4n);
      if (rawSize > size - 12n) return giveUp();
      const bytes: number[] = [];
      for (let i = 0n; i < rawSize; i++) bytes.push(ring.at(position + 12n + i));
      told.push({ sample: bytes });
    } else if (type === BigInt(LOST)) {
      if (size < 24n) return giveUp();
      told.push({ lost: number(position + 16n, 8n) });
    } else {
      const last = told.at(-1);
      if (last !== undefined && "skipped" in last) last.skipped++;
      else told.push({ skipped: 1 });
    }
    position += size;
    unread -= size;
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

/** What one batch says. Records that were skipped stand in front, since a batch counts them only. */
export function tell(ring: FakeRing, batch: RecordBatch): Told[] {
  if (batch.count > 0 && (batch.lost > 0 || batch.corrupt > 0)) {
    throw new Error("a loss or corruption stands in one batch with records");
  }
  const told: Told[] = [];
  if (batch.skipped > 0) told.push({ skipped: batch.skipped });
  for (let i = 0; i < batch.count; i++) {
    const offset = batch.offsetOf(i);
    told.push({ sample: [...ring.bytes.subarray(offset, offset + batch.sizeOf(i))] });
  }
  if (batch.lost > 0) told.push({ lost: BigInt(batch.lost) });
  if (batch.corrupt > 0) told.push({ corruptBytes: BigInt(batch.corruptBytes) });
  return told;
}

/** One pass over a ring, committing after each batch. Throws if it does not end. */
export function pass(scanner: Scanner, ring: FakeRing, index = 0): Told[] {
  const told: Told[] = [];
  const batch = new RecordBatch();
  if (!scanner.begin(index)) return told;
  // Each batch but the last is full or moves over 8 bytes at least.
  for (let step = ring.region.bytes / 8 + 2; scanner.scan(index, batch); step--) {
    if (step === 0) throw new Error("the scanner does not come to an end");
    told.push(...tell(ring, batch));
    scanner.commit(index);
  }
  return told;
}
