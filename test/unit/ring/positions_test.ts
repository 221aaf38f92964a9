/**
 * Tests of rings that have carried more bytes than 32, 53 or 63 bits count, and of those whose positions pass 2^64: what is
 * in them is told as in a new one, and both positions stay whole.
 */

import { assertEquals } from "@std/assert";
import { layOutRings, SPARE_BYTES } from "../../../src/ring/geometry.ts";
import { PerfWriter } from "../../../src/ring/perf_writer.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { FakeRing, fakeRing, lost, pass, payload, record, sample, type Told } from "./_records.ts";
import { perfTest, ringBuffer } from "./_scanners.ts";

const RING = 4096;
/** What is put into a ring: 32 + 24 + 32 + 112 bytes. */
const RECORDS = [sample(payload(20, 1)), lost(3), record(5, new Uint8Array(24)), sample(payload(100, 2))];
const TOLD: readonly Told[] = [
  { sample: [...payload(20, 1)] },
  { lost: 3n },
  { skipped: 1 },
  { sample: [...payload(100, 2)] },
];
const BYTES = 200n;

for (const bits of [31n, 32n, 53n, 63n, 64n]) {
  perfTest(
    `records around position 2^${bits} are told as at any other, and the tail is whole`,
    (scannerOf) => {
      // From all records in front of it over each place in one of them to all behind it.
      for (let before = 0n; before <= BYTES + 8n; before += 8n) {
        const start = BigInt.asUintN(64, 2n ** bits - before);
        const ring = fakeRing(RING, start);
        const scanner = scannerOf(ring);
        for (const each of RECORDS) {
          ring.write(ring.head, each);
          ring.head = BigInt.asUintN(64, ring.head + BigInt(each.length));
        }
        assertEquals(pass(scanner, ring), TOLD, `${before} bytes in front of it`);
        assertEquals([ring.head, ring.tail], Array(2).fill(BigInt.asUintN(64, start + BYTES)));
      }
    },
  );

  perfTest(`a drain that ends in front of or behind position 2^${bits} goes on there`, (scannerOf) => {
    for (let before = 16n; before <= 320n; before += 16n) {
      const start = BigInt.asUintN(64, 2n ** bits - before);
      const ring = fakeRing(RING, start);
      const scanner = scannerOf(ring);
      for (let i = 0; i < 20; i++) {
        ring.write(ring.head, sample(payload(4, i)));
        ring.head = BigInt.asUintN(64, ring.head + 16n);
      }
      const batch = new RecordBatch();
      for (let index = 0; index < 20; index++) {
        scanner.begin(0);
        scanner.scan(0, batch);
        assertEquals([batch.count, ring.bytes[batch.offsetOf(0)]], [20 - index, payload(4, index)[0]]);
        scanner.rewind(0, batch, 0);
        scanner.commit(0);
        assertEquals(ring.tail, BigInt.asUintN(64, start + 16n * BigInt(index + 1)));
      }
    }
  });

  perfTest(`a ring is filled, refuses and is read around position 2^${bits}`, (scannerOf) => {
    const { regions, bufferBytes } = layOutRings(1, RING, RING, SPARE_BYTES);
    const start = BigInt.asUintN(64, 2n ** bits - 2n * BigInt(RING) - 40n);
    const ring = new FakeRing(ringBuffer(bufferBytes, 1), regions[0]!, start);
    let refused = 0;
    const writer = new PerfWriter({
      buffer: ring.buffer,
      region: ring.region,
      ring: 0,
      staging: ring.region.data + RING + SPARE_BYTES,
      wakeupEvents: 1,
      events: { accepts: () => true, wake: () => {}, lose: () => void refused++ },
    });
    const scanner = scannerOf(ring);
    let [bytes, events, losses] = [0n, 0, 0n];
    for (let lap = 0; lap < 5; lap++) {
      while (writer.outputBytes(payload(100, lap)) === 0) events++;
      for (const each of pass(scanner, ring)) {
        if ("sample" in each) {
          assertEquals(each.sample, [...payload(100, lap)]);
          events--;
          bytes += 112n;
        } else if ("lost" in each) {
          losses += each.lost;
          bytes += 24n;
        } else throw new Error("neither an event nor a loss");
      }
      assertEquals(events, 0);
      assertEquals([ring.tail, ring.head], Array(2).fill(BigInt.asUintN(64, start + bytes)));
    }
    assertEquals([refused, losses], [5, 4n], "the last loss has no record behind it yet");
  });
}
