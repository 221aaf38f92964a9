/** Tests of handlers that take batches: what they get and when, how they end a drain, when the batch is stale. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { BatchHandler, EventBatch } from "../../../mod.ts";
import { assertStale, MemoryPipe, noting, tailOf } from "./_pipe.ts";

/** A handler that notes the values of each batch it gets. */
function notingBatches(seen: number[][], result?: (values: number[]) => number | void): BatchHandler {
  return {
    name: "batches",
    processBatch(events): number | void {
      const values = Array.from({ length: events.length }, (_, i) => events.u64(i, 12));
      seen.push(values);
      return result?.(values);
    },
  };
}

Deno.test("a batch holds the events of its category in the order of the ring, behind the single ones", () => {
  using memory = new MemoryPipe();
  const told: (number | number[])[] = [];
  const batches = notingBatches(told as number[][]);
  memory.pipe.register(batches);
  memory.pipe.register(noting(told as number[]));
  memory.pipe.register(batches);
  [0, 1, 2, 0, 1, 0].forEach((category, value) => memory.emit(category, value));
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(told, [1, 4, [0, 3, 5], [2]]);
  const { dispatched, bytes, categories } = memory.pipe.statistics();
  assertEquals([dispatched, bytes], [6, 120]);
  assertEquals(categories.map(({ events, bytes }) => [events, bytes]), [[3, 60], [2, 40], [1, 20]]);
});

Deno.test("batches are full at 256 events, and no event is in two", () => {
  using memory = new MemoryPipe();
  const seen: number[][] = [];
  memory.pipe.register(notingBatches(seen));
  const values = Array.from({ length: 600 }, (_, value) => value);
  for (const value of values) memory.emit(0, value);
  memory.pipe.consume();
  assertEquals(seen.flat(), values);
  assertEquals(seen.map(({ length }) => length), [256, 256, 88]);
});

Deno.test("events of several rings that are merged stand in one batch, with their CPUs", () => {
  using memory = new MemoryPipe({ cpus: [3, 5], merge: { windowMs: 0 } });
  const seen: [number, number][] = [];
  memory.pipe.register({
    name: "batch",
    processBatch(events): void {
      for (let i = 0; i < events.length; i++) seen.push([events.at(i).cpu, events.u64(i, 12)]);
    },
  });
  for (const value of [1, 4, 5]) memory.emit(0, value, 0);
  for (const value of [2, 3, 6]) memory.emit(0, value, 1);
  memory.pipe.consume();
  assertEquals(seen, [[3, 1], [5, 2], [5, 3], [3, 4], [3, 5], [5, 6]]);
});

Deno.test("the bytes of a batch are given back behind its handler", () => {
  for (const commit of ["record", "batch", "drain"] as const) {
    using memory = new MemoryPipe({ commit });
    const tails: bigint[] = [];
    const counts: number[] = [];
    memory.pipe.register({
      name: "batch",
      processBatch(events): void {
        tails.push(tailOf(memory, 0));
        counts.push(events.length);
      },
    });
    for (let i = 0; i < 3; i++) memory.emit(0, i);
    memory.pipe.consume();
    assertEquals(tails, commit === "record" ? [0n, 32n, 64n] : [0n]);
    assertEquals(counts, commit === "record" ? [1, 1, 1] : [3]);
    assertEquals(tailOf(memory, 0), 96n);
  }
});

Deno.test("a number ends the drain behind the batch, and poll returns it", () => {
  using memory = new MemoryPipe({ cpus: [0, 1] });
  const seen: number[][] = [];
  memory.pipe.register(notingBatches(seen, (values) => values.includes(2) ? 9 : 0));
  for (const value of [1, 2, 3]) memory.emit(0, value, 0);
  memory.emit(0, 4, 1);
  assertEquals(memory.pipe.poll(0), 9);
  assertEquals(seen, [[1, 2, 3]]);
  assertEquals(memory.pipe.poll(-1), 0);
  assertEquals(seen, [[1, 2, 3], [4]]);
});

