/** Tests of the BPF ring buffer scanner on plain buffers: each way a record can lie in a ring, and each way it can be wrong. */

import { assert, assertEquals, assertFalse } from "@std/assert";
import { RingbufScanner } from "../../../src/ring/ringbuf_scanner.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import {
  BUSY,
  data,
  DISCARD,
  type FakeRingbuf,
  fakeRingbuf,
  fakeRingbufs,
  FORCE_WAKEUP,
  NO_WAKEUP,
  oracle,
  pass,
  RingbufWriter,
  tell,
  type Told,
  UNTOUCHED,
} from "./_ringbuf_writer.ts";
import { type OpenRingbuf, ringbufTest } from "./_scanners.ts";

const RING = 4096;

function told(data: Uint8Array): Told {
  return { data: [...data] };
}

/** Outputs records and expects what one pass tells, what the oracle says and the consumer's position. */
function assertPass(
  scannerBy: OpenRingbuf,
  ring: FakeRingbuf,
  records: readonly Uint8Array[],
  expected = records.map(told),
): void {
  const scanner = scannerBy("all", ring);
  const writer = new RingbufWriter(ring);
  for (const bytes of records) assert(writer.output(bytes) !== null, "the test's own records do not fit");
  assertEquals(oracle(ring), expected, "the oracle");
  assertEquals(pass(scanner, ring), expected, "the scanner");
  assertEquals(ring.consumer, ring.producer, "the consumer's position");
}

ringbufTest("begin says that an empty ring has nothing, and scan leaves the batch empty", (scannerBy) => {
  for (const position of [0n, 4096n, 1n << 32n, (1n << 40n) - 8n]) {
    const ring = fakeRingbuf(RING, position);
    const scanner = scannerBy("all", ring);
    const batch = new RecordBatch();
    assertFalse(scanner.begin(0));
    assertFalse(scanner.scan(0, batch));
    scanner.commit(0);
    assertEquals([batch.count, batch.lost, batch.skipped, batch.corrupt], [0, 0, 0, 0]);
    assertEquals(ring.consumer, position);
  }
});

ringbufTest("scan presents an event from its category on, behind the size that begins it", (scannerBy) => {
  const ring = fakeRingbuf(RING);
  const scanner = scannerBy("category", ring);
  const writer = new RingbufWriter(ring);
  const events = [data(8, 1), data(16, 2), data(17, 3), data(100, 4)];
  for (const bytes of events) writer.output(bytes);
  const batch = new RecordBatch();
  assert(scanner.begin(0));
  assert(scanner.scan(0, batch));
  assertEquals(tell(ring, batch), events.map((bytes) => told(bytes.subarray(4))));
  assertEquals([...batch.sizes.subarray(0, 4)], [4, 12, 13, 96]);
  assertEquals([...batch.ends.subarray(0, 4)], [16, 40, 72, 184]);
  assertEquals([...batch.offsets.subarray(0, 4)], [0, 16, 40, 72].map((at) => ring.region.data + at + 12));
  assertEquals(
    [...batch.categories.subarray(0, 4)],
    events.map((bytes) => new DataView(bytes.buffer).getInt32(4, true)),
  );
  assertFalse(scanner.scan(0, batch));
  assertEquals(batch.count, 0);
});

ringbufTest(
  "scan presents whole records where no category begins them, with their true lengths",
  (scannerBy) => {
    const ring = fakeRingbuf(RING);
    const writer = new RingbufWriter(ring);
    const lengths = [0, 1, 2, 7, 8, 9, 40, 1000];
    for (const length of lengths) writer.output(data(length, length));
    const scanner = scannerBy("all", ring);
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    assertEquals(tell(ring, batch), lengths.map((length) => told(data(length, length))));
    assertEquals([...batch.categories.subarray(0, batch.count)], lengths.map(() => -1));
  },
);

ringbufTest(
  "scan gives category -1 to a record too short for one, and no bytes to one too short for a size",
  (scannerBy) => {
    for (const [length, size] of [[0, 0], [1, 0], [3, 0], [4, 0], [5, 1], [7, 3]] as const) {
      const ring = fakeRingbuf(RING);
      const writer = new RingbufWriter(ring);
      writer.output(data(length, 1));
      writer.output(data(8, 2));
      const scanner = scannerBy("category", ring);
      const batch = new RecordBatch();
      scanner.begin(0);
      scanner.scan(0, batch);
      assertEquals([batch.count, batch.sizeOf(0), batch.categories[0]], [2, size, -1]);
      assertEquals(tell(ring, batch)[0], { data: [...data(length, 1).subarray(4)] });
      assertEquals(batch.sizeOf(1), 4, "and finds the record behind it");
      assert(batch.offsetOf(0) + size <= ring.region.data + batch.endOf(0), "within the record");
    }
  },
);

