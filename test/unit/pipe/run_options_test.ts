/** Tests of how run looks into rings by itself, and whom it tells. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryPipe, noting } from "./_pipe.ts";

Deno.test("run looks into rings below their threshold every flushMs", async () => {
  using memory = new MemoryPipe({ wakeupEvents: 1000 });
  memory.pipe.register(noting([], (value) => value));
  memory.emit(0, 7);
  const began = performance.now();
  assertEquals(await memory.pipe.run({ flushMs: 200 }), 7);
  assert(performance.now() - began >= 190);
  memory.emit(0, 8);
  const again = performance.now();
  assertEquals(await memory.pipe.run({ flushMs: 1 }), 8);
  assert(performance.now() - again < 190);
});

Deno.test("run calls onDrained after each drain, those without events included, and behind the handlers", async () => {
  using memory = new MemoryPipe();
  const controller = new AbortController();
  const told: string[] = [];
  memory.pipe.register({ name: "note", process: () => void told.push("event") });
  memory.emit(0);
  memory.emit(0);
  await memory.pipe.run({
    signal: controller.signal,
    flushMs: 1,
    onDrained(): void {
      told.push("drained");
      if (told.length >= 4) controller.abort();
    },
  });
  assertEquals(told.slice(0, 4), ["event", "event", "drained", "drained"]);
  // After the abort, what was still in the rings was drained.
  assertEquals(told.length, 5);
});

Deno.test("run calls onWoken behind each wait, in front of the drain", async () => {
  using memory = new MemoryPipe();
  const controller = new AbortController();
  const told: string[] = [];
  memory.pipe.register({ name: "note", process: () => void told.push("event") });
  memory.emit(0);
  await memory.pipe.run({
    signal: controller.signal,
    flushMs: 1,
    onWoken: () => void told.push("woken"),
    onDrained(): void {
      told.push("drained");
      controller.abort();
    },
  });
  assertEquals(told, ["woken", "event", "drained", "woken", "drained"]);
});

Deno.test("run passes on what onDrained throws, and the pipe can run again", async () => {
  using memory = new MemoryPipe();
  memory.pipe.register(noting([], (value) => value));
  const onDrained = (): never => {
    throw new Error("mine");
  };
  await assertRejects(() => memory.pipe.run({ flushMs: 1, onDrained }), Error, "mine");
  memory.emit(0, 3);
  assertEquals(await memory.pipe.run(), 3);
});

for (const flushMs of [0, -1, NaN]) {
  Deno.test(`run refuses to look every ${flushMs} ms, and does not count as running then`, async () => {
    using memory = new MemoryPipe();
    await assertRejects(() => memory.pipe.run({ flushMs }), Error);
    assertEquals(memory.pipe.poll(0), 0);
  });
}
