/** Tests of counts that are taken in the middle of a drain: events are counted together, and nobody is to notice. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Event, EventPipe, MemorySource } from "../../../mod.ts";
import { MemoryPipe, noting, tailOf } from "./_pipe.ts";

/** An event, and whether its handler asks for the counts. */
interface Emission {
  readonly category: number;
  readonly bytes: number;
  readonly asks: boolean;
}

const emission = fc.record({
  category: fc.constantFrom(0, 0, 0, 1, 2, 9),
  bytes: fc.constantFrom(20, 20, 20, 28, 44),
  asks: fc.boolean(),
});

/** Rows of one handler and one size, and others. */
const emissions = fc.array(
  fc.tuple(emission, fc.constantFrom(1, 1, 2, 17, 300)).map(([each, times]) =>
    Array.from({ length: times }, () => each)
  ),
  { maxLength: 12 },
).map((rows) => rows.flat());

/** What has been given to handlers: events and bytes, of all and of each category. */
class Counts {
  readonly events = [0, 0, 0];
  readonly bytes = [0, 0, 0];
  unknown = 0;

  of(pipe: EventPipe): void {
    const { dispatched, bytes, unknown, categories, cpus } = pipe.statistics();
    const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
    assertEquals(
      [dispatched, bytes, unknown, cpus[0]!.events],
      [sum(this.events), sum(this.bytes), this.unknown, sum(this.events)],
    );
    assertEquals(categories.map((category) => category.events), this.events);
    assertEquals(categories.map((category) => category.bytes), this.bytes);
  }
}

Deno.test("statistics in a handler count its event and all before it, and nothing twice", () => {
  for (const commit of ["batch", "record"] as const) {
    fc.assert(
      fc.property(emissions, (all) => {
        const source = MemorySource.open({ ringBytes: 2 ** 20 });
        const counts = new Counts();
        let index = 0;
        const process = (event: Event): void => {
          const { category, asks } = all[index++]!;
          assertEquals(event.category, category);
          if (category > 2) {
            counts.unknown++;
          } else {
            counts.events[category]!++;
            counts.bytes[category]! += event.size;
          }
          if (asks) counts.of(pipe);
          if (asks && event.size > 24) counts.of(pipe);
        };
        using pipe = EventPipe.open({ source, commit, unknown: { name: "unknown", process } });
        for (const name of ["zero", "one", "two"]) pipe.register({ name, process });
        const writer = source.writer(0);
        for (const { category, bytes } of all) {
          writer.payload.setUint32(0, category, true);
          assertEquals(writer.output(bytes), 0);
        }
        assertEquals(pipe.consume(), 0);
        assertEquals(index, all.length);
        counts.of(pipe);
      }),
      { seed: 5, numRuns: 60 },
    );
  }
});

Deno.test("a handler that takes itself off in a row of its events gets no other one", () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  const category = memory.pipe.register(noting(seen, (value) => {
    if (value === 3) memory.pipe.unregister(category);
  }));
  for (let value = 1; value <= 10; value++) memory.emit(category, value);
  assertEquals(memory.pipe.poll(0), 0);
  const { dispatched, unknown } = memory.pipe.statistics();
  assertEquals([seen, dispatched, unknown], [[1, 2, 3], 3, 7]);
});

Deno.test("a handler that is registered in a row of unknown events gets those behind", () => {
  const seen: number[] = [];
  const first: number[] = [];
  using memory = new MemoryPipe({
    unknown: noting(first, (value) => {
      if (value === 4) memory.pipe.register(noting(seen));
    }),
  });
  for (let value = 1; value <= 10; value++) memory.emit(0, value);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals([first, seen], [[1, 2, 3, 4], [5, 6, 7, 8, 9, 10]]);
  assertEquals(memory.pipe.statistics().dispatched, 6);
});

Deno.test("a pipe that its handler closes in a row counts what is behind as left", () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => {
    if (value === 5) memory.pipe.close();
  }));
  for (let value = 1; value <= 300; value++) memory.emit(0, value);
  assertEquals(memory.pipe.poll(0), 0);
  const { dispatched, left } = memory.pipe.statistics();
  assertEquals([seen, dispatched, left], [[1, 2, 3, 4, 5], 5, 295]);
});

Deno.test("a drain that its last event ends gives that event's bytes back", () => {
  for (const count of [1, 256, 257]) {
    using memory = new MemoryPipe();
    memory.pipe.register(noting([], (value) => value === count ? 6 : 0));
    for (let value = 1; value <= count; value++) memory.emit(0, value);
    assertEquals(memory.pipe.poll(0), 6);
    assertEquals(tailOf(memory, 0), BigInt(32 * count));
  }
});
