/** The scanner where samples carry more than raw data: it gives out all behind the header, unread and unchecked. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { fakeRing, lost, pass, payload, record, SAMPLE, type Told } from "./_records.ts";
import { type OpenPerf, perfTest } from "./_scanners.ts";

const RING = 4096;

/** Declares a test for each scanner of whole samples. */
function wholeTest(name: string, body: (scannerOf: OpenPerf) => void): void {
  perfTest(name, body, "whole");
}

wholeTest("a whole sample is all behind its header, and has no category", (scannerOf) => {
  const ring = fakeRing(RING);
  const bodies = [payload(8, 1), payload(48, 2), payload(0, 3), payload(4080, 4).subarray(0, 2000)];
  for (const body of bodies) ring.append(record(SAMPLE, body));
  const scanner = scannerOf(ring);
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch);
  assertEquals([...batch.sizes.subarray(0, batch.count)], [8, 48, 0, 2000]);
  assertEquals([...batch.categories.subarray(0, batch.count)], [-1, -1, -1, -1]);
});

wholeTest("no word of a whole sample is taken for a size of raw data", (scannerOf) => {
  const ring = fakeRing(RING);
  const body = new Uint8Array(24).fill(0xff);
  ring.append(record(SAMPLE, body));
  assertEquals(pass(scannerOf(ring), ring), [{ sample: [...body] }]);
  assertEquals(ring.tail, ring.head);
});

wholeTest(
  "a whole sample that straddles the end of the ring is contiguous, wherever it is cut",
  (scannerOf) => {
    for (let left = 8; left <= 128; left += 8) {
      const ring = fakeRing(RING, BigInt(RING - left));
      const bodies = [payload(120, 1), payload(16, 2)];
      for (const body of bodies) ring.append(record(SAMPLE, body));
      assertEquals(
        pass(scannerOf(ring), ring),
        bodies.map((body) => ({ sample: [...body] })),
        `${left} left`,
      );
      assertEquals(ring.tail, ring.head);
    }
  },
);

wholeTest(
  "losses, other records and corruption among whole samples are told as among others",
  (scannerOf) => {
    const ring = fakeRing(RING);
    const body = payload(32, 5);
    for (const each of [record(SAMPLE, body), lost(7), record(3, new Uint8Array(8)), record(SAMPLE, body)]) {
      ring.append(each);
    }
    ring.append(record(SAMPLE, new Uint8Array(24), 20));
    assertEquals(pass(scannerOf(ring), ring), [
      { sample: [...body] },
      { lost: 7n },
      { skipped: 1 },
      { sample: [...body] },
      { corruptBytes: 32n },
    ]);
  },
);

wholeTest("whole samples of any length at any position are told in order, each once", (scannerOf) => {
  const bodies = fc.array(
    fc.tuple(fc.nat(40), fc.nat(255)).map(([words, seed]) => payload(words * 8, seed)),
    {
      maxLength: 100,
    },
  );
  const positions = fc.tuple(fc.constantFrom(0n, 2n ** 32n, 2n ** 53n), fc.nat(600)).map(([near, words]) =>
    near + BigInt(words) * 8n
  );
  fc.assert(
    fc.property(positions, bodies, (position, all) => {
      const ring = fakeRing(RING, position);
      const scanner = scannerOf(ring);
      const told: Told[] = [];
      for (const body of all) {
        if (ring.head - ring.tail + BigInt(8 + body.length) > BigInt(RING)) told.push(...pass(scanner, ring));
        ring.append(record(SAMPLE, body));
      }
      told.push(...pass(scanner, ring));
      assertEquals(told, all.map((body) => ({ sample: [...body] })));
      assertEquals(ring.tail, ring.head);
    }),
    { seed: 6, numRuns: 150 },
  );
});
