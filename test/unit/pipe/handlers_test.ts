/** Tests of the handler registry: categories in order, never given out again. */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type EventHandler, HandlerRegistry } from "../../../src/pipe/handlers.ts";

function handler(name = "a handler"): EventHandler<unknown> {
  return { name, process: () => {} };
}

Deno.test("add gives categories 0, 1, 2 in order, also to the same handler again", () => {
  const registry = new HandlerRegistry(new DataView(new ArrayBuffer(0)));
  const same = handler();
  assertEquals([same, handler(), same].map((each) => registry.add(each)), [0, 1, 2]);
  assertStrictEquals(registry.find(2)!.handler, same);
});

Deno.test("remove takes a handler off once, and its category is never given out again", () => {
  const registry = new HandlerRegistry(new DataView(new ArrayBuffer(0)));
  registry.add(handler());
  registry.add(handler());
  assertEquals([registry.remove(1), registry.remove(1), registry.find(1)], [true, false, undefined]);
  assertEquals(registry.add(handler()), 2);
  assertEquals(registry.remove(0), true);
  assertEquals(registry.add(handler()), 3);
  assertEquals([0, 1, 2, 3].map((category) => registry.find(category) !== undefined), [
    false,
    false,
    true,
    true,
  ]);
  assertEquals(registry.all.length, 4);
});

Deno.test("remove of a category that never was says so", () => {
  const registry = new HandlerRegistry(new DataView(new ArrayBuffer(0)));
  registry.add(handler());
  for (const category of [1, -1, 0.5, NaN, 0xffffffff, 2 ** 32]) {
    assertEquals(registry.remove(category), false);
  }
});

Deno.test("find checks categories from a ring against the bounds", () => {
  const registry = new HandlerRegistry(new DataView(new ArrayBuffer(0)));
  assertEquals(registry.find(0), undefined);
  registry.add(handler());
  for (const category of [1, -1, 0xffffffff, 0x80000000, -0x80000000]) {
    assertEquals(registry.find(category), undefined);
  }
});

Deno.test("add refuses what is no handler", () => {
  const registry = new HandlerRegistry(new DataView(new ArrayBuffer(0)));
  const wrong: [unknown, string][] = [
    [undefined, "a process function"],
    [null, "a process function"],
    [() => {}, "a process function"],
    [{}, "a process function"],
    [{ name: "x", process: 1 }, "a process function"],
    [{ process: () => {} }, "its name"],
    [{ name: "", process: () => {} }, "its name"],
    [{ name: 1, process: () => {} }, "its name"],
  ];
  for (const [value, message] of wrong) {
    assertThrows(() => registry.add(value as EventHandler<unknown>), TypeError, message);
  }
  assertEquals(registry.add(handler()), 0, "and no category is used up");
});
