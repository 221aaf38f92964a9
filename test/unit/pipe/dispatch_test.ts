/** Tests of handlers and categories: who gets which event, and what becomes of those nobody gets. */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Event, type EventHandler, EventPipeError } from "../../../mod.ts";
import { eventBytes, MemoryPipe, noting } from "./_pipe.ts";

Deno.test("register gives 0, 1, 2, and events go to the handler of their category, with its context", () => {
  using memory = new MemoryPipe();
  const seen: [number, number, string][] = [];
  for (const name of ["a", "b", "c"]) {
    const category = memory.pipe.register({
      name,
      context: `context of ${name}`,
      process: (event, context) => void seen.push([event.category, event.u64(12), context]),
    });
    assertEquals(category, "abc".indexOf(name));
  }
  [2, 0, 1, 2].forEach((category, value) => memory.emit(category, value));
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(seen, [[2, 0, "context of c"], [0, 1, "context of a"], [1, 2, "context of b"], [
    2,
    3,
    "context of c",
  ]]);
});

Deno.test("process is called on its handler, so that a class instance can be one", () => {
  using memory = new MemoryPipe();
  class Counter implements EventHandler {
    readonly name = "counter";
    count = 0;
    process(): void {
      this.count++;
    }
  }
  const counter = new Counter();
  memory.pipe.register(counter);
  memory.emit(0);
  memory.pipe.poll(0);
  memory.pipe.dispatch(eventBytes(0));
  assertEquals(counter.count, 2);
});

Deno.test("unregister makes later events unknown and keeps the category's counts", () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  pipe.register(noting([]));
  memory.emit(0);
  pipe.poll(0);
  assertEquals([pipe.unregister(0), pipe.unregister(0), pipe.unregister(1)], [true, false, false]);
  assertEquals(pipe.register(noting([])), 1);
  memory.emit(0);
  pipe.poll(0);
  const { dispatched, unknown, categories } = pipe.statistics();
  assertEquals([dispatched, unknown], [1, 1]);
  assertEquals(categories.map(({ events }) => events), [1, 0]);
});

Deno.test("dispatch returns what the handler returned, for bytes and for events", () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  const results: (number | void)[] = [0, 5, -1, undefined];
  results.forEach((result, i) => pipe.register({ name: `${i}`, process: () => result }));
  results.forEach((result, i) => assertStrictEquals(pipe.dispatch(eventBytes(i)), result));
  let copy: Event | undefined;
  pipe.register({ name: "copy", process: (event) => (copy = event.copy(), 9) });
  assertEquals(pipe.dispatch(eventBytes(4, 77)), 9);
  assertEquals([copy!.u64(12), copy!.cpu, pipe.dispatch(copy!)], [77, -1, 9]);
  assertEquals(pipe.statistics().categories.map(({ events, bytes }) => [events, bytes]), [
    ...results.map(() => [1, 20]),
    [2, 40],
  ]);
});

Deno.test("dispatch passes on what the handler throws, and counts it", () => {
  using memory = new MemoryPipe();
  memory.pipe.register({
    name: "throwing",
    process: () => {
      throw new Error("mine");
    },
  });
  assertThrows(() => memory.pipe.dispatch(eventBytes(0)), Error, "mine");
  const [category] = memory.pipe.statistics().categories;
  assertEquals([category!.events, category!.errors], [1, 1]);
});

Deno.test("dispatch may be called inside a handler, and once more for the same event", () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register({
    name: "forward",
    process: (event) => memory.pipe.dispatch(eventBytes(1, event.u64(12))),
  });
  memory.pipe.register(noting(seen, (value) => value));
  memory.emit(0, 8);
  assertEquals(memory.pipe.poll(0), 8);
  assertEquals(seen, [8]);
});

Deno.test("unknown categories are counted by default, whatever number stands in the ring", () => {
  using memory = new MemoryPipe();
  memory.pipe.register(noting([]));
  const categories = [1, 0x7fffffff, 0x80000000, 0xffffffff];
  for (const category of categories) memory.emit(category);
  assertEquals(memory.pipe.poll(0), 0);
  const { dispatched, unknown, cpus } = memory.pipe.statistics();
  assertEquals([dispatched, unknown, cpus[0]!.unknown, cpus[0]!.events], [0, 4, 4, 0]);
  for (const category of categories) assertEquals(memory.pipe.dispatch(eventBytes(category)), undefined);
});

Deno.test('unknown: "throw" leaves poll behind the event with UNKNOWN_CATEGORY', () => {
  using memory = new MemoryPipe({ unknown: "throw" });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  memory.emit(0, 1);
  memory.emit(0xffffffff, 2);
  memory.emit(0, 3);
  const error = assertThrows(() => memory.pipe.poll(0), EventPipeError, "category 4294967295 has no handler");
  assertEquals(error.code, "UNKNOWN_CATEGORY");
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(seen, [1, 3]);
  assertEquals(memory.pipe.statistics().unknown, 1);
  assertThrows(() => memory.pipe.dispatch(eventBytes(7)), EventPipeError, "category 7");
});

Deno.test('unknown: "throw" names an event that is too short for a category', () => {
  using memory = new MemoryPipe({ unknown: "throw" });
  memory.writers[0]!.output(4);
  // A foreign producer: raw size 2 in a record of 16 bytes.
  new DataView(memory.source.buffer).setUint32(4096 + 8, 2, true);
  const error = assertThrows(() => memory.pipe.poll(0), EventPipeError, "too short for a category");
  assertEquals(error.code, "UNKNOWN_CATEGORY");
});

Deno.test("an unknown handler gets what has no other, and its result ends the drain like any", () => {
  const seen: number[] = [];
  using memory = new MemoryPipe({
    unknown: { name: "rest", process: (event) => (seen.push(event.category), event.category === 9 ? 4 : 0) },
  });
  memory.pipe.register(noting([]));
  for (const category of [5, 0, 9, 6]) memory.emit(category);
  assertEquals(memory.pipe.poll(0), 4);
  assertEquals(seen, [5, 9]);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(seen, [5, 9, 6]);
  assertEquals(memory.pipe.dispatch(eventBytes(9)), 4);
  const { unknown, dispatched } = memory.pipe.statistics();
  assertEquals([unknown, dispatched], [3, 1]);
});

Deno.test('dispatchBy: "all" gives every record to the first handler, categories or none', () => {
  using memory = new MemoryPipe({ dispatchBy: "all" });
  const seen: string[] = [];
  memory.pipe.register({ name: "all", process: (event) => void seen.push(event.string(0, event.size)) });
  memory.pipe.register({ name: "never", process: () => void seen.push("never") });
  memory.writers[0]!.outputBytes(new TextEncoder().encode("ping"));
  memory.writers[0]!.outputBytes(new TextEncoder().encode("four and eight  "));
  memory.pipe.poll(0);
  memory.pipe.dispatch(new TextEncoder().encode("x"));
  assertEquals(seen, ["ping", "four and eight  \0\0\0\0".replaceAll("\0", ""), "x"]);
  memory.pipe.unregister(0);
  memory.writers[0]!.outputBytes(new Uint8Array(4));
  memory.pipe.poll(0);
  assertEquals(memory.pipe.statistics().unknown, 1);
});
