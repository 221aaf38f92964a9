/** Tests of the perf scanner on plain buffers: each way a record can lie in a ring, and each way it can be wrong. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import {
  type FakeRing,
  fakeRing,
  fakeRings,
  LOST,
  lost,
  oracle,
  pass,
  payload,
  record,
  SAMPLE,
  sample,
  tell,
  type Told,
  UNTOUCHED,
} from "./_records.ts";
import { type OpenPerf, perfTest } from "./_scanners.ts";

const RING = 4096;

/** The payload of a sample as the scanner tells it: with its padding, zeros in these tests. */
function told(payload: Uint8Array): Told {
  const padded = new Uint8Array(((12 + payload.length + 7) & ~7) - 12);
  padded.set(payload);
  return { sample: [...padded] };
}

/** Appends records to a ring at a position and expects what one pass tells, what the oracle says and the tail. */
function assertPass(
  scannerOf: OpenPerf,
  ring: FakeRing,
  records: readonly Uint8Array[],
  expected: readonly Told[],
): void {
  const scanner = scannerOf(ring);
  for (const bytes of records) ring.append(bytes);
  const said = oracle(ring);
  assertEquals(said, expected, "the oracle");
  assertEquals(pass(scanner, ring), expected, "the scanner");
  assertEquals(ring.tail, ring.head, "the tail");
}

perfTest("begin says that an empty ring has nothing, and scan leaves the batch empty", (scannerOf) => {
  for (const position of [0n, 4096n, 1n << 32n]) {
    const ring = fakeRing(RING, position);
    const scanner = scannerOf(ring);
    const batch = new RecordBatch();
    assertFalse(scanner.begin(0));
    assertFalse(scanner.scan(0, batch));
    scanner.commit(0);
    assertEquals([batch.count, batch.lost, batch.skipped, batch.corrupt], [0, 0, 0, 0]);
    assertEquals(ring.tail, position);
  }
});

perfTest("scan finds one record and many, with sizes, categories and ends", (scannerOf) => {
  const ring = fakeRing(RING);
  const scanner = scannerOf(ring);
  const payloads = [payload(4, 1), payload(12, 2), payload(13, 3), payload(100, 4)];
  for (const bytes of payloads) ring.append(sample(bytes));
  const batch = new RecordBatch();
  assert(scanner.begin(0));
  assert(scanner.scan(0, batch));
  assertEquals(tell(ring, batch), payloads.map(told));
  assertEquals([...batch.sizes.subarray(0, 4)], [4, 12, 20, 100]);
  assertEquals([...batch.ends.subarray(0, 4)], [16, 40, 72, 184]);
  assertEquals(
    [...batch.categories.subarray(0, 4)],
    payloads.map((bytes) => new DataView(bytes.buffer).getInt32(0, true)),
  );
  assertFalse(scanner.scan(0, batch));
  assertEquals(batch.count, 0);
});

perfTest("scan gives category -1 to a payload that is too short for one", (scannerOf) => {
  for (const rawSize of [0, 1, 2, 3]) {
    const ring = fakeRing(RING);
    const scanner = scannerOf(ring);
    ring.append(sample(payload(4, 1), rawSize));
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    assertEquals([batch.count, batch.sizeOf(0), batch.categories[0]], [1, rawSize, -1]);
  }
});

perfTest("scan makes a sample contiguous wherever the end of the ring cuts it", (scannerOf) => {
  // 8 bytes left is the worst: header at the end, raw size at offset 0.
  for (let left = 8; left <= 72; left += 8) {
    for (const length of [left - 7, left - 4, left, left + 1, 61, 68, 1000]) {
      if (length < 1) continue;
      const bytes = payload(length, left);
      assertPass(scannerOf, fakeRing(RING, BigInt(RING - left)), [sample(bytes), sample(payload(8, 9))], [
        told(bytes),
        told(payload(8, 9)),
      ]);
    }
  }
});

perfTest("scan reads a LOST record whose id or count lies behind the end of the ring", (scannerOf) => {
  for (const left of [8, 16, 24]) {
    assertPass(scannerOf, fakeRing(RING, BigInt(RING - left)), [
      lost(77, 0xffffffffffn),
      sample(payload(5, 1)),
    ], [
      { lost: 77n },
      told(payload(5, 1)),
    ]);
  }
});

perfTest("scan skips an unknown record by its size, also across the end of the ring", (scannerOf) => {
  for (const left of [4096, 8, 16, 40, 48, 56]) {
    for (const type of [0, 1, 5, 13, 0xffffffff]) {
      const unknown = record(type, new Uint8Array(40).fill(0xff));
      assertPass(scannerOf, fakeRing(RING, BigInt(RING - left)), [unknown, unknown, sample(payload(8, 1))], [
        { skipped: 2 },
        told(payload(8, 1)),
      ]);
    }
  }
});