Deno.test("a single event's number ends the drain, and batches get what was in front of it", () => {
  using memory = new MemoryPipe();
  const told: (number | number[])[] = [];
  memory.pipe.register(notingBatches(told as number[][]));
  memory.pipe.register(noting(told as number[], () => 5));
  [0, 1, 0].forEach((category, value) => memory.emit(category, value));
  assertEquals(memory.pipe.poll(0), 5);
  assertEquals(told, [1, [0]]);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(told, [1, [0], [2]]);
});

Deno.test("an exception leaves poll behind all batches, with a second one beside it", () => {
  using memory = new MemoryPipe();
  const seen: string[] = [];
  const throwing = (name: string): BatchHandler => ({
    name,
    processBatch(): never {
      seen.push(name);
      throw new Error(name);
    },
  });
  memory.pipe.register(throwing("first"));
  memory.pipe.register(throwing("second"));
  memory.pipe.register({
    name: "single",
    process(): never {
      throw new Error("single");
    },
  });
  [0, 1, 0].forEach((category) => memory.emit(category));
  const both = assertThrows(() => memory.pipe.poll(0), SuppressedError) as SuppressedError;
  assertEquals([both.error.message, both.suppressed.message, seen], ["first", "second", ["first", "second"]]);
  assertEquals(memory.pipe.poll(0), 0);
  [0, 2, 1].forEach((category) => memory.emit(category));
  const other = assertThrows(() => memory.pipe.poll(0), SuppressedError) as SuppressedError;
  assertEquals([other.error.message, other.suppressed.message], ["single", "first"]);
  assertThrows(() => memory.pipe.poll(0), Error, "second");
  assertEquals(memory.pipe.poll(0), 0);
  const { dispatched, categories } = memory.pipe.statistics();
  assertEquals([dispatched, ...categories.map(({ errors }) => errors)], [6, 2, 2, 1]);
});

Deno.test("a batch and its view are stale behind the call, and indexes outside are a RangeError", () => {
  using memory = new MemoryPipe();
  let kept: EventBatch | undefined;
  memory.pipe.register({
    name: "keeping",
    processBatch(events): void {
      kept = events;
      assertEquals(events.at(1).copy().u64(12), 8);
      for (const index of [2, -1, 0.5, NaN]) {
        assertThrows(() => events.at(index), RangeError, `Cannot read event ${index}`);
      }
      assertThrows(() => events.u32(0, 17), RangeError);
    },
  });
  memory.emit(0, 7);
  memory.emit(0, 8);
  memory.pipe.consume();
  for (const read of [() => kept!.length, () => kept!.at(0), () => kept!.u32(0, 0), () => kept!.u64(0, 12)]) {
    assertStale(read);
  }
});

Deno.test("a handler of batches that closes the pipe ends it, and what was not read is left", () => {
  using memory = new MemoryPipe();
  memory.pipe.register({ name: "closing", processBatch: () => memory.pipe.close() });
  for (let i = 0; i < 300; i++) memory.emit(0, i);
  assertEquals(memory.pipe.poll(0), 0);
  const { dispatched, left } = memory.pipe.statistics();
  assertEquals([dispatched, left], [256, 44]);
});

Deno.test("dispatch by hand refuses a handler of batches, and so does an object it returns", () => {
  using memory = new MemoryPipe();
  memory.pipe.register({ name: "late", processBatch: (): number => Promise.resolve() as unknown as number });
  assertThrows(() => memory.pipe.dispatch(new Uint8Array(20)), TypeError, "it takes batches");
  memory.emit(0);
  assertThrows(() => memory.pipe.poll(0), TypeError, "processBatch returned an object");
});

Deno.test("register wants one function of the two", () => {
  using memory = new MemoryPipe();
  // deno-lint-ignore no-explicit-any -- the point is to pass what the types forbid
  const wrong = (value: unknown): any => value;
  const process = (): void => {};
  for (const handler of [{}, { process: 1 }, { processBatch: 1 }, { process, processBatch: process }]) {
    assertThrows(() => memory.pipe.register(wrong({ name: "x", ...handler })), TypeError, "processBatch");
  }
  assert(memory.pipe.register({ name: "x", process }) === 0);
});
