/** Tests of the scanner for overwritable rings on plain buffers: what is told, in which order, and what is not any more. */

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { BackwardScanner } from "../../../src/ring/backward_scanner.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { backwardBench, backwardOracle, type BackwardWriter } from "./_backward_writer.ts";
import {
  type FakeRing,
  fakeRing,
  heard,
  LOST,
  lost,
  oracle,
  pass,
  payload,
  record,
  SAMPLE,
  sample,
  skipped,
  tell,
  type Told,
} from "./_records.ts";

const RING = 4096;
/** How many bytes a ring has carried at the start of a test: none, and where the low word of the head wraps. */
const WRITTEN = [0n, 4096n, 2n ** 32n - 64n, 2n ** 32n, 2n ** 32n + 40n, 2n ** 53n - 32n];

/** A payload of 36 bytes that tells a number: a record of 48, without padding. */
function numbered(id: number): Uint8Array {
  const bytes = payload(36, id);
  new DataView(bytes.buffer).setUint32(0, id, true);
  return bytes;
}

/** The numbers of the events that one pass delivers. */
function readIds(scanner: BackwardScanner, ring: FakeRing, index = 0): number[] {
  return pass(scanner, ring, index).flatMap((told) => {
    if (!("sample" in told)) return [];
    const id = new DataView(Uint8Array.from(told.sample).buffer).getUint32(0, true);
    assertEquals(told.sample, [...numbered(id)]);
    return [id];
  });
}

function outputIds(writer: BackwardWriter, first: number, count: number): number[] {
  const ids = Array.from({ length: count }, (_, i) => first + i);
  for (const id of ids) writer.output(sample(numbered(id)));
  return ids;
}

/** Reads all, and expects what the writer's log and the oracle say. */
function assertReading(scanner: BackwardScanner, writer: BackwardWriter, index = 0): Told[] {
  const { told: expected, overwrittenBytes } = writer.expected();
  const before = scanner.overwrittenBytes(index);
  const told = pass(scanner, writer.ring, index);
  assertEquals(heard(told), heard(expected));
  assertEquals(skipped(told), skipped(expected));
  assertEquals(scanner.overwrittenBytes(index) - before, overwrittenBytes);
  writer.clearLog();
  return told;
}

Deno.test("begin says that an empty ring has nothing, and scan leaves the batch empty", () => {
  for (const written of WRITTEN) {
    const { scanner } = backwardBench(RING, [written]);
    const batch = new RecordBatch();
    assertFalse(scanner.begin(0));
    assertFalse(scanner.scan(0, batch));
    assertEquals([batch.count, batch.lost, batch.skipped, batch.corrupt], [0, 0, 0, 0]);
  }
});

Deno.test("scan gives the oldest first, with sizes, categories and growing ends", () => {
  for (const written of WRITTEN) {
    const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [written]);
    const payloads = [payload(4, 1), payload(12, 2), payload(20, 3), payload(100, 4)];
    for (const bytes of payloads) writer!.output(sample(bytes));
    const batch = new RecordBatch();
    assert(scanner.begin(0));
    assert(scanner.scan(0, batch));
    assertEquals(tell(ring!, batch), payloads.map((bytes) => ({ sample: [...bytes] })));
    assertEquals([...batch.sizes.subarray(0, 4)], [4, 12, 20, 100]);
    const ends = [16n, 40n, 72n, 184n].map((bytes) => Number(BigInt.asIntN(32, written + bytes)));
    assertEquals([...batch.ends.subarray(0, 4)], ends);
    assertEquals(
      [...batch.categories.subarray(0, 4)],
      payloads.map((bytes) => new DataView(bytes.buffer).getInt32(0, true)),
    );
    assertFalse(scanner.scan(0, batch));
  }
});

Deno.test("scan gives category -1 to a payload that is too short for one", () => {
  for (const rawSize of [0, 1, 2, 3]) {
    const { writers: [writer], scanner } = backwardBench(RING);
    writer!.output(sample(payload(4, 1), rawSize));
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    assertEquals([batch.count, batch.sizeOf(0), batch.categories[0]], [1, rawSize, -1]);
  }
});

Deno.test("one event more than the ring holds leaves out the oldest, which is partly overwritten", () => {
  const held = Math.floor(RING / 48);
  for (const more of [1, 2, 3, held, 10 * held]) {
    const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
    const ids = outputIds(writer!, 0, held + more);
    assertEquals(readIds(scanner, ring!), ids.slice(more));
    assertEquals(scanner.overwrittenBytes(0), more * 48);
  }
});

