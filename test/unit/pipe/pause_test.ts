/** Tests of pausing a pipe while it waits: nothing arrives, everything is counted, and the same wait goes on behind it. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../mod.ts";
import { MemoryPipe, noting } from "./_pipe.ts";

const ENOSPC = -28;

Deno.test("a wait that began while the pipe was paused gets the first event behind resume, in front of it the loss", async () => {
  const log: (number | string)[] = [];
  using memory = new MemoryPipe({ onLost: (cpu, count) => void log.push(`CPU ${cpu} lost ${count}`) });
  const { pipe } = memory;
  pipe.register(noting([], (value) => void log.push(value)));
  pipe.resume(); // it is not paused
  memory.emit(0, 1);
  pipe.pause();
  pipe.pause();
  let drains = 0;
  let drained = Promise.withResolvers<void>();
  const end = new AbortController();
  const running = pipe.run({
    signal: end.signal,
    flushMs: 1_000_000,
    onDrained(): void {
      drains++;
      drained.resolve();
    },
  });
  await drained.promise;
  assertEquals(log, [1], "what was in the ring before can be read");

  for (const value of [2, 3]) assertEquals(memory.emit(0, value), ENOSPC);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(
    [log, drains, pipe.statistics().lost],
    [[1], 1, 2],
    "no output that was refused wakes the reader",
  );

  drained = Promise.withResolvers();
  pipe.resume();
  pipe.resume();
  assertEquals(memory.emit(0, 4), 0);
  await drained.promise;
  assertEquals(log, [1, "CPU 0 lost 2", 4]);
  end.abort();
  await running;
  pipe.close();
  const { dispatched, lost, left, exact } = pipe.statistics();
  assertEquals([dispatched, lost, left, exact], [2, 2, 0, true]);
});

Deno.test("a closed pipe is neither paused nor resumed, and says so", () => {
  const { pipe } = new MemoryPipe();
  pipe.pause();
  pipe.close();
  for (const call of [() => pipe.pause(), () => pipe.resume(), () => pipe.interrupt()]) {
    assertEquals(assertThrows(call, EventPipeError, "the pipe is closed").code, "CLOSED");
  }
});