ringbufTest("scan reads a record wherever the end of the ring cuts it, as one piece", (scannerBy) => {
  // 8 bytes left is the worst: the header at the end, all data behind it.
  for (let left = 8; left <= 72; left += 8) {
    for (const length of [0, left - 8, left - 7, left, left + 1, 61, 68, 1000, RING - 48]) {
      assertPass(scannerBy, fakeRingbuf(RING, BigInt(RING - left)), [data(length, left), data(8, 9)]);
    }
  }
});

ringbufTest("scan reads a ring filled to what the kernel allows: its size less 8", (scannerBy) => {
  for (const position of [0n, 8n, 2048n, 4088n]) {
    const ring = fakeRingbuf(RING, position);
    const writer = new RingbufWriter(ring);
    const scanner = scannerBy("all", ring);
    let count = 0;
    while (writer.output(data(8, count)) !== null) count++;
    assertEquals(count, RING / 16 - 1);
    assertEquals(pass(scanner, ring), Array.from({ length: count }, (_, i) => told(data(8, i))));
    assertEquals(writer.output(data(RING - 15, 0)), null);
    assert(writer.output(data(RING - 16, 1)) !== null);
    assertEquals(pass(scanner, ring), [told(data(RING - 16, 1))]);
  }
});

ringbufTest("scan stops at a busy record, and goes on there once it is committed", (scannerBy) => {
  for (const position of [0n, 4080n, 2n ** 32n - 24n]) {
    const ring = fakeRingbuf(RING, position);
    const writer = new RingbufWriter(ring);
    const scanner = scannerBy("all", ring);
    writer.output(data(20, 1));
    const busy = writer.reserve(30)!;
    writer.output(data(12, 3));
    assertEquals(pass(scanner, ring), [told(data(20, 1))]);
    assertEquals(ring.consumer, busy);
    assert(scanner.begin(0), "unread bytes are there");
    assertEquals(pass(scanner, ring), []);
    assertEquals(ring.consumer, busy);
    writer.fill(busy, data(30, 2));
    assert(writer.submit(busy), "the reader stands at it, so it is woken");
    assertEquals(pass(scanner, ring), [told(data(30, 2)), told(data(12, 3))]);
    assertEquals(ring.consumer, ring.producer);
  }
});

ringbufTest("scan within one pass reads a busy record that was committed meanwhile", (scannerBy) => {
  const ring = fakeRingbuf(RING);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  const batch = new RecordBatch();
  const busy = writer.reserve(8)!;
  scanner.begin(0);
  assertFalse(scanner.scan(0, batch));
  writer.submit(busy);
  assert(scanner.scan(0, batch));
  assertEquals(batch.count, 1);
});

ringbufTest("scan skips discarded records and counts each in its place", (scannerBy) => {
  const ring = fakeRingbuf(RING, 4000n);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  const discard = (length: number): void => void writer.discard(writer.reserve(length)!);
  for (const length of [0, 9, 100]) discard(length);
  writer.output(data(8, 1));
  discard(33);
  writer.output(data(9, 2));
  writer.output(data(10, 3));
  discard(1);
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch);
  assertEquals(tell(ring, batch), [
    { skipped: 3 },
    told(data(8, 1)),
    { skipped: 1 },
    told(data(9, 2)),
    told(data(10, 3)),
    { skipped: 1 },
  ]);
  assertEquals([-1, 0, 1, 2].map((index) => batch.skippedBehind(index)), [5, 2, 1, 1]);
  scanner.commit(0);
  assertEquals(ring.consumer, ring.producer);
});

ringbufTest("scan says that it moved where all it found was discarded", (scannerBy) => {
  const ring = fakeRingbuf(65536);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  for (let i = 0; i < 600; i++) writer.discard(writer.reserve(9)!);
  assertEquals(pass(scanner, ring), [{ skipped: 600 }]);
  assertEquals(ring.consumer, ring.producer);
});

