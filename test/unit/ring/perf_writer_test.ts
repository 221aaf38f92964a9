/** Tests of the perf writer: the kernel's rules for space, padding, losses and wake-ups. */

import { assertEquals, assertThrows } from "@std/assert";
import { layOutRings, SPARE_BYTES } from "../../../src/ring/geometry.ts";
import { type Admission, PerfWriter } from "../../../src/ring/perf_writer.ts";
import { FakeRing, LOST, oracle, payload, SAMPLE, UNTOUCHED } from "./_records.ts";

const ENOENT = -2;
const ENOSPC = -28;

/** A ring with its writer, which notes what the writer says. */
class Bench {
  readonly ring: FakeRing;
  readonly writer: PerfWriter;
  open: Admission = true;
  /** Rings woken, lost. */
  readonly wakes: number[] = [];
  lost = 0;

  constructor(ringBytes: number, { position = 0n, wakeupEvents = 1, id = 0 } = {}) {
    const { regions, bufferBytes } = layOutRings(1, ringBytes, 4096, SPARE_BYTES);
    this.ring = new FakeRing(new ArrayBuffer(bufferBytes), regions[0]!, position);
    this.writer = new PerfWriter({
      buffer: this.ring.buffer,
      region: regions[0]!,
      ring: 3,
      staging: regions[0]!.data + ringBytes + SPARE_BYTES,
      wakeupEvents,
      id,
      events: {
        accepts: () => this.open,
        wake: (ring) => void this.wakes.push(ring),
        lose: (ring) => void (this.lost += ring / 3),
      },
    });
  }

  /** Emits events of one size; the numbers, from 1, of those that woke the reader. */
  wakesAt(count: number, payloadBytes: number, drain = false): number[] {
    const numbers: number[] = [];
    for (let i = 1; i <= count; i++) {
      const before = this.wakes.length;
      assertEquals(this.writer.output(payloadBytes), 0);
      if (this.wakes.length > before) numbers.push(i);
      if (drain) this.drain();
    }
    return numbers;
  }

  drain(): void {
    this.ring.view.setBigUint64(this.ring.region.meta + 1032, this.ring.head, true);
  }
}

Deno.test("output pads records to 8 bytes, and the raw size counts the padding", () => {
  for (let length = 1; length <= 20; length++) {
    const { ring, writer } = new Bench(4096);
    assertEquals(writer.outputBytes(payload(length, length)), 0);
    const recordBytes = length <= 4 ? 16 : length <= 12 ? 24 : 32;
    const { view, region: { data } } = ring;
    assertEquals(ring.head, BigInt(recordBytes));
    assertEquals(view.getUint32(data, true), SAMPLE);
    assertEquals(view.getUint16(data + 4, true), 1);
    assertEquals(view.getUint16(data + 6, true), recordBytes);
    assertEquals(view.getUint32(data + 8, true), recordBytes - 12);
    const padding = new Array(recordBytes - 12 - length).fill(UNTOUCHED);
    assertEquals(oracle(ring), [{ sample: [...payload(length, length), ...padding] }]);
  }
});

Deno.test("output emits what is staged, wherever the end of the ring cuts it", () => {
  for (let left = 8; left <= 48; left += 8) {
    for (const position of [4096 - left, 2 ** 32 - left, 2 ** 53 - left]) {
      const { ring, writer } = new Bench(4096, { position: BigInt(position) });
      for (let i = 0; i < 36; i++) writer.payload.setUint8(i, i + left);
      assertEquals(writer.output(36), 0);
      assertEquals(oracle(ring), [{ sample: Array.from({ length: 36 }, (_, i) => i + left) }]);
      assertEquals(ring.head, BigInt(position) + 48n);
    }
  }
});

Deno.test("output leaves one byte of the ring free: 21 records of 192 bytes fit 4096", () => {
  const { ring, writer } = new Bench(4096);
  for (let i = 0; i < 21; i++) assertEquals(writer.output(180), 0);
  assertEquals(ring.head, 4032n);
  assertEquals(writer.output(180), ENOSPC);
  const { writer: small, ring: exact } = new Bench(4096);
  for (let i = 0; i < 255; i++) assertEquals(small.output(4), 0);
  assertEquals([small.output(4), exact.head], [ENOSPC, 4080n]);
});

