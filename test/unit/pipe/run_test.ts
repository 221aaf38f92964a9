/** Tests of run: events arrive while the event loop lives, and whatever ends it leaves the pipe in order. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../mod.ts";
import { MemoryPipe, noting } from "./_pipe.ts";

/** One turn of the event loop, through a timer. */
function timer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("run delivers events as they come, while timers fire", async () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => value));
  const running = memory.pipe.run();
  for (let turn = 0; turn < 3; turn++) await timer();
  assertEquals(seen, []);
  memory.emit(0, 0);
  while (seen.length === 0) await timer();
  memory.emit(0, 5);
  assertEquals(await running, 5);
  assertEquals(seen, [0, 5]);
});

Deno.test("run delivers events below the wake-up threshold without a wake-up", async () => {
  using memory = new MemoryPipe({ wakeupEvents: 1000 });
  memory.pipe.register(noting([], (value) => value));
  const running = memory.pipe.run();
  await timer();
  memory.emit(0, 8);
  assertEquals(await running, 8);
});

Deno.test("run ends on abort, after it has dispatched what is in the rings", async () => {
  for (const aborts of ["while it waits", "before it begins"]) {
    using memory = new MemoryPipe({ wakeupEvents: 1000, cpus: [0, 1] });
    const seen: number[] = [];
    memory.pipe.register(noting(seen));
    const controller = new AbortController();
    if (aborts === "before it begins") controller.abort();
    const running = memory.pipe.run({ signal: controller.signal });
    memory.emit(0, 1, 0);
    memory.emit(0, 2, 1);
    controller.abort();
    assertEquals(await running, 0);
    assertEquals(seen, [1, 2]);
    memory.emit(0, 3);
    assertEquals(memory.pipe.poll(0), 0, "the pipe is still open");
    assertEquals(seen, [1, 2, 3]);
  }
});

Deno.test("run drains all rings before it ends on abort, not only those that woke it", async () => {
  using memory = new MemoryPipe({ wakeupEvents: 2, cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  for (const [value, ring] of [[1, 0], [2, 0], [3, 1]] as const) memory.emit(0, value, ring);
  assertEquals(await memory.pipe.run({ signal: AbortSignal.abort() }), 0);
  assertEquals(seen, [1, 2, 3]);
});

Deno.test("run ends on abort by a handler", async () => {
  using memory = new MemoryPipe();
  const controller = new AbortController();
  const seen: number[] = [];
  memory.pipe.register(noting(seen, () => controller.abort()));
  memory.emit(0, 1);
  memory.emit(0, 2);
  assertEquals(await memory.pipe.run({ signal: controller.signal }), 0);
  assertEquals(seen, [1, 2]);
});

Deno.test("run does not starve the event loop with an endless stream of events", async () => {
  using memory = new MemoryPipe();
  const controller = new AbortController();
  let calls = 0;
  memory.pipe.register({
    name: "echo",
    process(): void {
      calls++;
      memory.emit(0);
    },
  });
  memory.emit(0);
  let turns = 0;
  const count = (): void => {
    if (++turns === 5) controller.abort();
    else setTimeout(count, 0);
  };
  setTimeout(count, 0);
  assertEquals(await memory.pipe.run({ signal: controller.signal }), 0);
  assertEquals(turns, 5);
  assert(calls >= 5);
});

Deno.test("run rejects with what a handler throws, and the next run begins behind it", async () => {
  using memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => {
    if (value === 2) throw new Error("mine");
    return value === 3 ? 3 : 0;
  }));
  for (const value of [1, 2, 3, 4]) memory.emit(0, value);
  await assertRejects(() => memory.pipe.run(), Error, "mine");
  assertEquals(await memory.pipe.run(), 3);
  memory.pipe.poll(0);
  assertEquals(seen, [1, 2, 3, 4]);
});

Deno.test("run is refused while another run is under way, and so are poll and consume", async () => {
  using memory = new MemoryPipe();
  const { pipe } = memory;
  const controller = new AbortController();
  const running = pipe.run({ signal: controller.signal });
  await assertRejects(() => pipe.run(), TypeError, "Cannot run: the pipe is running");
  assertThrows(() => pipe.poll(0), TypeError, "Cannot poll: the pipe is running");
  assertThrows(() => pipe.consume(), TypeError, "Cannot consume: the pipe is running");
  controller.abort();
  assertEquals(await running, 0);
});

Deno.test("close ends a run, and what is in the rings then is left", async () => {
  const memory = new MemoryPipe({ wakeupEvents: 1000 });
  memory.pipe.register(noting([]));
  const running = memory.pipe.run();
  await timer();
  memory.emit(0);
  memory.pipe.close();
  assertThrows(() => memory.pipe.register(noting([])), EventPipeError, "closed");
  assert(memory.source.buffer.byteLength > 0, "the source is not released under the run");
  assertEquals(await running, 0);
  const { dispatched, left } = memory.pipe.statistics();
  assertEquals([dispatched, left, memory.source.buffer.byteLength], [0, 1, 0]);
});

Deno.test("close by a handler ends a run behind its event", async () => {
  const memory = new MemoryPipe();
  const seen: number[] = [];
  memory.pipe.register(noting(seen, () => memory.pipe.close()));
  memory.emit(0, 1);
  memory.emit(0, 2);
  assertEquals(await memory.pipe.run(), 0);
  assertEquals([seen, memory.pipe.statistics().left], [[1], 1]);
});

Deno.test("run refuses a wrong signal and does not count as running then", async () => {
  using memory = new MemoryPipe();
  const wrong = { signal: {} as AbortSignal };
  await assertRejects(() => memory.pipe.run(wrong), TypeError, "signal must be an AbortSignal");
  assertEquals(memory.pipe.poll(0), 0);
});