/** Length words that cannot be, each with the name of what is wrong; the good record there has 24 bytes of data. */
const BAD: readonly (readonly [string, number])[] = [
  ["a length one beyond the producer", 25],
  ["a length of the ring", RING],
  ["the longest length there is", 0x3fffffff],
  ["a busy record beyond the producer", BUSY + 25],
  ["a busy record of the longest length", BUSY + 0x3fffffff],
  ["a discarded record beyond the producer", DISCARD + 25],
  ["a word of ones", 0xffffffff],
];

for (const [what, word] of BAD) {
  ringbufTest(
    `scan gives the rest up at ${what}, after the good records and before later ones`,
    (scannerBy) => {
      for (const left of [2048, 8, 16, 24, 32, 40]) {
        const ring = fakeRingbuf(RING, BigInt(RING - left));
        const writer = new RingbufWriter(ring);
        const scanner = scannerBy("all", ring);
        writer.output(data(8, 1));
        const start = ring.producer;
        writer.output(data(24, 2));
        ring.setWord(start, word);
        const expected = [told(data(8, 1)), { corruptBytes: 32n }];
        assertEquals(oracle(ring), expected, "the oracle");
        assertEquals(pass(scanner, ring), expected);
        assertEquals(ring.consumer, ring.producer);
        new RingbufWriter(ring).output(data(9, 3));
        assertEquals(pass(scanner, ring), [told(data(9, 3))]);
        assertEquals(ring.consumer, ring.producer);
      }
    },
  );
}

ringbufTest("scan takes a word of zeros for an empty record, as the kernel would", (scannerBy) => {
  const ring = fakeRingbuf(RING);
  const scanner = scannerBy("all", ring);
  ring.write(0n, new Uint8Array(24));
  ring.producer = 24n;
  assertEquals(pass(scanner, ring), [{ data: [] }, { data: [] }, { data: [] }]);
});

ringbufTest(
  "scan gives the whole ring up where the producer is further than the ring is long",
  (scannerBy) => {
    const ahead = [4104n, 8192n, (1n << 31n) + 8n, 0xfffffff8n, 1n << 32n, (1n << 32n) + 64n, -8n, -4096n];
    for (const position of [0n, 64n, 2n ** 32n - 16n, 2n ** 53n, 2n ** 64n - 64n]) {
      for (const away of ahead) {
        const ring = fakeRingbuf(RING, position);
        const scanner = scannerBy("all", ring);
        ring.producer = BigInt.asUintN(64, position + away);
        assertEquals(oracle(ring), [{ corruptBytes: 4096n }], "the oracle");
        assertEquals(pass(scanner, ring), [{ corruptBytes: 4096n }]);
        assertEquals(ring.consumer, ring.producer, "in both words: else the kernel would refuse for ever");
        new RingbufWriter(ring).output(data(8, 1));
        assertEquals(pass(scanner, ring), [told(data(8, 1))]);
        assertEquals(ring.consumer, ring.producer);
      }
    }
  },
);

ringbufTest("scan gives up what it finds from a position that is no multiple of 8", (scannerBy) => {
  const ring = fakeRingbuf(RING, 20n);
  ring.write(0n, new Uint8Array(64)); // what would be empty records
  ring.producer = 48n;
  const scanner = scannerBy("all", ring);
  assertEquals(oracle(ring), [{ corruptBytes: 28n }], "the oracle");
  assertEquals(pass(scanner, ring), [{ corruptBytes: 28n }]);
  assertEquals(ring.consumer, 48n);
  new RingbufWriter(ring).output(data(8, 1));
  assertEquals(pass(scanner, ring), [told(data(8, 1))]);
});

ringbufTest(
  "scan gives up what reaches beyond a producer's position that is no multiple of 8",
  (scannerBy) => {
    const ring = fakeRingbuf(RING);
    const writer = new RingbufWriter(ring);
    const scanner = scannerBy("all", ring);
    writer.output(data(8, 1));
    writer.output(data(8, 2));
    ring.producer = 31n;
    assertEquals(oracle(ring), [told(data(8, 1)), { corruptBytes: 15n }], "the oracle");
    assertEquals(pass(scanner, ring), [told(data(8, 1)), { corruptBytes: 15n }]);
    assertEquals(ring.consumer, 31n);
  },
);

