/** Tests of the memory source: its options, what it shares, and what it counts. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventPipe, EventPipeError, MemorySource, type MemorySourceOptions } from "../../../mod.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";

const ENOENT = -2;
const ENOSPC = -28;

Deno.test("open has one ring of 64 KiB for CPU 0 that wakes at each event, unless told otherwise", () => {
  const source = MemorySource.open();
  const { regions, wakeupEvents, signals } = source.share();
  assertEquals([source.kind, source.cpus, wakeupEvents], ["memory", [0], 1]);
  assertEquals(regions.map(({ bytes }) => bytes), [65536]);
  const { kind, words } = source.readiness as { kind: string; words: Int32Array };
  assertEquals([kind, words === signals], ["signals", true]);
  source.close();
});

Deno.test("open lays the rings out apart, each on a page of its own", () => {
  const source = MemorySource.open({ ringBytes: 8192, cpus: [3, 1, 8] });
  const { regions, buffer } = source.share();
  assertEquals([source.cpus, regions.length], [[3, 1, 8], 3]);
  regions.forEach(({ meta, data, bytes }, ring) => {
    assertEquals([meta % 4096, data - meta, bytes], [0, 4096, 8192]);
    const end = regions[ring + 1]?.meta ?? buffer.byteLength;
    assert(data + bytes + 65536 <= end, "spare memory follows");
  });
  source.close();
});

Deno.test("open refuses wrong options and says what it wants", () => {
  // deno-lint-ignore no-explicit-any -- the point is to pass what the types forbid
  const table: [Record<string, any>, string][] = [
    ...[0, 1, 2048, 4095, 4097, 65535, 2 ** 31, -4096, NaN, Infinity, 4096.5, "4096", null].map((
      ringBytes,
    ): typeof table[number] => [{ ringBytes }, `Cannot open a ring of ${ringBytes} bytes`]),
    ...[0, -1, 1.5, NaN, 2 ** 32, "1", null].map((wakeupEvents): typeof table[number] => [
      { wakeupEvents },
      `wakeupEvents must be an integer of at least 1, current value is ${wakeupEvents}`,
    ]),
    ...[[], [0, 0], [-1], [0.5], [NaN], ["0"], 3, null].map((cpus): typeof table[number] => [
      { cpus },
      "cpus must name at least one CPU",
    ]),
    [{ ringBytes: 2 ** 30, cpus: [0, 1] }, "Cannot lay out 2 rings of 1073741824 bytes"],
  ];
  for (const [options, message] of table) {
    assertThrows(() => MemorySource.open(options as MemorySourceOptions), RangeError, message);
  }
});

Deno.test("open copies the list of CPUs", () => {
  const cpus = [0, 1];
  const source = MemorySource.open({ cpus });
  cpus.push(2);
  assertEquals(source.cpus, [0, 1]);
  source.close();
});

Deno.test("writers are refused with -ENOENT before start and after stop, and the rings keep what is in them", () => {
  const source = MemorySource.open();
  const writer = source.writer(0);
  assertEquals(writer.output(8), ENOENT);
  source.start();
  assertEquals(writer.output(8), 0);
  source.stop();
  assertEquals(writer.output(8), ENOENT);
  const batch = new RecordBatch();
  const scanner = source.openScanner();
  assert(scanner.begin(0));
  scanner.scan(0, batch);
  assertEquals([batch.count, source.lost(0)], [1, 0]);
  source.close();
});

Deno.test("writer refuses a ring that does not exist", () => {
  const source = MemorySource.open({ cpus: [0, 1] });
  for (const ring of [2, -1, 0.5, NaN]) {
    assertThrows(() => source.writer(ring), RangeError, `there is no ring ${ring}, the source has 2`);
    assertThrows(() => MemorySource.writerOf(source.share(), ring), RangeError, `there is no ring ${ring}`);
  }
  source.close();
});

Deno.test("share can be cloned for another isolate, whose writer fills the same ring and wakes the same reader", () => {
  const source = MemorySource.open({ cpus: [0, 1], wakeupEvents: 2 });
  source.start();
  const writer = MemorySource.writerOf(structuredClone(source.share()), 1);
  const { words } = source.readiness as { words: Int32Array };
  writer.output(8);
  assertEquals(words[0], 0);
  writer.output(8);
  assertEquals(words[0], 1);
  const scanner = source.openScanner();
  assertEquals([scanner.begin(0), scanner.begin(1)], [false, true]);
  source.close();
});

Deno.test("rings that were shared cannot be waited for with the model, nor shared while they are", () => {
  const shared = MemorySource.open();
  shared.share();
  assertThrows(
    () => EventPipe.open({ source: shared, waiter: "model" }),
    TypeError,
    'Cannot open the waiter "model": the rings were shared with another isolate',
  );
  const source = MemorySource.open();
  using _pipe = EventPipe.open({ source, waiter: "model" });
  source.writer(0);
  assertThrows(() => source.share(), TypeError, 'Cannot share the rings: their pipe waits with "model"');
});

Deno.test("lost counts each ring's refused events, beyond 2^32 too", () => {
  const source = MemorySource.open({ ringBytes: 4096, cpus: [0, 1] });
  source.start();
  const writer = source.writer(1);
  for (let i = 0; i < 3; i++) assertEquals(writer.output(4096), ENOSPC);
  assertEquals([source.lost(0), source.lost(1)], [0, 3]);
  // Word 2 + 3 x ring + 1 is the low half of the count.
  source.share().signals[6] = -2;
  for (const expected of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]) {
    writer.output(4096);
    assertEquals(source.lost(1), expected);
  }
  assertEquals(source.lost(0), 0);
  source.close();
});

Deno.test("a paused source refuses with -ENOSPC and counts, and what is in its rings can be read", () => {
  const source = MemorySource.open({ cpus: [0, 1] });
  source.start();
  const writers = [0, 1].map((ring) => source.writer(ring));
  const output = (): number[] => writers.map((writer) => writer.output(8));
  output();
  source.pause();
  source.pause();
  assertEquals([source.paused, output(), output()], [true, [ENOSPC, ENOSPC], [ENOSPC, ENOSPC]]);
  assertEquals([source.lost(0), source.lost(1)], [2, 2]);
  const scanner = source.openScanner();
  const batch = new RecordBatch();
  assert(scanner.begin(1) && scanner.scan(1, batch));
  assertEquals([batch.count, batch.lost], [1, 0]);
  source.resume();
  source.resume();
  assertEquals([source.paused, output()], [false, [0, 0]]);
  assert(scanner.begin(1) && scanner.scan(1, batch));
  assertEquals([batch.count, batch.lost], [0, 2], "the loss stands in front of the next event");
  assert(scanner.scan(1, batch));
  assertEquals([batch.count, source.lost(1)], [1, 2]);
  source.close();
});

Deno.test("a source that is not started or stopped refuses with -ENOENT though it is paused, and is paused still", () => {
  const source = MemorySource.open();
  const writer = source.writer(0);
  source.pause();
  assertEquals([writer.output(8), source.lost(0)], [ENOENT, 0]);
  source.start();
  assertEquals([writer.output(8), source.lost(0)], [ENOSPC, 1]);
  source.stop();
  assertEquals([writer.output(8), source.lost(0)], [ENOENT, 1]);
  source.resume();
  assertEquals(writer.output(8), ENOENT);
  source.start();
  assertEquals(writer.output(8), 0);
  source.close();
});

Deno.test("a writer in another isolate is paused too", () => {
  const source = MemorySource.open();
  const writer = MemorySource.writerOf(structuredClone(source.share()), 0);
  source.start();
  source.pause();
  assertEquals(writer.output(8), ENOSPC);
  source.resume();
  assertEquals([writer.output(8), source.lost(0)], [0, 1]);
  source.close();
});

Deno.test("memory rings refuse when they are full, and count every loss", () => {
  const source = MemorySource.open();
  assertEquals([source.overwritable, source.countsLosses], [false, true]);
  source.close();
});

Deno.test("close lets go of the rings, stops writers, and may be called again", () => {
  const source = MemorySource.open();
  source.start();
  const writer = source.writer(0);
  source.close();
  source.close();
  assertEquals([source.buffer.byteLength, writer.output(8), source.lost(0)], [0, ENOENT, 0]);
  source.stop();
});

Deno.test("a closed source is refused with CLOSED", () => {
  const source = MemorySource.open();
  source.close();
  const calls = [
    () => source.share(),
    () => source.writer(0),
    () => source.openScanner(),
    () => source.start(),
    () => source.pause(),
    () => source.resume(),
  ];
  for (const call of calls) {
    const error = assertThrows(call, EventPipeError, "the memory source is closed");
    assertEquals(error.code, "CLOSED");
  }
});