Deno.test("events that fill the ring to its last byte are all delivered", () => {
  const { writers: [writer], scanner } = backwardBench(RING);
  for (let i = 0; i < RING / 64; i++) writer!.output(sample(payload(52, i)));
  assertEquals(assertReading(scanner, writer!).length, RING / 64);
  assertEquals(scanner.overwrittenBytes(0), 0);
  for (let i = 0; i <= RING / 64; i++) writer!.output(sample(payload(52, i)));
  assertEquals(assertReading(scanner, writer!).length, RING / 64);
  assertEquals(scanner.overwrittenBytes(0), 64);
});

Deno.test("a second reading gives only what is new, and nothing if nothing is", () => {
  for (const written of WRITTEN) {
    const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [written]);
    const before = scanner.overwrittenBytes(0);
    let next = 0;
    for (const count of [3, 1, 0, 84, 2, 50, 0, 85]) {
      const ids = outputIds(writer!, next, count);
      next += count;
      assertEquals(readIds(scanner, ring!), ids);
      assertEquals(readIds(scanner, ring!), []);
    }
    assertEquals(scanner.overwrittenBytes(0), before);
  }
});

Deno.test("what was read and what is new share the ring: old events are not told again, nor counted as overwritten", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  outputIds(writer!, 0, 80);
  readIds(scanner, ring!);
  const ids = outputIds(writer!, 80, 30);
  assertEquals([readIds(scanner, ring!), scanner.overwrittenBytes(0)], [ids, 0]);
});

Deno.test("after more than a ring, and after more than 4 GiB, a reading is clamped to the ring", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  outputIds(writer!, 0, 10);
  readIds(scanner, ring!);
  for (const gap of [BigInt(RING), 2n ** 32n, 3n * 2n ** 32n - 8n]) {
    const before = scanner.overwrittenBytes(0);
    writer!.written += gap;
    const ids = outputIds(writer!, 0, 100);
    assertEquals(readIds(scanner, ring!), ids.slice(15));
    assertEquals(scanner.overwrittenBytes(0) - before, Number(gap) + 15 * 48);
  }
});

Deno.test("an event that straddles the end of the ring is contiguous, wherever it is cut", () => {
  for (const length of [20, 36, 124, 1012]) {
    for (let left = 8; left < length + 12; left += 8) {
      const { writers: [writer], scanner } = backwardBench(RING, [BigInt(2 * RING + left - length - 12)]);
      writer!.output(sample(payload(length, left)));
      assertEquals(writer!.ring.head % BigInt(RING), BigInt(RING - left));
      writer!.output(sample(payload(8, 1)));
      assertReading(scanner, writer!);
    }
  }
});

Deno.test("straddlers of several readings do not meet, nor those of several rings", () => {
  const { writers, scanner } = backwardBench(RING, [0n, 48n, 8n]);
  for (let round = 0; round < 300; round++) {
    writers.forEach((writer, index) => {
      outputIds(writer, round, 1 + (round * 7 + index) % 90);
    });
    writers.forEach((writer, index) => void assertReading(scanner, writer, index));
  }
});

Deno.test("a LOST record stands in front of the event that was output with it", () => {
  const { writers: [writer], scanner } = backwardBench(RING);
  const [first, second, third] = [payload(4, 1), payload(4, 2), payload(4, 3)];
  writer!.output(sample(first));
  writer!.refuse(7);
  writer!.output(sample(second));
  writer!.output(sample(third));
  assertEquals(pass(scanner, writer!.ring), [
    { sample: [...first] },
    { lost: 7n },
    { sample: [...second] },
    { sample: [...third] },
  ]);
});

Deno.test("a loss is told in a batch of its own, also at the beginning, at the end and again and again", () => {
  const events = [payload(4, 1), payload(4, 2), payload(4, 3)];
  for (let mask = 0; mask < 8; mask++) {
    const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [BigInt(RING - 40)]);
    const expected: Told[][] = [];
    events.forEach((bytes, i) => {
      const isLossInFront = (mask >> i & 1) === 1;
      if (isLossInFront) writer!.refuse(i + 1);
      writer!.output(sample(bytes));
      if (isLossInFront) expected.push([{ lost: BigInt(i + 1) }]);
      if (isLossInFront || i === 0) expected.push([{ sample: [...bytes] }]);
      else expected.at(-1)!.push({ sample: [...bytes] });
    });
    const batch = new RecordBatch();
    scanner.begin(0);
    for (const told of expected) {
      assert(scanner.scan(0, batch));
      assertEquals(tell(ring!, batch), told);
    }
    assertFalse(scanner.scan(0, batch));
  }
});