ringbufTest("scan tells corruption together with the discarded records right in front of it", (scannerBy) => {
  const ring = fakeRingbuf(RING, 4080n);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  writer.discard(writer.reserve(8)!);
  writer.output(data(24, 2));
  ring.setWord(4096n, 25);
  assertEquals(oracle(ring), [{ skipped: 1 }, { corruptBytes: 32n }], "the oracle");
  assertEquals(pass(scanner, ring), [{ skipped: 1 }, { corruptBytes: 32n }]);
});

ringbufTest("commit stores the whole position at once, near 2^32, beyond 2^53 and at 2^64", (scannerBy) => {
  const starts = [
    2n ** 32n - 8n,
    2n ** 32n - 64n,
    2n ** 32n,
    2n ** 53n + 8n,
    2n ** 53n - 8n,
    2n ** 64n - 16n,
  ];
  for (const start of starts) {
    const ring = fakeRingbuf(RING, start);
    const writer = new RingbufWriter(ring);
    const scanner = scannerBy("all", ring);
    for (let lap = 0; lap < 3; lap++) {
      writer.output(data(20, lap));
      assertEquals(pass(scanner, ring), [told(data(20, lap))]);
      assertEquals(ring.consumer, BigInt.asUintN(64, start + 32n * BigInt(lap + 1)));
    }
  }
});

Deno.test("begin does not take a low word that wrapped between its two loads for corruption", () => {
  // The scanner in TypeScript loads the low word first, so the high one can be that of a later position.
  const ring = fakeRingbuf(RING, 2n ** 32n - 32n);
  const writer = new RingbufWriter(ring);
  const scanner = new RingbufScanner(ring.buffer, [ring.region], "all");
  writer.output(data(8, 1));
  const { load } = Atomics;
  let wraps = true;
  const low = (ring.region.producer) >> 2;
  // deno-lint-ignore no-explicit-any -- stands in for the generic function
  Atomics.load = (array: any, index: number): any => {
    const value = load(array, index);
    if (wraps && index === low && array instanceof Int32Array) {
      wraps = false;
      writer.output(data(24, 2));
    }
    return value;
  };
  try {
    assert(scanner.begin(0));
  } finally {
    Atomics.load = load;
  }
  assertEquals(ring.producer, 2n ** 32n + 16n);
  const batch = new RecordBatch();
  assert(scanner.scan(0, batch));
  assertEquals(tell(ring, batch), [told(data(8, 1)), told(data(24, 2))]);
  scanner.commit(0);
  assertEquals(ring.consumer, ring.producer);
});

ringbufTest("a scanner begins where the ring's last reader stood, with what was unread then", (scannerBy) => {
  const ring = fakeRingbuf(RING, 2n ** 33n + 40n);
  const writer = new RingbufWriter(ring);
  writer.output(data(8, 1));
  writer.output(data(8, 2));
  const batch = new RecordBatch();
  const first = scannerBy("all", ring);
  first.begin(0);
  first.scan(0, batch);
  first.commitThrough(0, batch, 0);
  assertEquals(pass(scannerBy("all", ring), ring), [told(data(8, 2))]);
  writer.output(data(8, 3));
  assertEquals(pass(scannerBy("all", ring), ring), [told(data(8, 3))]);
  assertEquals(ring.consumer, ring.producer);
});

ringbufTest("commit gives back what was scanned, no more and no less", (scannerBy) => {
  const ring = fakeRingbuf(65536);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  for (let i = 0; i < 300; i++) writer.output(data(20, i));
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.commit(0);
  assertEquals(ring.consumer, 0n);
  scanner.scan(0, batch);
  assertEquals(ring.consumer, 0n);
  scanner.commit(0);
  assertEquals(ring.consumer, 256n * 32n);
  scanner.scan(0, batch);
  scanner.commit(0);
  scanner.commit(0);
  assertEquals(ring.consumer, 300n * 32n);
});

ringbufTest("commitThrough gives back up to one record, and the scan goes on where it was", (scannerBy) => {
  for (const start of [0n, 4000n, 2n ** 32n - 80n]) {
    const ring = fakeRingbuf(RING, start);
    const writer = new RingbufWriter(ring);
    const scanner = scannerBy("all", ring);
    for (let i = 0; i < 10; i++) writer.output(data(20, i));
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    for (const index of [0, 3, 9]) {
      scanner.commitThrough(0, batch, index);
      assertEquals(ring.consumer, start + 32n * BigInt(index + 1));
    }
    writer.output(data(20, 10));
    assertEquals(pass(scanner, ring), [told(data(20, 10))]);
    assertEquals(ring.consumer, ring.producer);
  }
});

