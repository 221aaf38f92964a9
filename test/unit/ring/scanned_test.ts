/** What a scanner shows of what it moved over, for taps: every byte once and as it stands in the ring, wherever that is. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { ScannedRange, Scanner } from "../../../src/ring/scanner.ts";
import { type FakeRing, fakeRing, fakeRings, lost, payload, record, sample } from "./_records.ts";
import { perfTest } from "./_scanners.ts";

const RING = 4096;

/** What a target holds that nothing was copied to. */
const UNCOPIED = 0xee;

/** A range and its bytes. */
interface Shown extends ScannedRange {
  readonly copy: Uint8Array;
}

/** What the last scan moved over, copied into a target that is longer, of which nothing else must be touched. */
function show(scanner: Scanner, ring = 0): Shown {
  const range = scanner.scanned(ring);
  const target = new Uint8Array(range.bytes + 16).fill(UNCOPIED);
  scanner.copyScanned(ring, target);
  assert(target.subarray(range.bytes).every((byte) => byte === UNCOPIED), "more than the range was copied");
  return { ...range, copy: target.subarray(0, range.bytes) };
}

/** All ranges of a pass, each committed before the next scan. */
function showAll(scanner: Scanner, ring = 0): Shown[] {
  const batch = new RecordBatch();
  const shown: Shown[] = [];
  scanner.begin(ring);
  while (scanner.scan(ring, batch)) {
    shown.push(show(scanner, ring));
    scanner.commit(ring);
  }
  return shown;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

perfTest("scanned is the records with their headers and padding", (scannerOf) => {
  const ring = fakeRing(RING);
  const records = [sample(payload(20, 1)), sample(payload(13, 2)), sample(payload(1, 3))];
  for (const each of records) ring.append(each);
  const bytes = concat(records);
  assertEquals(showAll(scannerOf(ring)), [
    { position: 0, distance: bytes.length, bytes: bytes.length, copy: bytes },
  ]);
});

perfTest("scanned is nothing after a scan that did not move", (scannerOf) => {
  const ring = fakeRing(RING, 8000n);
  const scanner = scannerOf(ring);
  ring.append(sample(payload(20, 1)));
  showAll(scanner);
  scanner.begin(0);
  assertEquals(scanner.scan(0, new RecordBatch()), false);
  assertEquals(show(scanner), { position: 8032, distance: 0, bytes: 0, copy: new Uint8Array(0) });
});

perfTest(
  "copyScanned puts a record that straddles the end of the ring together, wherever it is cut",
  (scannerOf) => {
    for (let left = 8; left <= 128; left += 8) {
      const ring = fakeRing(RING, BigInt(RING - left));
      const records = [sample(payload(100, 1)), sample(payload(30, 2))];
      for (const each of records) ring.append(each);
      const bytes = concat(records);
      const expected = { position: RING - left, distance: bytes.length, bytes: bytes.length, copy: bytes };
      assertEquals(showAll(scannerOf(ring)), [expected], `${left} bytes in front of the end`);
    }
  },
);

perfTest(
  "copyScanned does not need the spare memory: it is of the ring, not of what was made contiguous",
  (scannerOf) => {
    const ring = fakeRing(RING, BigInt(RING - 16));
    const bytes = sample(payload(60, 1));
    ring.append(bytes);
    const scanner = scannerOf(ring);
    scanner.begin(0);
    scanner.scan(0, new RecordBatch());
    const spare = ring.region.data + RING;
    ring.bytes.fill(0, spare, spare + 1024);
    assertEquals(show(scanner).copy, bytes);
  },
);

for (const position of [2n ** 32n - 48n, 2n ** 32n, 2n ** 53n - 24n, 2n ** 64n - 40n]) {
  perfTest(`scanned tells the low word of positions around ${position}`, (scannerOf) => {
    const ring = fakeRing(RING, position);
    const bytes = sample(payload(80, 1));
    ring.write(position, bytes);
    ring.head = BigInt.asUintN(64, position + BigInt(bytes.length));
    const low = Number(BigInt.asUintN(32, position));
    assertEquals(showAll(scannerOf(ring)), [{ position: low, distance: 96, bytes: 96, copy: bytes }]);
  });
}

perfTest("the ranges of a pass of several batches join, and a loss has one of its own", (scannerOf) => {
  const ring = fakeRing(16384);
  const records = [
    ...Array.from({ length: 300 }, (_, i) => sample(payload(20, i))),
    lost(7),
    record(3, new Uint8Array(16)),
    sample(payload(8, 9)),
  ];
  for (const each of records) ring.append(each);
  const shown = showAll(scannerOf(ring));
  assertEquals(shown.map(({ position, distance }) => [position, distance]), [
    [0, 256 * 32],
    [256 * 32, 44 * 32],
    [300 * 32, 24],
    [300 * 32 + 24, 24 + 24],
  ]);
  assertEquals(concat(shown.map(({ copy }) => copy)), concat(records));
});

perfTest("records that are skipped are shown, also where nothing else was read", (scannerOf) => {
  const ring = fakeRing(RING);
  const bytes = record(5, Uint8Array.from({ length: 24 }, (_, i) => i));
  ring.append(bytes);
  assertEquals(showAll(scannerOf(ring)), [{ position: 0, distance: 32, bytes: 32, copy: bytes }]);
});

perfTest(
  "what is given up as corrupt is shown behind the records in front of it, up to the head",
  (scannerOf) => {
    const ring = fakeRing(RING, 4000n);
    const good = sample(payload(20, 1));
    const bad = record(9, payload(200, 2), 12);
    ring.append(good);
    ring.append(bad);
    assertEquals(showAll(scannerOf(ring)), [
      { position: 4000, distance: 32, bytes: 32, copy: good },
      { position: 4032, distance: 208, bytes: 208, copy: bad },
    ]);
  },
);

for (const away of [RING + 8, 3 * RING + 40, 2 ** 31, 2 ** 32 - 8]) {
  perfTest(
    `a head that is ${away} bytes away is a range of that distance, with the ring's bytes once`,
    (scannerOf) => {
      const ring = fakeRing(RING, 1000n);
      ring.write(0n, payload(RING, 4));
      ring.head = 1000n + BigInt(away);
      const whole = payload(RING, 4);
      const copy = concat([whole.subarray(1000), whole.subarray(0, 1000)]);
      assertEquals(showAll(scannerOf(ring)), [{ position: 1000, distance: away, bytes: RING, copy }]);
    },
  );
}

perfTest("a range that is as long as the ring is shown whole", (scannerOf) => {
  const ring = fakeRing(RING, 3000n);
  const records = [sample(payload(2000, 1)), sample(payload(RING - 2016 - 12, 2))];
  for (const each of records) ring.append(each);
  const bytes = concat(records);
  assertEquals(bytes.length, RING);
  assertEquals(showAll(scannerOf(ring)), [{ position: 3000, distance: RING, bytes: RING, copy: bytes }]);
});

perfTest("each ring has a range of its own", (scannerOf) => {
  const [first, second] = fakeRings(RING, 0n, BigInt(RING - 8)) as [FakeRing, FakeRing];
  const [one, two] = [sample(payload(20, 1)), sample(payload(50, 2))];
  first.append(one);
  second.append(two);
  const scanner = scannerOf(first, second);
  const batch = new RecordBatch();
  for (const ring of [0, 1]) {
    scanner.begin(ring);
    scanner.scan(ring, batch);
  }
  assertEquals([show(scanner, 0).copy, show(scanner, 1).copy], [one, two]);
  assertEquals([show(scanner, 0).position, show(scanner, 1).position], [0, RING - 8]);
});

perfTest(
  "whatever was written is shown once and in order, at any position, with any heads between",
  (scannerOf) => {
    const records = fc.oneof(
      { weight: 8, arbitrary: fc.tuple(fc.integer({ min: 1, max: 900 }), fc.nat(255)) },
      { weight: 1, arbitrary: fc.constant("lost" as const) },
      { weight: 1, arbitrary: fc.constant("other" as const) },
    ).map((each) => {
      if (each === "lost") return lost(3);
      return each === "other" ? record(4, new Uint8Array(40).fill(4)) : sample(payload(...each));
    });
    const near = fc.constantFrom(0n, 2n ** 32n, 2n ** 53n).chain((base) =>
      fc.integer({ min: 0, max: 1200 }).map((words) => base + BigInt(words) * 8n)
    );
    fc.assert(
      fc.property(near, fc.array(records, { maxLength: 80 }), fc.nat(5), (position, all, every) => {
        const ring = fakeRing(RING, position);
        const scanner = scannerOf(ring);
        const shown: Shown[] = [];
        all.forEach((each, i) => {
          const used = Number(ring.head - ring.tail);
          if (used + each.length >= RING || i % (every + 1) === 0) shown.push(...showAll(scanner));
          ring.append(each);
        });
        shown.push(...showAll(scanner));
        assertEquals(concat(shown.map(({ copy }) => copy)), concat(all));
        let expected = Number(BigInt.asUintN(32, position));
        for (const { position, distance, bytes } of shown) {
          assertEquals([position, bytes], [expected, distance]);
          expected = (expected + distance) >>> 0;
        }
      }),
      { seed: 7, numRuns: 150 },
    );
  },
);