Deno.test("a loss whose event was overwritten is told alone, in front of all that is left", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  writer!.refuse(5);
  writer!.output(sample(numbered(0)));
  const ids = outputIds(writer!, 1, 84);
  // 85 events and 24 bytes of LOST: 8 bytes of the first event are overwritten.
  assertEquals(pass(scanner, ring!)[0], { lost: 5n });
  assertEquals(scanner.overwrittenBytes(0), 48);
  writer!.refuse(6);
  writer!.output(sample(numbered(0)));
  outputIds(writer!, 1, 85);
  assertEquals(readIds(scanner, ring!), [...ids, 85], "the LOST record is overwritten too");
});

Deno.test("a loss is told once, though the reading ends between it and its event", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  writer!.refuse(5);
  outputIds(writer!, 0, 2);
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch);
  assertEquals(tell(ring!, batch), [{ lost: 5n }]);
  outputIds(writer!, 2, 1);
  assertEquals(readIds(scanner, ring!), [0, 1, 2]);
});

Deno.test("a loss that a reading was left in front of is told again", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  writer!.refuse(5);
  outputIds(writer!, 0, 1);
  const batch = new RecordBatch();
  scanner.begin(0);
  for (let times = 0; times < 2; times++) {
    assert(scanner.scan(0, batch));
    assertEquals(tell(ring!, batch), [{ lost: 5n }]);
    if (times === 0) scanner.rewind(0, batch, -1);
  }
  assertEquals(readIds(scanner, ring!), [0]);
});

Deno.test("a LOST record is read whose id or count lies behind the end of the ring", () => {
  for (const left of [8, 16, 24]) {
    // LOST and a record of 16 bytes, from `left` bytes in front of the end of the ring.
    const { writers: [writer], scanner } = backwardBench(RING, [BigInt(2 * RING + left - 40)]);
    writer!.refuse(2 ** 33 + 7);
    writer!.output(sample(payload(4, 1)));
    assertEquals(pass(scanner, writer!.ring), [{ lost: 2n ** 33n + 7n }, { sample: [...payload(4, 1)] }]);
  }
});

Deno.test("records of other types are skipped by their size, also across the end of the ring", () => {
  for (const left of [8, 16, 40, 48, 56]) {
    for (const type of [0, 1, 5, 13, 0xffffffff]) {
      const { writers: [writer], scanner } = backwardBench(RING, [BigInt(2 * RING + left - 64)]);
      writer!.output(sample(payload(4, 1)));
      for (let i = 0; i < 2; i++) writer!.output(record(type, new Uint8Array(40).fill(0xff)));
      writer!.output(sample(payload(4, 2)));
      const told = assertReading(scanner, writer!);
      assertEquals(skipped(told), 2);
    }
  }
});

Deno.test("a batch tells which records were skipped behind each of its own", () => {
  const { writers: [writer], scanner } = backwardBench(RING);
  const other = record(3, new Uint8Array(8));
  for (const each of [other, sample(payload(4, 1)), other, other, sample(payload(4, 2)), other]) {
    writer!.output(each);
  }
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch);
  assertEquals([batch.count, batch.skipped], [2, 4]);
  assertEquals([-1, 0, 1].map((index) => batch.skippedBehind(index)), [4, 3, 1]);
});

Deno.test("more records than a batch holds come in several, wherever losses and skipped records stand among them", () => {
  // Counted from the newest, the LOST record in front of event i is the record 599 - i: chunks end at 255 and 511.
  for (const lossAt of [0, 1, 86, 87, 88, 89, 90, 342, 343, 344, 345, 346, 598, 599]) {
    const { writers: [writer], scanner } = backwardBench(16384);
    for (let i = 0; i < 600; i++) {
      if (i === lossAt) writer!.refuse(i + 1);
      writer!.output(i % 7 === 3 ? record(3, new Uint8Array(0)) : sample(payload(4, i)));
    }
    assertReading(scanner, writer!);
  }
});

Deno.test("whole samples are all behind their headers, and have no category", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [BigInt(RING) - 40n], "whole");
  const bodies = [payload(8, 1), payload(48, 2), payload(0, 3), new Uint8Array(24).fill(0xff)];
  for (const body of bodies) writer!.output(record(SAMPLE, body));
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch);
  assertEquals(tell(ring!, batch), bodies.map((body) => ({ sample: [...body] })));
  assertEquals([...batch.categories.subarray(0, 4)], [-1, -1, -1, -1]);
});