ringbufTest(
  "rewind goes back behind one record or in front of all, and what follows is scanned again",
  (scannerBy) => {
    for (const start of [0n, 4000n, 2n ** 32n - 80n]) {
      for (const index of [-1, 0, 4, 9]) {
        const ring = fakeRingbuf(RING, start);
        const writer = new RingbufWriter(ring);
        const scanner = scannerBy("all", ring);
        for (let i = 0; i < 10; i++) writer.output(data(20, i));
        const batch = new RecordBatch();
        scanner.begin(0);
        scanner.scan(0, batch);
        scanner.rewind(0, batch, index);
        const behind = start + 32n * BigInt(index + 1);
        assertEquals(scanner.position(0), Number(BigInt.asUintN(32, behind)));
        scanner.commit(0);
        assertEquals(ring.consumer, behind);
        const rest = Array.from({ length: 9 - index }, (_, i) => told(data(20, index + 1 + i)));
        assertEquals(pass(scanner, ring), rest);
        assertEquals(ring.consumer, ring.producer);
      }
    }
  },
);

ringbufTest("position, head and isCrowded tell of the pass that was begun", (scannerBy) => {
  const ring = fakeRingbuf(RING, 2n ** 32n - 32n);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  assertEquals([scanner.position(0), scanner.head(0), scanner.isCrowded(0)], [
    2 ** 32 - 32,
    2 ** 32 - 32,
    false,
  ]);
  writer.output(data(2040, 1));
  scanner.begin(0);
  assertEquals([scanner.head(0), scanner.isCrowded(0)], [2016, false]);
  writer.output(data(0, 2));
  assertEquals(scanner.head(0), 2016);
  scanner.begin(0);
  assertEquals([scanner.head(0), scanner.isCrowded(0)], [2024, true]);
  const batch = new RecordBatch();
  scanner.scan(0, batch);
  assertEquals([scanner.position(0), scanner.isCrowded(0)], [2024, false]);
});

ringbufTest(
  "scanned and copyScanned show what a scan moved over, in one piece across the end of the ring",
  (scannerBy) => {
    const ring = fakeRingbuf(RING, 2n ** 32n + 4080n);
    const writer = new RingbufWriter(ring);
    const scanner = scannerBy("all", ring);
    writer.output(data(100, 1));
    writer.discard(writer.reserve(5)!);
    const busy = writer.reserve(8)!;
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    const range = scanner.scanned(0);
    assertEquals(range, { position: 4080, distance: 128, bytes: 128 });
    const copy = new Uint8Array(range.bytes);
    scanner.copyScanned(0, copy);
    assertEquals([...copy], ring.slice(2n ** 32n + 4080n, 128n));
    assertEquals(busy, 2n ** 32n + 4080n + 128n);
    assertFalse(scanner.scan(0, batch));
    assertEquals(scanner.scanned(0).distance, 0);
  },
);

ringbufTest("scanned is the whole ring where its positions were corrupt", (scannerBy) => {
  const ring = fakeRingbuf(RING, 64n);
  const scanner = scannerBy("all", ring);
  ring.producer = 100_000n;
  scanner.begin(0);
  scanner.scan(0, new RecordBatch());
  assertEquals(scanner.scanned(0), { position: 64, distance: 99_936, bytes: RING });
  const copy = new Uint8Array(RING);
  scanner.copyScanned(0, copy);
  assert(copy.every((byte) => byte === UNTOUCHED));
});

for (const count of [255, 256, 257, 512, 513]) {
  ringbufTest(
    `scan of a BPF ring buffer spreads ${count} records over batches of ${RecordBatch.CAPACITY}`,
    (scannerBy) => {
      for (const start of [0n, 65536n - 24n, 65536n - 16n * 256n]) {
        const ring = fakeRingbuf(65536, start);
        const writer = new RingbufWriter(ring);
        const scanner = scannerBy("all", ring);
        for (let i = 0; i < count; i++) writer.output(data(8, i));
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
        assertEquals(all, Array.from({ length: count }, (_, i) => told(data(8, i))));
      }
    },
  );
}

ringbufTest("scan does not see what producers add during a pass until the next one", (scannerBy) => {
  const ring = fakeRingbuf(RING);
  const writer = new RingbufWriter(ring);
  const scanner = scannerBy("all", ring);
  const batch = new RecordBatch();
  writer.output(data(8, 1));
  scanner.begin(0);
  writer.output(data(8, 2));
  scanner.scan(0, batch);
  assertEquals(tell(ring, batch), [told(data(8, 1))]);
  scanner.commit(0);
  assertFalse(scanner.scan(0, batch));
  assertEquals(ring.consumer, 16n);
  assertEquals(pass(scanner, ring), [told(data(8, 2))]);
});