perfTest("scan tells a loss in a batch of its own, in its place among the records", (scannerOf) => {
  const [first, second] = [payload(8, 1), payload(8, 2)];
  const table: [Uint8Array[], Told[][]][] = [
    [[lost(3), sample(first)], [[{ lost: 3n }], [told(first)]]],
    [[sample(first), lost(3), sample(second)], [[told(first)], [{ lost: 3n }], [told(second)]]],
    [[sample(first), sample(second), lost(3)], [[told(first), told(second)], [{ lost: 3n }]]],
    [[lost(1), lost(2)], [[{ lost: 1n }], [{ lost: 2n }]]],
    [[lost(2n ** 40n + 5n)], [[{ lost: 2n ** 40n + 5n }]]],
  ];
  for (const [records, batches] of table) {
    const ring = fakeRing(RING);
    const scanner = scannerOf(ring);
    for (const bytes of records) ring.append(bytes);
    const batch = new RecordBatch();
    scanner.begin(0);
    for (const expected of batches) {
      assert(scanner.scan(0, batch));
      assertEquals(tell(ring, batch), expected);
    }
    assertFalse(scanner.scan(0, batch));
  }
});

perfTest("scan takes a LOST record that is longer than its fields", (scannerOf) => {
  const body = new Uint8Array(32);
  body[8] = 9;
  assertPass(scannerOf, fakeRing(RING), [record(LOST, body), sample(payload(8, 1))], [
    { lost: 9n },
    told(payload(8, 1)),
  ]);
});

/** Records that cannot be, each with the name of what is wrong. */
const BAD: readonly (readonly [string, Uint8Array])[] = [
  ...[0, 4, 7, 12, 21, 65528, 65535].map((size) =>
    [`header.size ${size}`, record(SAMPLE, new Uint8Array(24), size)] as const
  ),
  ["header.size 8 of a sample", record(SAMPLE, new Uint8Array(0))],
  ["header.size beyond the head", record(SAMPLE, new Uint8Array(24), 48)],
  ["raw.size one too large", sample(payload(20, 1), 21)],
  ["raw.size 0xffffffff", sample(payload(20, 1), 0xffffffff)],
  ["raw.size 0x80000000", sample(payload(20, 1), 0x80000000)],
  ["a LOST of 16 bytes", record(LOST, new Uint8Array(8))],
  ["a LOST of 8 bytes", record(LOST, new Uint8Array(0))],
  ["a header of zeros", new Uint8Array(32)],
  ["a header of ones", new Uint8Array(32).fill(0xff)],
];

for (const [what, bad] of BAD) {
  perfTest(`scan gives the rest up at ${what}, after the good records and before later ones`, (scannerOf) => {
    for (const left of [2048, 8, 16, 24, 32, 40]) {
      const ring = fakeRing(RING, BigInt(RING - left));
      const scanner = scannerOf(ring);
      const good = payload(8, 1);
      ring.append(sample(good));
      const start = ring.head;
      ring.append(bad);
      const expected = [told(good), { corruptBytes: ring.head - start }];
      assertEquals(oracle(ring), expected, "the oracle");
      assertEquals(pass(scanner, ring), expected);
      assertEquals(ring.tail, ring.head);
      ring.append(sample(payload(9, 2)));
      assertEquals(pass(scanner, ring), [told(payload(9, 2))]);
      assertEquals(ring.tail, ring.head);
    }
  });
}

perfTest("scan checks a size word that differs from the last one in one bit", (scannerOf) => {
  // The scanner keeps the size word it validated last; a word that only looks like it must not pass.
  for (let bit = 0; bit < 16; bit++) {
    const ring = fakeRing(RING);
    const scanner = scannerOf(ring);
    for (let i = 0; i < 8; i++) ring.append(sample(payload(20, i)));
    ring.view.setUint16(ring.region.data + 4 * 32 + 6, 32 ^ (1 << bit), true);
    assertEquals(pass(scanner, ring), oracle(ring, 0n));
    assertEquals(ring.tail, ring.head);
  }
});

perfTest("scan takes misc bits for what they are", (scannerOf) => {
  const records = [0, 1, 0xffff].map((misc) =>
    record(SAMPLE, sample(payload(4, misc)).subarray(8), 16, misc)
  );
  assertPass(scannerOf, fakeRing(RING), records, [0, 1, 0xffff].map((misc) => told(payload(4, misc))));
});

perfTest("scan refuses an empty sample whose size word is the one it starts from", (scannerOf) => {
  // Size 8, misc 0: the first word the scanner compares with; no room for a raw size.
  assertPass(scannerOf, fakeRing(RING, BigInt(RING - 8)), [record(SAMPLE, new Uint8Array(0), 8, 0)], [
    { corruptBytes: 8n },
  ]);
});