/** Records that cannot be, each with the name of what is wrong. */
const BAD: readonly (readonly [string, Uint8Array])[] = [
  ...[0, 4, 7, 12, 21, 65535].map((size) =>
    [`header.size ${size}`, record(SAMPLE, new Uint8Array(24), size)] as const
  ),
  ["header.size beyond all that was written", record(SAMPLE, new Uint8Array(24), 2048)],
  ["header.size 8 of a sample", record(SAMPLE, new Uint8Array(0))],
  ["raw.size one too large", sample(payload(20, 1), 21)],
  ["raw.size 0xffffffff", sample(payload(20, 1), 0xffffffff)],
  ["a LOST of 16 bytes", record(LOST, new Uint8Array(8))],
  ["a header of zeros", new Uint8Array(32)],
  ["a header of ones", new Uint8Array(32).fill(0xff)],
];

for (const [what, bad] of BAD) {
  Deno.test(`what is older than ${what} is given up, in front of the good records that are newer`, () => {
    for (const left of [2048, 8, 16, 24, 32, 40]) {
      const carried = BigInt(2 * RING + left - 64 - bad.length);
      const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [carried]);
      outputIds(writer!, 0, 1);
      writer!.output(bad);
      writer!.output(sample(payload(4, 1)));
      const unread = 48 + bad.length + 16;
      const expected: Told[] = [{ corruptBytes: BigInt(48 + bad.length) }, { sample: [...payload(4, 1)] }];
      assertEquals(backwardOracle(ring!, unread), expected, "the oracle");
      const before = scanner.overwrittenBytes(0);
      assertEquals(pass(scanner, ring!), expected);
      assertEquals(scanner.overwrittenBytes(0), before);
      assertEquals(pass(scanner, ring!), []);
      writer!.clearLog();
      outputIds(writer!, 1, 3);
      assertReading(scanner, writer!);
    }
  });
}

Deno.test("a record of which no byte is left to check is overwritten, not corrupt", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  writer!.output(sample(payload(4, 1), 0xffff)); // wrong, but its second half is gone
  for (let i = 0; i < 85; i++) writer!.output(sample(numbered(i)));
  writer!.output(record(3, new Uint8Array(0)));
  assertEquals(heard(pass(scanner, ring!)).length, 85);
  assertEquals(scanner.overwrittenBytes(0), 16);
});

Deno.test("a head that no ring can have is given up, and later records are read", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [65536n]);
  const { head } = ring!;
  for (const wrong of [head - 4n, head + 48n]) {
    ring!.head = wrong;
    const overwritten = scanner.overwrittenBytes(0);
    assertEquals(pass(scanner, ring!), [{ corruptBytes: 4096n }]);
    assert(scanner.overwrittenBytes(0) >= overwritten);
    writer!.written = BigInt.asUintN(64, -wrong) & ~7n;
    outputIds(writer!, 0, 1);
    pass(scanner, ring!);
    const ids = outputIds(writer!, 1, 5);
    assertEquals(readIds(scanner, ring!), ids);
  }
});

Deno.test("a reading goes on behind the record it was left at, whichever that is", () => {
  for (const written of WRITTEN) {
    for (const stop of [-1, 0, 1, 40, 84]) {
      const { rings: [ring], writers: [writer], scanner } = backwardBench(RING, [written]);
      const ids = outputIds(writer!, 0, 85);
      const batch = new RecordBatch();
      scanner.begin(0);
      scanner.scan(0, batch);
      scanner.commitThrough();
      scanner.rewind(0, batch, stop);
      scanner.commit();
      assertEquals(scanner.position(0), Number(BigInt.asUintN(32, written)) + (stop + 1) * 48 >>> 0);
      assertEquals(readIds(scanner, ring!), ids.slice(stop + 1));
      assertEquals(scanner.position(0), scanner.head(0));
    }
  }
});

Deno.test("a reading that was left goes on after the ring has gone on, as far as it was not overwritten", () => {
  for (const more of [0, 1, 30, 75, 80, 200]) {
    const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
    const ids = outputIds(writer!, 0, 85);
    const batch = new RecordBatch();
    scanner.begin(0);
    scanner.scan(0, batch);
    scanner.rewind(0, batch, 9);
    ids.push(...outputIds(writer!, 85, more));
    const held = ids.slice(10).slice(-85);
    assertEquals(readIds(scanner, ring!), held);
    assertEquals(scanner.overwrittenBytes(0), (ids.length - 10 - held.length) * 48);
  }
});

