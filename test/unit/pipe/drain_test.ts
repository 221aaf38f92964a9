/** Tests of drains: what ends them, where the next one begins, and what handlers may do meanwhile. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type EventHandler, EventPipe, EventPipeError } from "../../../mod.ts";
import { eventBytes, MemoryPipe, noting, tailOf } from "./_pipe.ts";

Deno.test("a non-zero result ends the drain behind its event, and poll returns it", () => {
  using memory = new MemoryPipe({ cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => value === 2 ? -7 : 0));
  for (const value of [1, 2, 3]) memory.emit(0, value, 0);
  memory.emit(0, 4, 1);
  assertEquals(memory.pipe.poll(0), -7);
  assertEquals(seen, [1, 2]);
  assertEquals(tailOf(memory, 0), 2n * 32n);
  // The wake-ups of both rings are used up, but they are still to be drained: this does not wait. The other ring is first.
  assertEquals(memory.pipe.poll(-1), 0);
  assertEquals(seen, [1, 2, 4, 3]);
});

Deno.test("results that are no non-zero number do not end the drain", () => {
  using memory = new MemoryPipe();
  const results = [0, undefined, null, false, true, "1", -0];
  let calls = 0;
  memory.pipe.register({ name: "odd", process: () => results[calls++] as number });
  for (let i = 0; i < results.length; i++) memory.emit(0);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(calls, results.length);
});

Deno.test("an exception leaves poll behind its event, and the next call begins with the next one", () => {
  using memory = new MemoryPipe({ cpus: [0, 1] });
  const { pipe } = memory;
  const seen: number[] = [];
  pipe.register(noting(seen, (value) => {
    if (value === 2 || value === 5) throw new Error(`at ${value}`);
  }));
  for (const value of [1, 2, 3]) memory.emit(0, value, 0);
  for (const value of [4, 5, 6]) memory.emit(0, value, 1);
  assertThrows(() => pipe.poll(0), Error, "at 2");
  assertEquals([seen, tailOf(memory, 0)], [[1, 2], 64n]);
  assertThrows(() => pipe.poll(-1), Error, "at 5");
  assertEquals([seen, tailOf(memory, 1)], [[1, 2, 4, 5], 64n]);
  assertEquals(pipe.poll(-1), 0);
  assertEquals(seen, [1, 2, 4, 5, 3, 6]);
  const { dispatched, categories: [category] } = pipe.statistics();
  assertEquals([dispatched, category!.events, category!.errors], [6, 6, 2]);
});

Deno.test("a handler that throws at the end of a full batch, or returns there, loses nothing", () => {
  for (const last of [255, 256, 257]) {
    using memory = new MemoryPipe();
    const seen: number[] = [];
    memory.pipe.register(noting(seen, (value) => {
      if (value === last) throw new Error("here");
      return value === last + 1 ? 3 : 0;
    }));
    for (let value = 1; value <= 600; value++) memory.emit(0, value);
    assertThrows(() => memory.pipe.poll(0), Error, "here");
    assertEquals(memory.pipe.poll(0), 3);
    assertEquals(memory.pipe.poll(0), 0);
    assertEquals(seen, Array.from({ length: 600 }, (_, i) => i + 1));
  }
});

Deno.test("a handler that returns an object, such as a promise, is refused with a TypeError", () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  pipe.register({ name: "async", process: (async () => {}) as unknown as EventHandler["process"] });
  memory.emit(0);
  assertThrows(() => pipe.poll(0), TypeError, 'Cannot dispatch to "async"');
  assertThrows(() => pipe.dispatch(eventBytes(0)), TypeError, "must be synchronous");
  assertEquals(pipe.statistics().categories[0]!.errors, 2);
  assertEquals(pipe.poll(0), 0);
});

Deno.test("a handler cannot poll, consume or run its pipe, and the pipe stays in order", async () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  const calls: [string, () => unknown][] = [["poll", () => pipe.poll(0)], ["consume", () => pipe.consume()]];
  const refused: string[] = [];
  let running: Promise<number> | undefined;
  pipe.register({
    name: "re-entrant",
    process(): void {
      for (const [name, call] of calls) {
        refused.push(
          assertThrows(call, TypeError, "a handler of this pipe is being called").message.slice(0, 20),
        );
        assert(refused.at(-1)!.includes(name));
      }
      running = pipe.run();
      running.catch(() => {});
    },
  });
  memory.emit(0);
  assertEquals(pipe.poll(0), 0);
  assertEquals(refused.length, 2);
  await assertRejects(() => running!, TypeError, "Cannot run");
  assertEquals(pipe.poll(0), 0);
});

Deno.test("a handler may register and unregister handlers, itself too, for the events that follow", () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  const seen: string[] = [];
  pipe.register({
    name: "first",
    process(): void {
      seen.push("first");
      pipe.register({ name: "second", process: () => void seen.push("second") });
      pipe.unregister(0);
    },
  });
  for (const category of [0, 1, 0]) memory.emit(category);
  pipe.poll(0);
  assertEquals([seen, pipe.statistics().unknown], [["first", "second"], 1]);
});

Deno.test("a handler that closes the pipe ends the drain behind its event; the rest is left", () => {
  const memory = new MemoryPipe({ cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => {
    if (value === 2) memory.pipe.close();
  }));
  for (const value of [1, 2, 3, 4]) memory.emit(0, value, 0);
  memory.emit(0, 5, 1);
  assertEquals(memory.pipe.poll(0), 0);
  const { dispatched, left, cpus } = memory.pipe.statistics();
  assertEquals([seen, dispatched, left, cpus.map((cpu) => cpu.left)], [[1, 2], 2, 3, [2, 1]]);
  assertThrows(() => memory.pipe.poll(0), EventPipeError, "closed");
  assertEquals(memory.emit(0), -2);
});

Deno.test("a handler that closes the pipe and throws, or returns a number, does both", () => {
  const throwing = new MemoryPipe();
  throwing.pipe.register({
    name: "close and throw",
    process(): void {
      throwing.pipe.close();
      throw new Error("mine");
    },
  });
  throwing.emit(0);
  throwing.emit(0);
  assertThrows(() => throwing.pipe.poll(0), Error, "mine");
  assertEquals(throwing.pipe.statistics().left, 1);
  const returning = new MemoryPipe();
  returning.pipe.register({ name: "close and return", process: () => (returning.pipe.close(), 6) });
  returning.emit(0);
  assertEquals(returning.pipe.poll(0), 6);
  assertEquals(returning.source.buffer.byteLength, 0);
});

Deno.test("a handler that ends every drain on a busy ring does not starve the rings behind it", () => {
  using memory = new MemoryPipe({ cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen, () => 1));
  for (let round = 1; round <= 3; round++) {
    memory.emit(0, round, 0);
    memory.emit(0, round, 0);
    memory.emit(0, 10 * round, 1);
    memory.pipe.poll(0);
    memory.pipe.poll(0);
  }
  assertEquals(seen, [1, 10, 1, 20, 2, 30]);
});

Deno.test("a source that belongs to a pipe is refused to a second one, and stays open", () => {
  using memory = new MemoryPipe();
  const { source } = memory;
  assertThrows(() => EventPipe.open({ source }), TypeError, "belongs to another pipe");
  const seen: number[] = [];
  memory.pipe.register(noting(seen, () => 0));
  assertEquals(memory.emit(0, 5), 0);
  memory.pipe.poll(0);
  assertEquals(seen, [5]);
});

Deno.test("an error counts for the handler that threw, also if it took itself off before", () => {
  using memory = new MemoryPipe();
  memory.pipe.register(noting([]));
  const category: number = memory.pipe.register({
    name: "once",
    process(): void {
      memory.pipe.unregister(category);
      throw new Error("not again");
    },
  });
  memory.emit(0, 1);
  memory.emit(category, 2);
  assertThrows(() => memory.pipe.consume(), Error, "not again");
  assertEquals(memory.pipe.statistics().categories.map(({ errors }) => errors), [0, 1]);
});

Deno.test("a drain that a handler ends by closing the pipe does not go on with the rings in front of it", () => {
  using memory = new MemoryPipe({ cpus: [0, 1, 2] });
  const seen: number[] = [];
  memory.pipe.register({
    name: "closes at 2",
    process(event): number {
      const value = event.u64(12);
      seen.push(value);
      if (value === 2) memory.pipe.close();
      return value === 1 ? 1 : 0;
    },
  });
  memory.emit(0, 1, 0);
  assertEquals(memory.pipe.consume(), 1); // the next drain begins behind this ring
  memory.emit(0, 2, 1);
  memory.emit(0, 3, 0);
  assertEquals(memory.pipe.consume(), 0);
  assertEquals(seen, [1, 2]);
  assertEquals(memory.pipe.statistics().left, 1);
});