Deno.test("output takes payloads up to the ring's size less 20 bytes, and no longer one ever", () => {
  for (const ringBytes of [4096, 8192, 32768]) {
    for (const position of [0n, 40n]) {
      const fits = new Bench(ringBytes, { position });
      assertEquals(fits.writer.output(ringBytes - 19), ENOSPC);
      assertEquals(fits.ring.head, position);
      const again = new Bench(ringBytes, { position });
      assertEquals(again.writer.output(ringBytes - 20), 0);
      assertEquals(oracle(again.ring).length, 1);
    }
  }
});

Deno.test("output takes the longest payload of all in a ring that is large enough", () => {
  const { ring, writer } = new Bench(131072, { position: 131064n });
  assertEquals(writer.outputBytes(payload(65516, 5)), 0);
  assertEquals(oracle(ring), [{ sample: [...payload(65516, 5)] }]);
});

Deno.test("output puts a LOST record in front of the next event that fits, with count and id", () => {
  const bench = new Bench(4096, { id: 2 ** 32 + 5, position: 8n });
  const { ring, writer } = bench;
  for (let i = 0; i < 21; i++) writer.output(180);
  for (let i = 0; i < 7; i++) assertEquals(writer.output(180), ENOSPC);
  // 64 bytes are free, 63 of them usable: 24 for LOST leave 32 for the event.
  assertEquals(writer.output(21), ENOSPC);
  assertEquals([bench.lost, ring.head, bench.wakes.length], [8, 4040n, 21]);
  assertEquals(writer.output(20), 0);
  const told = oracle(ring);
  assertEquals(told.slice(21, 22), [{ lost: 8n }]);
  assertEquals(told.length, 23);
  const at = ring.region.data + 4040;
  assertEquals(ring.view.getUint32(at, true), LOST);
  assertEquals(ring.view.getUint16(at + 4, true), 0);
  assertEquals(ring.view.getBigUint64(at + 8, true), 2n ** 32n + 5n);
  bench.drain();
  writer.output(20);
  assertEquals(oracle(ring).length, 1, "a loss is told once");
  assertEquals(bench.lost, 8, "and still counted");
});

Deno.test("output needs room for LOST and event together", () => {
  const { ring, writer } = new Bench(4096);
  for (let i = 0; i < 21; i++) writer.output(180);
  writer.output(180);
  assertEquals(writer.output(36), ENOSPC); // 48 bytes would fit without the 24 of LOST
  assertEquals(ring.head, 4032n);
});

Deno.test("output writes a LOST record across the end of the ring", () => {
  for (const left of [8, 16, 24]) {
    const bench = new Bench(4096, { position: BigInt(4096 - left) });
    const { ring, writer } = bench;
    assertEquals(writer.output(4080), ENOSPC);
    assertEquals(writer.outputBytes(payload(20, 1)), 0);
    assertEquals(oracle(ring), [{ lost: 1n }, { sample: [...payload(20, 1)] }]);
  }
});

Deno.test("output wakes the reader at N, 2N and 3N events produced, read or not", () => {
  for (const drain of [false, true]) {
    assertEquals(new Bench(65536, { wakeupEvents: 4 }).wakesAt(14, 20, drain), [4, 8, 12]);
    assertEquals(new Bench(65536, { wakeupEvents: 1 }).wakesAt(3, 20, drain), [1, 2, 3]);
    assertEquals(new Bench(65536, { wakeupEvents: 14 }).wakesAt(28, 20, drain), [14, 28]);
  }
  const bench = new Bench(4096);
  bench.writer.output(4);
  assertEquals(bench.wakes, [3], "it names its ring");
});

Deno.test("output that finds no room wakes nobody and does not count towards the wake-up", () => {
  const bench = new Bench(4096, { wakeupEvents: 22 });
  for (let i = 0; i < 21; i++) bench.writer.output(180);
  bench.wakes.length = 0;
  for (let i = 0; i < 30; i++) bench.writer.output(180);
  assertEquals(bench.wakes.length, 0);
  bench.drain();
  bench.writer.output(180);
  assertEquals(bench.wakes.length, 1);
});

