/** The waiter on the model of epoll, with a source of this isolate: what a writer wakes is reported, in order, once. */

import { assert, assertEquals, assertGreaterOrEqual, assertRejects, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../src/errors.ts";
import { layOutRings, SPARE_BYTES } from "../../../src/ring/geometry.ts";
import { PerfScanner } from "../../../src/ring/perf_scanner.ts";
import { PerfWriter, type RingEvents } from "../../../src/ring/perf_writer.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import { type LocalSignals, ModelWaiter } from "../../../src/wait/model.ts";
import { StopListener } from "../../../src/wait/stop_listener.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";

/** Marks of rings that tell of each wake-up. */
class Signals implements LocalSignals, RingEvents {
  onWake: ((ring: number) => void) | null = null;
  readonly #marks = new Set<number>();

  wake(ring: number): void {
    this.#marks.add(ring);
    this.onWake?.(ring);
  }

  take(ring: number): boolean {
    return this.#marks.delete(ring);
  }

  accepts(): boolean {
    return true;
  }

  lose(): void {}
}

/** A waiter on four rings. */
class WaitedRings implements Disposable {
  readonly signals = new Signals();
  readonly token = StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
  readonly waiter = new ModelWaiter(this.signals, new StopListener(this.token));
  readonly #ready = new Int32Array(4);

  constructor() {
    for (let ring = 0; ring < 4; ring++) this.waiter.add(-1, ring);
  }

  wait(timeoutMs: number): number[] {
    return [...this.#ready.subarray(0, this.waiter.wait(timeoutMs, this.#ready))];
  }

  async waitAsync(timeoutMs: number): Promise<number[]> {
    return [...this.#ready.subarray(0, await this.waiter.waitAsync(timeoutMs, this.#ready))];
  }

  [Symbol.dispose](): void {
    this.waiter.close();
  }
}

Deno.test("rings are reported once for all their wake-ups, in the order of the first of them", async () => {
  using rings = new WaitedRings();
  for (const ring of [2, 0, 2, 3, 0]) rings.signals.wake(ring);
  assertEquals(rings.wait(-1), [2, 0, 3]);
  assertEquals(rings.wait(0), []);
  rings.signals.wake(0);
  rings.signals.wake(2);
  assertEquals(await rings.waitAsync(-1), [0, 2]);
  assertEquals(await rings.waitAsync(0), []);
});

Deno.test("a ring that was woken before the waiter knew it is reported", () => {
  const signals = new Signals();
  signals.wake(1);
  const waiter = new ModelWaiter(signals);
  waiter.add(-1, 0);
  waiter.add(-1, 1);
  signals.wake(1);
  const ready = new Int32Array(2);
  assertEquals([waiter.wait(-1, ready), ready[0]], [1, 1]);
  waiter.close();
});

Deno.test("a wait that blocks takes no time, and its limit passes on the model's clock", () => {
  using rings = new WaitedRings();
  const start = performance.now();
  for (let round = 0; round < 100; round++) assertEquals(rings.wait(60_000), []);
  assert(performance.now() - start < 60_000);
});

Deno.test("a wait without end that nothing could end is refused with what to do", () => {
  using rings = new WaitedRings();
  const error = assertThrows(() => rings.wait(-1), EventPipeError, "give a time limit");
  assertEquals(error.code, "NOT_SUPPORTED");
  rings.signals.wake(1);
  assertEquals(rings.wait(-1), [1]);
});

Deno.test("a wake-up ends a wait that is under way, and its limit ends it else", async () => {
  using rings = new WaitedRings();
  const waiting = rings.waitAsync(-1);
  rings.signals.wake(3);
  assertEquals(await waiting, [3]);
  const start = performance.now();
  assertEquals(await rings.waitAsync(30), []);
  assertGreaterOrEqual(performance.now() - start, 29);
});

Deno.test("wake ends the wait under way or else the next one, once", async () => {
  using rings = new WaitedRings();
  const waiting = rings.waitAsync(-1);
  rings.waiter.wake();
  assertEquals(await waiting, []);
  rings.waiter.wake();
  rings.waiter.wake();
  assertEquals(rings.wait(-1), []);
  assertThrows(() => rings.wait(-1), EventPipeError);
  rings.waiter.wake();
  rings.signals.wake(0);
  assertEquals(await rings.waitAsync(-1), [0]);
  assertThrows(() => rings.wait(-1), EventPipeError);
});

Deno.test("a token that is interrupted ends one wait, and one that is stopped all of them", async () => {
  using rings = new WaitedRings();
  const waiting = rings.waitAsync(-1);
  rings.token.interrupt();
  assertEquals(await waiting, []);
  rings.token.interrupt();
  assertEquals(rings.wait(-1), []);
  assertThrows(() => rings.wait(-1), EventPipeError);
  rings.token.stop();
  for (let round = 0; round < 3; round++) {
    assertEquals(rings.wait(-1), []);
    assertEquals(await rings.waitAsync(-1), []);
  }
});

Deno.test("an endless stream of events lets timers run", async () => {
  using rings = new WaitedRings();
  let isOver = false;
  const timer = setTimeout(() => isOver = true, 1);
  while (!isOver) {
    rings.signals.wake(0);
    assertEquals(await rings.waitAsync(-1), [0]);
  }
  clearTimeout(timer);
});

Deno.test("a closed waiter hears nothing any more", async () => {
  const rings = new WaitedRings();
  rings.waiter.close();
  rings.waiter.close();
  assertEquals(rings.signals.onWake, null);
  rings.signals.wake(0);
  await assertRejects(async () => rings.wait(await Promise.resolve(-1)), EventPipeError);
});

Deno.test("records of a writer arrive with the wake-ups of its threshold", () => {
  using rings = new WaitedRings();
  const { regions, bufferBytes } = layOutRings(1, 4096, 4096, SPARE_BYTES);
  const buffer = new SharedArrayBuffer(bufferBytes);
  const [region] = regions;
  const staging = region!.data + region!.bytes + SPARE_BYTES;
  const events = rings.signals;
  const writer = new PerfWriter({ buffer, region: region!, ring: 0, staging, wakeupEvents: 3, events });
  const scanner = new PerfScanner(buffer, regions);
  const batch = new RecordBatch();
  const counts: number[] = [];
  for (let event = 1; event <= 9; event++) {
    writer.payload.setUint32(0, event, true);
    assertEquals(writer.output(36), 0);
    if (rings.wait(0).length === 0) continue;
    let count = 0;
    scanner.begin(0);
    while (scanner.scan(0, batch)) {
      count += batch.count;
      scanner.commit(0);
    }
    counts.push(event, count);
  }
  assertEquals(counts, [3, 3, 6, 3, 9, 3]);
});
