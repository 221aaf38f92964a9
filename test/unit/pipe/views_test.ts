/** Tests of the view in handlers: when it is valid, when it is stale, and copies that stay. */

import { assertEquals, assertThrows } from "@std/assert";
import type { Event } from "../../../mod.ts";
import { assertStale, MemoryPipe } from "./_pipe.ts";

Deno.test("a view kept without checkViews shows the event of the later call, and throws outside", () => {
  using memory = new MemoryPipe();
  const kept: Event[] = [];
  const shown: number[] = [];
  memory.pipe.register({
    name: "keeping",
    process(event): void {
      kept.push(event);
      shown.push(kept[0]!.u64(12));
    },
  });
  memory.emit(0, 1);
  memory.emit(0, 2);
  memory.pipe.poll(0);
  assertEquals(shown, [1, 2]);
  assertStale(() => kept[0]!.u64(12));
  assertStale(() => memory.pipe.dispatch(kept[0]!));
});

Deno.test("a view kept with checkViews throws in any later call", () => {
  using memory = new MemoryPipe({ checkViews: true });
  const kept: Event[] = [];
  let calls = 0;
  memory.pipe.register({
    name: "keeping",
    process(event): void {
      for (const old of kept) assertStale(() => old.size);
      assertEquals(event.u64(12), ++calls);
      kept.push(event);
      if (calls === 2) throw new Error("mine");
    },
  });
  for (const value of [1, 2, 3]) memory.emit(0, value);
  assertThrows(() => memory.pipe.poll(0), Error, "mine");
  memory.pipe.poll(0);
  assertEquals(calls, 3);
  for (const old of kept) assertStale(() => old.u32(0));
});

Deno.test("a view is stale after a handler threw, returned a number or closed the pipe", () => {
  for (const checkViews of [false, true]) {
    const memory = new MemoryPipe({ checkViews });
    const ends: (() => number | void)[] = [() => 1, () => memory.pipe.close(), () => {
      throw new Error("mine");
    }];
    let kept: Event | undefined;
    memory.pipe.register({ name: "ends", process: (event) => (kept = event, ends.pop()!()) });
    for (let i = 0; i < 3; i++) memory.emit(0);
    assertThrows(() => memory.pipe.poll(0), Error, "mine");
    assertStale(() => kept!.size);
    memory.pipe.poll(0);
    assertStale(() => kept!.size);
    assertEquals(memory.pipe.statistics().left, 1);
  }
});

Deno.test("copy of an event outlives the ring's next laps and can be dispatched", () => {
  using memory = new MemoryPipe({ ringBytes: 4096, cpus: [7] });
  const copies: Event[] = [];
  let dispatched = 0;
  memory.pipe.register({
    name: "copying",
    process(event): void {
      if (copies.length === 0) copies.push(event.copy());
      else if (event === copies[0]) dispatched++;
    },
  });
  memory.emit(0, 11);
  for (let i = 0; i < 1000; i++) {
    memory.pipe.poll(0);
    memory.emit(0, 12);
  }
  const [copy] = copies;
  assertEquals([copy!.u64(12), copy!.cpu, copy!.time], [11, 7, 11_000]);
  memory.pipe.dispatch(copy!);
  assertEquals(dispatched, 1);
});

Deno.test("a view that was kept shows what came in the place of its event", () => {
  using memory = new MemoryPipe({ ringBytes: 4096 });
  let view: DataView = new DataView(new ArrayBuffer(0));
  let at = 0;
  memory.pipe.register({
    name: "keeping",
    process(event): void {
      view = event.view;
      at = event.locate(12, 4);
    },
  });
  memory.emit(0, 7);
  memory.pipe.poll(0);
  const [kept, place] = [view, at];
  assertEquals(kept.getUint32(place, true), 7);
  for (let lap = 0; at !== place || lap === 0; lap++) {
    memory.emit(0, 8);
    memory.pipe.poll(0);
  }
  assertEquals(kept.getUint32(place, true), 8);
});