perfTest("scan checks the first size word as any other", (scannerOf) => {
  // The smallest record there is, with the size word the scanner starts from.
  assertPass(scannerOf, fakeRing(RING), [record(5, new Uint8Array(0), 8, 0), sample(payload(8, 1))], [
    { skipped: 1 },
    told(payload(8, 1)),
  ]);
});

perfTest("scan gives good records up too where the head is further than the ring is long", (scannerOf) => {
  const ring = fakeRing(RING);
  const scanner = scannerOf(ring);
  for (let i = 0; i < 128 + 2; i++) ring.append(sample(payload(20, i)));
  assertEquals(oracle(ring), [{ corruptBytes: 4096n }]);
  assertEquals(pass(scanner, ring), [{ corruptBytes: 4096n }]);
  assertEquals(ring.tail, ring.head);
});

perfTest("scan gives the whole ring up where the head is further than the ring is long", (scannerOf) => {
  for (const ahead of [4104n, 8192n, (1n << 31n) + 8n, 0xfffffff8n]) {
    const ring = fakeRing(RING, 64n);
    const scanner = scannerOf(ring);
    ring.head += ahead;
    assertEquals(pass(scanner, ring), [{ corruptBytes: 4096n }]);
    assertEquals(BigInt.asUintN(32, ring.tail), BigInt.asUintN(32, ring.head));
    ring.append(sample(payload(8, 1)));
    assertEquals(pass(scanner, ring), [told(payload(8, 1))]);
  }
});

perfTest("scan reads a ring that is full to its last byte", (scannerOf) => {
  for (const position of [0n, 8n, 2048n, 4088n]) {
    const records = Array.from({ length: 128 }, (_, i) => sample(payload(20, i)));
    assertPass(scannerOf, fakeRing(RING, position), records, records.map((_, i) => told(payload(20, i))));
  }
});

perfTest("commit stores both words of the tail, near 2^32, beyond 2^53 and at 2^64", (scannerOf) => {
  const starts = [
    2n ** 32n - 8n,
    2n ** 32n - 64n,
    2n ** 32n,
    2n ** 53n + 8n,
    2n ** 53n - 8n,
    2n ** 64n - 16n,
  ];
  for (const start of starts) {
    const ring = fakeRing(RING, start);
    const scanner = scannerOf(ring);
    for (let lap = 0; lap < 3; lap++) {
      ring.write(BigInt.asUintN(64, ring.head), sample(payload(20, lap)));
      ring.head = BigInt.asUintN(64, ring.head + 32n);
      assertEquals(pass(scanner, ring), [told(payload(20, lap))]);
      assertEquals(ring.tail, BigInt.asUintN(64, start + 32n * BigInt(lap + 1)));
    }
  }
});

perfTest("a scanner begins at the stored tail, with what was unread before it was made", (scannerOf) => {
  const ring = fakeRing(RING, 2n ** 33n + 40n);
  ring.append(sample(payload(8, 1)));
  assertEquals(pass(scannerOf(ring), ring), [told(payload(8, 1))]);
  ring.append(sample(payload(8, 2)));
  assertEquals(pass(scannerOf(ring), ring), [told(payload(8, 2))]);
  assertEquals(ring.tail, ring.head);
});

perfTest("commit gives back what was scanned, no more and no less", (scannerOf) => {
  const ring = fakeRing(65536);
  const scanner = scannerOf(ring);
  for (let i = 0; i < 300; i++) ring.append(sample(payload(20, i)));
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.commit(0);
  assertEquals(ring.tail, 0n);
  scanner.scan(0, batch);
  assertEquals(ring.tail, 0n);
  scanner.commit(0);
  assertEquals(ring.tail, 256n * 32n);
  scanner.scan(0, batch);
  scanner.commit(0);
  scanner.commit(0);
  assertEquals(ring.tail, 300n * 32n);
});

perfTest(
  "rewind goes back behind one record: what is in front is given back, the next pass begins there",
  (scannerOf) => {
    for (const start of [0n, 4000n, 2n ** 32n - 100n * 8n]) {
      for (const index of [0, 3, 9]) {
        const ring = fakeRing(RING, start);
        const scanner = scannerOf(ring);
        for (let i = 0; i < 10; i++) ring.append(sample(payload(100, i)));
        const batch = new RecordBatch();
        scanner.begin(0);
        scanner.scan(0, batch);
        scanner.rewind(0, batch, index);
        scanner.commit(0);
        assertEquals(ring.tail, start + 112n * BigInt(index + 1));
        const rest = Array.from({ length: 9 - index }, (_, i) => told(payload(100, index + 1 + i)));
        assertEquals(pass(scanner, ring), rest);
        assertEquals(ring.tail, ring.head);
      }
    }
  },
);

