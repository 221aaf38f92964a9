/**
 * A ring that is written backward, as the kernel writes one whose event has `write_backward` set and whose mapping is read
 * only: each output stands in front of the one before it, and a full ring overwrites its oldest. The writer keeps a log of
 * what it output, and tells from that log what a reading must find; it shares no code with the scanner.
 */

import { BackwardScanner } from "../../../src/ring/backward_scanner.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { type FakeRing, fakeRings, LOST, lost, SAMPLE, type Told } from "./_records.ts";

/** A record that was output. */
interface Logged {
  /** How many bytes had been written behind it, at higher positions, since the ring was made. */
  readonly behind: bigint;
  readonly record: Uint8Array;
}

/** Writes into one ring. */
export class BackwardWriter {
  readonly ring: FakeRing;
  /** All bytes ever written: the head with its sign turned. */
  written: bigint;
  /** What was output since the log was cleared, in the order of time. */
  #log: Logged[] = [];
  #clearedAt: bigint;
  /** Outputs refused since the last LOST record. */
  #refused = 0n;

  /**
   * @param ring The ring.
   * @param written How many bytes it has carried already.
   */
  constructor(ring: FakeRing, written: bigint) {
    this.ring = ring;
    this.written = this.#clearedAt = written;
    this.#moveHead(0n);
  }

  /** Outputs a record; if outputs were refused before, with a LOST record in front, in the same reservation. */
  output(record: Uint8Array): void {
    const before = this.written;
    const losses = this.#refused > 0n ? [lost(this.#refused)] : [];
    this.#refused = 0n;
    for (const loss of losses) this.#log.push({ behind: before + BigInt(record.length), record: loss });
    this.#log.push({ behind: before, record });
    const records = [...losses, record];
    this.#moveHead(records.reduce((sum, { length }) => sum + BigInt(length), 0n));
    let position = this.ring.head;
    for (const each of records) {
      this.ring.write(position, each);
      position += BigInt(each.length);
    }
  }

  /** Refuses outputs, as a paused ring does. */
  refuse(count: number): void {
    this.#refused += BigInt(count);
  }

  /** What a reading of all since the log was cleared must tell, and how much it finds overwritten. */
  expected(): { told: Told[]; overwrittenBytes: number } {
    const oldest = this.written - BigInt(this.ring.region.bytes);
    const whole = this.#log.filter(({ behind }) => behind >= oldest);
    const bytes = whole.reduce((sum, { record }) => sum + record.length, 0);
    return {
      told: whole.map(({ record }) => tellRecord(record)),
      overwrittenBytes: Number(this.written - this.#clearedAt) - bytes,
    };
  }

  /** Forgets what was output until now. */
  clearLog(): void {
    this.#log = [];
    this.#clearedAt = this.written;
  }

  #moveHead(bytes: bigint): void {
    this.written += bytes;
    this.ring.head = BigInt.asUintN(64, -this.written);
  }
}

/** What a record says; of a sample, its raw data. */
function tellRecord(record: Uint8Array): Told {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  switch (view.getUint32(0, true)) {
    case SAMPLE:
      return { sample: [...record.subarray(12, 12 + view.getUint32(8, true))] };
    case LOST:
      return { lost: view.getBigUint64(16, true) };
    default:
      return { skipped: 1 };
  }
}

/** Rings with their writers and their scanner. */
export interface BackwardBench {
  readonly rings: readonly FakeRing[];
  readonly writers: readonly BackwardWriter[];
  readonly scanner: BackwardScanner;
}

/**
 * Makes rings and a scanner that has given up what they carried before.
 *
 * @param ringBytes The size of each ring.
 * @param written How many bytes each ring has carried already.
 * @param samples What is in a sample.
 */
export function backwardBench(
  ringBytes: number,
  written: readonly bigint[] = [0n],
  samples: "raw" | "whole" = "raw",
): BackwardBench {
  const rings = fakeRings(ringBytes, ...written);
  const writers = rings.map((ring, index) => new BackwardWriter(ring, written[index]!));
  const scanner = new BackwardScanner(rings[0]!.buffer, rings.map(({ region }) => region), samples, () => {});
  const batch = new RecordBatch();
  rings.forEach((_, index) => {
    scanner.begin(index);
    while (scanner.scan(index, batch));
  });
  return { rings, writers, scanner };
}

/**
 * Reads a ring from its head on, one byte after the other, and tells it oldest first. Slow, and knows nothing of how the
 * scanner does it.
 *
 * @param ring The ring.
 * @param unread How many bytes were written since the last reading.
 */
export function backwardOracle(ring: FakeRing, unread: number): Told[] {
  const number = (distance: number, bytes: number): number => {
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + ring.at(ring.head + BigInt(distance + i));
    return value;
  };
  const limit = Math.min(unread, ring.region.bytes);
  /** Outputs from the newest on, each a list of what it tells. */
  const outputs: Told[][] = [];
  let isBehindLost = false;
  let distance = 0;
  let corruptBytes = 0;
  while (distance < limit) {
    const type = number(distance, 4);
    const size = number(distance + 6, 2);
    const isSize = size >= 8 && size % 8 === 0;
    if (isSize && size > limit - distance && limit < unread) break;
    const isRecord = isSize && size <= limit - distance && !(type === LOST && size < 24) &&
      !(type === SAMPLE && (size < 12 || number(distance + 8, 4) > size - 12));
    if (!isRecord) {
      corruptBytes = limit - distance;
      break;
    }
    const told: Told = type === SAMPLE
      ? { sample: Array.from({ length: number(distance + 8, 4) }, (_, i) => number(distance + 12 + i, 1)) }
      : type === LOST
      ? { lost: BigInt(number(distance + 16, 4)) + BigInt(number(distance + 20, 4)) * 2n ** 32n }
      : { skipped: 1 };
    if (isBehindLost && type !== LOST) outputs.at(-1)!.push(told);
    else outputs.push([told]);
    isBehindLost = type === LOST;
    distance += size;
  }
  const corrupt: Told[] = corruptBytes > 0 ? [{ corruptBytes: BigInt(corruptBytes) }] : [];
  return [...corrupt, ...outputs.reverse().flat()];
}