Deno.test("corrupt bytes that a reading was left in front of are told again", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(RING);
  writer!.output(new Uint8Array(32));
  outputIds(writer!, 1, 1);
  const batch = new RecordBatch();
  scanner.begin(0);
  for (let times = 0; times < 2; times++) {
    assert(scanner.scan(0, batch));
    assertEquals(tell(ring!, batch), [{ corruptBytes: 32n }]);
    if (times === 0) scanner.rewind(0, batch, -1);
  }
  assertEquals(readIds(scanner, ring!), [1]);
});

Deno.test("head and position tell the bytes written, and nothing is worth waiting for", () => {
  const { writers: [writer], scanner } = backwardBench(RING, [4096n]);
  outputIds(writer!, 0, 2);
  assertEquals([scanner.head(0), scanner.position(0)], [4096, 4096]);
  scanner.begin(0);
  assertEquals([scanner.head(0), scanner.position(0), scanner.isCrowded()], [4192, 4096, true]);
});

Deno.test("begin and scan ask whether the rings may be read", () => {
  const { buffer, region } = fakeRing(RING);
  let isPaused = false;
  const scanner = new BackwardScanner(buffer, [region], "raw", () => {
    if (!isPaused) throw new TypeError("not paused");
  });
  const batch = new RecordBatch();
  assertThrows(() => scanner.begin(0), TypeError, "not paused");
  assertThrows(() => scanner.scan(0, batch), TypeError, "not paused");
  isPaused = true;
  assertFalse(scanner.begin(0));
  assertFalse(scanner.scan(0, batch));
});

Deno.test("what changes under the reader is given up, and no longer looked at", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(16384);
  outputIds(writer!, 0, 300);
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch); // the older chunk
  assertEquals(batch.count, 300 - 256);
  ring!.write(ring!.head + 48n + 6n, [12, 0]); // the size of the newest but one
  const newest: Told = { sample: [...numbered(299)] };
  const told: Told[] = [];
  while (scanner.scan(0, batch)) told.push(...tell(ring!, batch));
  assertEquals(told, [{ corruptBytes: BigInt(255 * 48) }, newest]);
});

Deno.test("records that became shorter and more under the reader are survived", () => {
  const { rings: [ring], writers: [writer], scanner } = backwardBench(16384);
  for (let i = 0; i < 4; i++) writer!.output(sample(payload(4076, i)));
  scanner.begin(0);
  const short = record(3, new Uint8Array(0));
  for (let at = 0n; at < 16384n; at += 8n) ring!.write(at, short);
  const told = pass(scanner, ring!);
  assertEquals(told, [{ corruptBytes: 4n * 4088n - 257n * 8n }, { skipped: 257 }]);
});

Deno.test("LOST records in a row, which no kernel writes, are told one by one", () => {
  const { writers: [writer], scanner } = backwardBench(16384);
  for (let i = 1; i <= 600; i++) writer!.output(lost(i));
  writer!.output(sample(payload(4, 1)));
  const told = assertReading(scanner, writer!);
  assertEquals(told.length, 601);
});

Deno.test("copies of what was scanned make a ring that is written forward, in the order of time", () => {
  const { writers: [writer], scanner } = backwardBench(16384, [BigInt(16384 - 4096)]);
  for (let i = 0; i < 700; i++) {
    if (i % 50 === 3) writer!.refuse(i);
    writer!.output(i % 11 === 5 ? record(3, payload(16, i)) : sample(payload(4 + (i % 5) * 8, i)));
  }
  const batch = new RecordBatch();
  scanner.begin(0);
  const forward = fakeRing(16384, BigInt(scanner.position(0)));
  while (scanner.scan(0, batch)) {
    const { position, distance, bytes } = scanner.scanned(0);
    assertEquals([BigInt(position), bytes], [forward.head, distance]);
    const copy = new Uint8Array(bytes);
    scanner.copyScanned(0, copy);
    forward.append(copy);
  }
  assertEquals(forward.head, writer!.written);
  const { told } = writer!.expected();
  assertEquals(heard(oracle(forward)), heard(told));
  assertEquals(skipped(oracle(forward)), skipped(told));
});

Deno.test("a copy of what was given up is as it stands in the ring", () => {
  const { writers: [writer], scanner } = backwardBench(RING, [BigInt(RING) - 16n]);
  const bad = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
  writer!.output(bad);
  const batch = new RecordBatch();
  scanner.begin(0);
  scanner.scan(0, batch);
  const copy = new Uint8Array(40);
  scanner.copyScanned(0, copy);
  assertEquals([batch.corrupt, copy], [1, bad]);
});
