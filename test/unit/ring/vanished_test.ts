/**
 * Tests of records whose size needs 17 bits: the kernel writes them, their header says 0, and the head does not move. What
 * the kernel leaves in the ring is put there by hand; test/kernel/oversize_test.ts lets the kernel do it.
 */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { type FakeRing, fakeRing, lost, SAMPLE, sample } from "./_records.ts";
import { perfTest } from "./_scanners.ts";

const RING = 131_072;

/** Puts the header of a record of 65,536 bytes at the head, which stays where it is. */
function vanish(ring: FakeRing, { type = SAMPLE, misc = 1, size = 0, rawSize = 65_524 } = {}): void {
  const header = new DataView(new ArrayBuffer(12));
  header.setUint32(0, type, true);
  header.setUint16(4, misc, true);
  header.setUint16(6, size, true);
  header.setUint32(8, rawSize, true);
  ring.write(ring.head, new Uint8Array(header.buffer));
}

for (const position of [0n, BigInt(RING) - 8n, (1n << 32n) - 8n]) {
  perfTest(
    `a record that vanished at position ${position} is counted once, and the ring goes on behind it`,
    (scannerOf) => {
      const ring = fakeRing(RING, position);
      const scanner = scannerOf(ring);
      const batch = new RecordBatch();
      vanish(ring);
      assert(scanner.begin(0), "there is something to tell");
      assert(scanner.scan(0, batch));
      assertEquals([batch.count, batch.corrupt, batch.corruptBytes], [0, 1, 0]);
      assertFalse(scanner.scan(0, batch));
      scanner.commit(0);
      assertEquals(ring.tail, position);
      assertFalse(scanner.begin(0), "it is told once");
      assertFalse(scanner.scan(0, batch));
      ring.append(sample(Uint8Array.of(7, 0, 0, 0)));
      assert(scanner.begin(0));
      assert(scanner.scan(0, batch));
      assertEquals([batch.count, batch.categories[0], batch.corrupt], [1, 7, 0]);
    },
  );
}

perfTest("a record that vanished behind good ones is told behind them", (scannerOf) => {
  const ring = fakeRing(RING);
  const scanner = scannerOf(ring);
  const batch = new RecordBatch();
  ring.append(sample(Uint8Array.of(3, 0, 0, 0)));
  vanish(ring);
  assert(scanner.begin(0));
  assert(scanner.scan(0, batch));
  assertEquals([batch.count, batch.corrupt], [1, 0]);
  assert(scanner.scan(0, batch));
  assertEquals([batch.count, batch.corrupt], [0, 1]);
  assertFalse(scanner.scan(0, batch));
});

perfTest("a record that vanished behind a loss is told behind it, and both once", (scannerOf) => {
  const ring = fakeRing(RING);
  const scanner = scannerOf(ring);
  const batch = new RecordBatch();
  ring.append(lost(3n, 1n));
  vanish(ring);
  assert(scanner.begin(0));
  assert(scanner.scan(0, batch));
  assertEquals([batch.lost, batch.corrupt], [3, 0]);
  assert(scanner.scan(0, batch));
  assertEquals([batch.lost, batch.corrupt], [0, 1]);
  assertEquals(scanner.scanned(0), { position: 24, distance: 0, bytes: 0 });
  assertFalse(scanner.scan(0, batch));
});

perfTest("other bytes behind the head are nobody's business", (scannerOf) => {
  for (const header of [{ type: 2 }, { misc: 0 }, { size: 8 }, { rawSize: 65_516 }, { rawSize: 0 }]) {
    const ring = fakeRing(RING);
    vanish(ring, header);
    assertFalse(scannerOf(ring).begin(0), JSON.stringify(header));
  }
});