for (const count of [255, 256, 257, 512, 513]) {
  perfTest(`scan spreads ${count} records over batches of ${RecordBatch.CAPACITY}`, (scannerOf) => {
    for (const start of [0n, 65536n - 24n, 65536n - 16n * 256n]) {
      const ring = fakeRing(65536, start);
      const scanner = scannerOf(ring);
      for (let i = 0; i < count; i++) ring.append(sample(payload(4, i)));
      const batch = new RecordBatch();
      const sizes: number[] = [];
      const all: Told[] = [];
      scanner.begin(0);
      while (scanner.scan(0, batch)) {
        sizes.push(batch.count);
        all.push(...tell(ring, batch));
        scanner.commit(0);
      }
      const full = Math.floor(count / 256);
      assertEquals(sizes, [...new Array(full).fill(256), ...(count % 256 === 0 ? [] : [count % 256])]);
      assertEquals(all, Array.from({ length: count }, (_, i) => told(payload(4, i))));
    }
  });
}

perfTest("scan tells a loss, a skipped record or corruption right behind a full batch", (scannerOf) => {
  const table: [Uint8Array, Told][] = [
    [lost(5), { lost: 5n }],
    [record(5, new Uint8Array(24)), { skipped: 1 }],
    [new Uint8Array(24), { corruptBytes: 24n }],
  ];
  for (const [bytes, expected] of table) {
    const ring = fakeRing(65536);
    const scanner = scannerOf(ring);
    for (let i = 0; i < 256; i++) ring.append(sample(payload(4, i)));
    ring.append(bytes);
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    assertEquals([batch.count, batch.lost, batch.skipped, batch.corrupt], [256, 0, 0, 0]);
    scanner.scan(0, batch);
    assertEquals(tell(ring, batch), [expected]);
    assertFalse(scanner.scan(0, batch));
  }
});

perfTest("scan does not see what the producer adds during a pass until the next one", (scannerOf) => {
  const ring = fakeRing(RING);
  const scanner = scannerOf(ring);
  const batch = new RecordBatch();
  ring.append(sample(payload(8, 1)));
  scanner.begin(0);
  ring.append(sample(payload(8, 2)));
  scanner.scan(0, batch);
  assertEquals(tell(ring, batch), [told(payload(8, 1))]);
  scanner.commit(0);
  assertFalse(scanner.scan(0, batch));
  assertEquals(ring.tail, 24n);
  assertEquals(pass(scanner, ring), [told(payload(8, 2))]);
});

perfTest("scan keeps the rings of one buffer apart", (scannerOf) => {
  const rings = fakeRings(RING, 0n, 4088n, 2n ** 32n - 8n);
  const scanner = scannerOf(...rings);
  rings.forEach((ring, i) => {
    for (let n = 0; n < 3; n++) ring.append(sample(payload(50, 10 * i + n)));
  });
  rings.forEach((ring, i) => {
    const expected = [0, 1, 2].map((n) => told(payload(50, 10 * i + n)));
    assertEquals(pass(scanner, ring, i), expected);
    assertEquals(ring.tail, ring.head);
  });
});

perfTest("scan writes nothing but the copy of a straddler, which fits the spare memory", (scannerOf) => {
  const rings = fakeRings(131072, 0n, 131072n - 8n, 0n);
  const ring = rings[1]!;
  const scanner = scannerOf(...rings);
  const longest = payload(65516, 3); // 65528 bytes with its header: the longest record there is
  ring.append(sample(longest));
  const before = ring.bytes.slice();
  assertEquals(pass(scanner, ring, 1), [told(longest)]);
  const spare = ring.region.data + ring.region.bytes;
  before.copyWithin(spare, ring.region.data, ring.region.data + 65528 - 8);
  new DataView(before.buffer).setBigUint64(ring.region.meta + 1032, ring.head, true); // the tail
  assertEquals(ring.bytes, before);
});

perfTest("scan of a ring full of rubbish leaves its neighbours alone", (scannerOf) => {
  for (const fill of [0x00, 0xff, 0x08, 0xf8, 0xf0, 0x09]) {
    for (const left of [8, 16, 24, 4096]) {
      const rings = fakeRings(RING, 0n, BigInt(RING - left), 0n);
      const [before, ring, after] = rings as [FakeRing, FakeRing, FakeRing];
      const scanner = scannerOf(...rings);
      ring.bytes.fill(fill, ring.region.data, ring.region.data + RING);
      ring.head += 4096n;
      pass(scanner, ring, 1);
      assertEquals(ring.tail, ring.head);
      for (const { region, bytes } of [before, after]) {
        const data = bytes.subarray(region.data, region.data + RING);
        assert(data.every((byte) => byte === UNTOUCHED));
        assert(bytes.subarray(region.meta, region.data).every((byte) => byte === 0));
      }
    }
  }
});
