/** Tests of rings that are merged by time: the order, what is held back and for how long, and what is never lost. */

import { assert, assertEquals, assertGreaterOrEqual, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { EventPipeOptions } from "../../../mod.ts";
import { FakeTime } from "./_fake_time.ts";
import { MemoryPipe, noting, tailOf } from "./_pipe.ts";

/** A pipe over three rings whose handler notes values; an event's time is 1000 times its value. */
class Merged implements Disposable {
  readonly memory: MemoryPipe;
  readonly seen: number[] = [];

  constructor(windowMs: number, options: Omit<EventPipeOptions, "source"> & { ringBytes?: number } = {}) {
    this.memory = new MemoryPipe({ cpus: [0, 1, 2], merge: { windowMs }, ...options });
    this.memory.pipe.register(noting(this.seen));
  }

  emit(ring: number, ...values: number[]): void {
    for (const value of values) assertEquals(this.memory.emit(0, value, ring), 0);
  }

  late(): number {
    return this.memory.pipe.statistics().cpus.reduce((sum, { late }) => sum + late, 0);
  }

  [Symbol.dispose](): void {
    this.memory.pipe.close();
  }
}

Deno.test("consume gives all that is there in the order of time", () => {
  using merged = new Merged(1000);
  merged.emit(0, 1, 5, 9);
  merged.emit(1, 2, 3, 10);
  merged.emit(2, 4, 6, 7, 8);
  assertEquals(merged.memory.pipe.consume(), 0);
  assertEquals(merged.seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assertEquals(merged.late(), 0);
});

Deno.test("poll holds events back for the window, and then tells them with what is older and came meanwhile", () => {
  using time = new FakeTime();
  using merged = new Merged(10);
  const { pipe } = merged.memory;
  merged.emit(0, 5, 7);
  pipe.poll(0);
  assertEquals([merged.seen, tailOf(merged.memory, 0)], [[], 0n]);
  time.tick(9);
  merged.emit(1, 4, 6, 8);
  pipe.poll(0);
  assertEquals(merged.seen, []);
  time.tick(1);
  pipe.poll(0);
  // 8 came after the window had begun: it waits for a window of its own.
  assertEquals(merged.seen, [4, 5, 6, 7]);
  merged.emit(0, 9);
  time.tick(9);
  pipe.poll(0);
  assertEquals(merged.seen, [4, 5, 6, 7]);
  time.tick(1);
  pipe.poll(0);
  assertEquals(merged.seen, [4, 5, 6, 7, 8]);
  time.tick(10);
  pipe.poll(0);
  assertEquals(merged.seen, [4, 5, 6, 7, 8, 9]);
  assertEquals(merged.late(), 0);
});

Deno.test("poll waits no longer than until held events are due", () => {
  using merged = new Merged(20);
  const { pipe } = merged.memory;
  merged.emit(0, 1);
  pipe.poll(-1); // the writer woke us
  const began = performance.now();
  while (merged.seen.length === 0) pipe.poll(-1); // nobody else will
  assertGreaterOrEqual(performance.now() - began, 15);
});

Deno.test("run tells held events too, and all of them when it ends", async () => {
  using merged = new Merged(20);
  const { pipe } = merged.memory;
  const end = new AbortController();
  merged.emit(0, 2);
  merged.emit(1, 1);
  await pipe.run({
    signal: end.signal,
    flushMs: 10_000,
    onDrained(): void {
      if (merged.seen.length === 2) {
        merged.emit(2, 3);
        end.abort();
      }
    },
  });
  assertEquals(merged.seen, [1, 2, 3]);
});

Deno.test("an event that comes after the window is told at once that it is late, and counted so", () => {
  using merged = new Merged(1000);
  merged.emit(0, 5);
  merged.memory.pipe.consume();
  merged.emit(1, 4);
  merged.memory.pipe.consume();
  assertEquals(merged.seen, [5, 4]);
  assertEquals(merged.memory.pipe.statistics().cpus.map(({ late }) => late), [0, 1, 0]);
});

Deno.test("a ring keeps its own order, whatever the times in it", () => {
  using merged = new Merged(0);
  merged.emit(0, 3, 1, 2);
  merged.emit(1, 2, 4);
  merged.memory.pipe.consume();
  assertEquals(merged.seen, [2, 3, 1, 2, 4]);
});

Deno.test("a ring that is more than half full is not held back", () => {
  using _time = new FakeTime();
  using merged = new Merged(1000, { ringBytes: 4096 });
  for (let value = 1; value <= 64; value++) merged.emit(0, value);
  merged.memory.pipe.poll(0);
  assertEquals(merged.seen.length, 0);
  merged.emit(1, 32.5 * 2); // time 65
  merged.emit(0, 66);
  merged.memory.pipe.poll(0);
  assertEquals(merged.seen.length, 66);
  assertEquals(merged.seen.slice(-2), [65, 66]);
});

Deno.test("events too short for a time go with those around them", () => {
  using memory = new MemoryPipe({ cpus: [0, 1], merge: { windowMs: 0 } });
  const seen: number[] = [];
  memory.pipe.register({ name: "sizes", process: (event) => void seen.push(event.size) });
  memory.emit(0, 5, 0);
  memory.writers[0]!.output(4);
  memory.emit(0, 1, 1);
  memory.pipe.consume();
  assertEquals(seen, [20, 20, 4]);
});

Deno.test("a handler that throws, returns a number or closes ends the merge behind its event; nothing is lost", () => {
  using merged = new Merged(0);
  const { memory } = merged;
  memory.pipe.register({
    name: "ending",
    process(event): number {
      if (event.u64(12) === 3) throw new Error("mine");
      return event.u64(12);
    },
  });
  merged.emit(0, 1, 4, 7);
  memory.emit(1, 3, 1);
  merged.emit(1, 6);
  memory.emit(1, 5, 2);
  assertThrows(() => memory.pipe.consume(), Error, "mine");
  assertEquals(merged.seen, [1]);
  assertEquals([0, 1, 2].map((ring) => tailOf(memory, ring)), [32n, 32n, 0n]);
  assertEquals(memory.pipe.consume(), 5);
  assertEquals(merged.seen, [1, 4]);
  memory.pipe.close();
  const { dispatched, left } = memory.pipe.statistics();
  assertEquals([dispatched, left], [4, 2]);
});

Deno.test("losses and unknown categories are told and counted as without a merge", () => {
  const lost: [number, number][] = [];
  using merged = new Merged(0, { ringBytes: 4096, onLost: (cpu, count) => void lost.push([cpu, count]) });
  const accepted = merged.memory.overflow(3, 1);
  merged.memory.emit(7, 1, 0);
  merged.memory.pipe.consume();
  merged.emit(1, 1000);
  merged.memory.pipe.consume();
  assertEquals(lost, [[1, 3]]);
  const { dispatched, unknown } = merged.memory.pipe.statistics();
  assertEquals([dispatched, unknown, merged.memory.pipe.statistics().lost], [accepted + 1, 1, 3]);
});

Deno.test("one ring cannot be consumed by itself", () => {
  using merged = new Merged(0);
  assertThrows(() => merged.memory.pipe.consume(1), TypeError, "merges its rings by time");
});

Deno.test("whatever is emitted when: each event once, in the order of time if none is later than the window", () => {
  const step = fc.record({
    ring: fc.nat({ max: 2 }),
    count: fc.nat({ max: 300 }),
    tick: fc.nat({ max: 8 }),
    polls: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      using time = new FakeTime();
      using merged = new Merged(4);
      let value = 0;
      for (const { ring, count, tick, polls } of steps) {
        for (let i = 0; i < count; i++) if (merged.memory.emit(0, value + 1, ring) === 0) value++;
        time.tick(tick);
        if (polls) merged.memory.pipe.poll(0);
      }
      merged.memory.pipe.consume();
      // Events were emitted in the order of their times here, so any order but that is a mistake of the merge.
      assertEquals(merged.seen, Array.from({ length: value }, (_, i) => i + 1));
      assertEquals(merged.late(), 0);
      assert(merged.memory.pipe.statistics().left === 0);
      assertLess(value, 10_000);
    }),
    { numRuns: 200 },
  );
});
