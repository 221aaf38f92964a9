/** Tests of closing and of the accounting: every event produced is in exactly one term. */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type EventHandler, EventPipe, EventPipeError, MemorySource } from "../../../mod.ts";
import { eventBytes, MemoryPipe, noting } from "./_pipe.ts";

Deno.test("close counts what is left, releases the source and may be called again", () => {
  const memory = new MemoryPipe();
  memory.pipe.register(noting([]));
  for (let i = 0; i < 300; i++) memory.emit(i % 2, i);
  memory.pipe.close();
  memory.pipe.close();
  const statistics = memory.pipe.statistics();
  assertEquals([statistics.left, statistics.dispatched, statistics.exact], [300, 0, true]);
  assertStrictEquals(memory.pipe.statistics(), statistics, "it no longer changes");
  assertEquals(memory.source.buffer.byteLength, 0);
  assertEquals(memory.emit(0), -2);
});

Deno.test("using closes the pipe", () => {
  let kept: EventPipe;
  {
    using memory = new MemoryPipe();
    using pipe = memory.pipe;
    kept = pipe;
  }
  assertThrows(() => kept.poll(0), EventPipeError, "closed");
});

Deno.test("every call on a closed pipe is refused with CLOSED, but for close and statistics", async () => {
  const { pipe } = new MemoryPipe();
  pipe.close();
  const calls: (() => unknown)[] = [
    () => pipe.register(noting([])),
    () => pipe.unregister(0),
    () => pipe.dispatch(eventBytes(0)),
    () => pipe.poll(0),
    () => pipe.consume(),
  ];
  for (const call of calls) {
    const error = assertThrows(call, EventPipeError, "the pipe is closed");
    assertEquals(error.code, "CLOSED");
  }
  const error = await assertRejects(() => pipe.run(), EventPipeError, "the pipe is closed");
  assertEquals(error.code, "CLOSED");
  pipe.close();
  assertEquals(pipe.statistics().dispatched, 0);
});

Deno.test("open closes the source when it fails", () => {
  const source = MemorySource.open();
  assertThrows(() => EventPipe.open({ source, waiter: "epoll" }), TypeError, 'use "atomics"');
  assertEquals(source.buffer.byteLength, 0);
});

Deno.test("open refuses a source that is closed", () => {
  const source = MemorySource.open();
  source.close();
  const error = assertThrows(() => EventPipe.open({ source }), EventPipeError, "the memory source is closed");
  assertEquals(error.code, "CLOSED");
});

Deno.test("statistics count corruption, give up exactness and go on behind it", () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  for (const value of [1, 2, 3]) memory.emit(0, value);
  new DataView(memory.source.buffer).setUint16(4096 + 32 + 6, 0, true); // the second header's size
  memory.pipe.poll(0);
  memory.emit(0, 4);
  memory.pipe.poll(0);
  const { corrupt, corruptBytes, exact, cpus } = memory.pipe.statistics();
  assertEquals([seen, corrupt, corruptBytes, exact, cpus[0]!.corrupt], [[1, 4], 1, 64, false, 1]);
});

Deno.test("statistics count corruption that close finds", () => {
  const memory = new MemoryPipe();
  for (const value of [1, 2, 3]) memory.emit(0, value);
  new DataView(memory.source.buffer).setUint16(4096 + 32 + 6, 0, true);
  memory.pipe.close();
  const { left, corrupt, corruptBytes, exact } = memory.pipe.statistics();
  assertEquals([left, corrupt, corruptBytes, exact], [1, 1, 64, false]);
});

Deno.test("statistics count skipped records and bytes with the ring's padding", () => {
  using memory = new MemoryPipe();
  memory.pipe.register({ name: "any", process: () => {} });
  memory.writers[0]!.output(13);
  memory.emit(0);
  const view = new DataView(memory.source.buffer);
  view.setUint32(4096 + 32, 5, true); // the second record becomes a PERF_RECORD_THROTTLE
  memory.pipe.poll(0);
  const { bytes, cpus, categories } = memory.pipe.statistics();
  assertEquals([bytes, cpus[0]!.skipped, categories[0]!.bytes], [20, 1, 20]);
});

Deno.test("produced = dispatched + unknown + lost + left in any scenario", () => {
  type Step = { emit: number; category: number; ring: number } | "poll" | "consume";
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ emit: fc.nat(90), category: fc.nat(4), ring: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.constantFrom("poll" as const, "consume" as const) },
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 200 }), (script, wakeupEvents) => {
      let told = 0;
      const memory = new MemoryPipe({
        ringBytes: 4096,
        cpus: [0, 2, 5],
        wakeupEvents,
        onLost: (_, count) => void (told += count),
      });
      let [produced, accepted, calls] = [0, 0, 0];
      const handler = (name: string, result: () => number): EventHandler => ({
        name,
        process(): number {
          calls++;
          return result();
        },
      });
      memory.pipe.register(handler("plain", () => 0));
      memory.pipe.register(handler("ending", () => calls % 5));
      memory.pipe.register(handler("throwing", () => {
        if (calls % 7 === 0) throw new Error("mine");
        return 0;
      }));
      for (const step of script) {
        if (typeof step === "object") {
          for (let i = 0; i < step.emit; i++) {
            produced++;
            if (memory.emit(step.category, i, step.ring) === 0) accepted++;
          }
          continue;
        }
        try {
          if (step === "poll") memory.pipe.poll(0);
          else memory.pipe.consume();
        } catch (error) {
          assertEquals((error as Error).message, "mine");
        }
      }
      memory.pipe.close();
      const { dispatched, unknown, lost, left, exact, cpus, categories } = memory.pipe.statistics();
      assert(exact);
      assertEquals(produced, dispatched + unknown + lost + left);
      assertEquals(lost, produced - accepted);
      assertEquals(dispatched, calls);
      assertEquals(dispatched, categories.reduce((sum, { events }) => sum + events, 0));
      assertEquals(left, cpus.reduce((sum, cpu) => sum + cpu.left, 0));
      assert(told <= lost);
    }),
    { seed: 6, numRuns: 150 },
  );
});