ringbufTest("scan keeps rings of different sizes in one buffer apart", (scannerBy) => {
  const rings = fakeRingbufs(
    { bytes: 4096 },
    { bytes: 16384, position: 16376n },
    { bytes: 8192, position: 2n ** 32n - 8n },
  );
  const scanner = scannerBy("all", ...rings);
  const writers = rings.map((ring) => new RingbufWriter(ring));
  for (let n = 0; n < 3; n++) writers.forEach((writer, i) => writer.output(data(50, 10 * i + n)));
  rings.forEach((ring, i) => {
    assertEquals(pass(scanner, ring, i), [0, 1, 2].map((n) => told(data(50, 10 * i + n))));
    assertEquals(ring.consumer, ring.producer);
  });
});

ringbufTest("scan and commit write the consumer's position and nothing else", (scannerBy) => {
  const rings = fakeRingbufs({ bytes: RING }, { bytes: RING, position: 4088n }, { bytes: RING });
  const ring = rings[1]!;
  const scanner = scannerBy("all", ...rings);
  const writer = new RingbufWriter(ring);
  writer.output(data(1000, 1));
  writer.discard(writer.reserve(8)!);
  writer.output(data(RING - 16 - 1008 - 16, 2));
  const before = ring.bytes.slice();
  assertEquals(pass(scanner, ring, 1).length, 3);
  new DataView(before.buffer).setBigUint64(ring.region.consumer, ring.producer, true);
  assertEquals(ring.bytes, before);
});

Deno.test("the writer of the tests notifies by the kernel's rules", () => {
  const ring = fakeRingbuf(RING);
  const writer = new RingbufWriter(ring);
  const bytes = data(8, 1);
  assertEquals(writer.output(bytes), true, "the reader stands at the record");
  assertEquals(writer.output(bytes), false, "the reader is behind");
  assertEquals(writer.output(bytes, FORCE_WAKEUP), true);
  ring.consumer = ring.producer;
  assertEquals(writer.output(bytes, NO_WAKEUP), false);
  assertEquals(writer.output(bytes), false, "behind the record without a wake-up");
  ring.consumer = ring.producer;
  assertEquals(writer.discard(writer.reserve(8)!), true, "a discarded record wakes too");
  ring.consumer = ring.producer;
  const [first, second] = [writer.reserve(8)!, writer.reserve(8)!];
  assertEquals(writer.submit(second), false, "it cannot be read before the one in front of it");
  assertEquals(writer.submit(first), true);
});

Deno.test("the writer of the tests keeps one byte free behind the oldest record that is pending", () => {
  const ring = fakeRingbuf(RING);
  const writer = new RingbufWriter(ring);
  const busy = writer.reserve(8)!;
  for (let i = 0; i < 100; i++) writer.output(data(8, i));
  // A reader that ran past the busy record cannot make room for more than a ring from it on.
  ring.consumer = ring.producer;
  let more = 0;
  while (writer.output(data(8, 0)) !== null) more++;
  assertEquals(more, RING / 16 - 1 - 101);
  writer.submit(busy);
  while (writer.output(data(8, 0)) !== null) more++;
  assertEquals(more, RING / 16 - 1);
});

Deno.test("a record that is committed while the scanner looks at it is a record, and none that is too short", () => {
  const ring = fakeRingbuf(RING);
  const scanner = new RingbufScanner(ring.buffer, [ring.region], "category");
  const writer = new RingbufWriter(ring);
  const event = data(24, 1);
  const busy = writer.reserve(event.length)!;
  writer.fill(busy, event);
  const batch = new RecordBatch();
  batch.clear(); // all that follows is the scan's
  let count = 0;
  let sets = 0;
  Object.defineProperty(batch, "count", {
    get: (): number => count,
    set: (value: number): void => {
      count = value;
      // The first is that of the scan's clear(), the second follows the busy record: the scan looks once more behind it.
      if (++sets === 2) writer.submit(busy);
    },
  });
  assert(scanner.begin(0));
  assert(scanner.scan(0, batch));
  assertEquals(tell(ring, batch), [told(event.subarray(4))]);
});
