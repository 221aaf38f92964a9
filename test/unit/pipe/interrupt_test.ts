/** Tests of interrupted waits: what is in the rings is dispatched then, below the wake-up threshold too, and once. */

import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { StopToken } from "../../../mod.ts";
import { Meddler } from "../wait/_meddler.ts";
import { MemoryPipe, noting } from "./_pipe.ts";

/** Nothing is left over that would end a wait: it runs to its limit. */
function assertWaits({ pipe }: MemoryPipe): void {
  const start = performance.now();
  assertEquals(pipe.poll(10), 0);
  assertGreaterOrEqual(performance.now() - start, 10, "the wait was cut short");
}

Deno.test("an interruption from another isolate ends poll(-1) once, and it delivers what woke nobody", async () => {
  const stop = StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
  using memory = new MemoryPipe({ wakeupEvents: 1000, cpus: [0, 1], stop });
  using meddler = new Meddler();
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  for (const value of [1, 3]) {
    memory.emit(0, value, 0);
    memory.emit(0, value + 1, 1);
    await meddler.prepare("interrupt", stop, memory.source);
    meddler.begin();
    assertEquals(memory.pipe.poll(-1), 0);
    assert(meddler.hasActed, "the wait ended before");
    assertEquals(seen, Array.from({ length: value + 1 }, (_, i) => i + 1));
    assertWaits(memory);
  }
  memory.emit(0, 5);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals([seen.at(-1), stop.isStopped, memory.pipe.statistics().wakeups], [5, false, 0]);
});

Deno.test("interrupt ends the next poll, once, and it delivers what woke nobody", () => {
  using memory = new MemoryPipe({ wakeupEvents: 1000 });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  memory.emit(0, 1);
  memory.pipe.interrupt();
  memory.pipe.interrupt();
  assertEquals([memory.pipe.poll(-1), seen], [0, [1]]);
  assertWaits(memory);
});

Deno.test("interrupt lets run look into its rings at once, however seldom it does by itself", async () => {
  using memory = new MemoryPipe({ wakeupEvents: 1000 });
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => value === 3 ? 9 : 0));
  let drains = 0;
  let drained = Promise.withResolvers<void>();
  const running = memory.pipe.run({
    flushMs: 1_000_000,
    onDrained(): void {
      drains++;
      drained.resolve();
    },
  });
  for (const value of [1, 2]) {
    memory.emit(0, value);
    drained = Promise.withResolvers();
    memory.pipe.interrupt();
    await drained.promise;
    assertEquals([seen.length, drains], [value, value]);
  }
  memory.emit(0, 3);
  memory.pipe.interrupt();
  assertEquals(await running, 9);
});

Deno.test("a stop token that is stopped ends run, and what is in the rings is delivered in front of its end", async () => {
  const stop = StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
  using memory = new MemoryPipe({ wakeupEvents: 1000, stop });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  const running = memory.pipe.run({ flushMs: 1_000_000 });
  memory.emit(0, 1);
  stop.stop();
  assertEquals([await running, seen], [0, [1]]);
});