Deno.test("output wakes the reader past half a ring however large wakeupEvents is", () => {
  // Records of 24 bytes: 86 x 24 = 2064 is the first beyond 2048, 342 x 24 = 8208 the first beyond 8192.
  for (const wakeupEvents of [0, 1000]) {
    assertEquals(new Bench(4096, { wakeupEvents }).wakesAt(100, 12), [86]);
    assertEquals(new Bench(16384, { wakeupEvents }).wakesAt(400, 12), [342]);
  }
  assertEquals(new Bench(4096, { wakeupEvents: 1000 }).wakesAt(21, 180), [11]);
});

Deno.test("output counts the watermark by production: past 2048, 4096, 6144 bytes, read or not", () => {
  assertEquals(new Bench(4096, { wakeupEvents: 0 }).wakesAt(300, 12, true), [86, 171, 257]);
  const late = new Bench(4096, { wakeupEvents: 0, position: 2n ** 32n - 1032n });
  assertEquals(late.wakesAt(300, 12, true), [86, 171, 257]);
});

Deno.test("output moves the watermark by one byte at each wake-up by count, as rb->wakeup is one counter", () => {
  // 128 x 16 = 2048 is not beyond 2048, 129 x 16 is. After 8 wake-ups by count the mark is 2048 + 8.
  assertEquals(new Bench(4096, { wakeupEvents: 0 }).wakesAt(129, 4), [129]);
  assertEquals(new Bench(4096, { wakeupEvents: 127 }).wakesAt(130, 4), [127, 129]);
  assertEquals(new Bench(4096, { wakeupEvents: 7 }).wakesAt(130, 4).slice(-3), [119, 126, 130]);
});

Deno.test("output is refused with -ENOENT while the source takes no events, and counts nothing", () => {
  const bench = new Bench(4096);
  bench.open = false;
  assertEquals(bench.writer.output(8), ENOENT);
  assertEquals(bench.writer.output(4092), ENOENT);
  assertEquals([bench.ring.head, bench.lost, bench.wakes.length], [0n, 0, 0]);
  bench.open = true;
  assertEquals(bench.writer.output(8), 0);
  assertEquals(oracle(bench.ring).length, 1);
  bench.open = false;
  assertEquals(bench.writer.output(8), ENOENT);
});

Deno.test("output and outputBytes refuse payloads no record can hold", () => {
  const { ring, writer } = new Bench(4096);
  for (const length of [0, -1, 65517, 1.5, NaN, Infinity, "8" as unknown as number]) {
    assertThrows(() => writer.output(length), RangeError, `current value is ${length}`);
  }
  assertThrows(() => writer.outputBytes(new Uint8Array(0)), RangeError, "between 1 and 65516");
  assertThrows(() => writer.outputBytes(new Uint8Array(65517)), RangeError, "between 1 and 65516");
  assertEquals(ring.head, 0n);
});

Deno.test("a writer goes on at the head that is stored", () => {
  const { ring } = new Bench(4096, { position: 2n ** 40n + 4080n });
  const { region, buffer } = ring;
  for (let i = 0; i < 2; i++) {
    const writer = new PerfWriter({
      buffer,
      region,
      ring: 0,
      staging: region.data + region.bytes + SPARE_BYTES,
      wakeupEvents: 1,
      events: { accepts: () => true, wake: () => {}, lose: () => {} },
    });
    writer.outputBytes(payload(4, i));
  }
  assertEquals(ring.head, 2n ** 40n + 4112n);
  assertEquals(oracle(ring), [{ sample: [...payload(4, 0)] }, { sample: [...payload(4, 1)] }]);
});

Deno.test("output into a paused ring is refused and counted as into a full one, and told by the next LOST record", () => {
  const bench = new Bench(4096);
  const { ring, writer } = bench;
  writer.outputBytes(payload(4, 1));
  bench.open = "paused";
  const wakes = bench.wakes.length;
  for (let i = 0; i < 3; i++) assertEquals(writer.outputBytes(payload(4, 2)), ENOSPC);
  assertEquals([bench.lost, ring.head, bench.wakes.length], [3, 16n, wakes]);
  bench.open = true;
  assertEquals(writer.outputBytes(payload(4, 3)), 0);
  assertEquals(oracle(ring), [{ sample: [...payload(4, 1)] }, { lost: 3n }, { sample: [...payload(4, 3)] }]);
});
