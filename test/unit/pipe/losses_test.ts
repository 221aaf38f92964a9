/** Tests of onLost: losses are told in their place, and whatever it does, no event is lost. */

import { assertEquals, assertThrows } from "@std/assert";
import { MemoryPipe, noting } from "./_pipe.ts";

Deno.test("onLost is told each loss in its place, with its CPU", () => {
  const told: (number | string)[] = [];
  using memory = new MemoryPipe({
    ringBytes: 4096,
    cpus: [4, 9],
    onLost: (cpu, count) => void told.push(`cpu ${cpu} lost ${count}`),
  });
  memory.pipe.register(noting([], (value) => void told.push(value)));
  const accepted = memory.overflow(3, 1);
  memory.pipe.poll(0);
  assertEquals(told, Array.from({ length: accepted }, (_, i) => i), "the loss is not in the ring yet");
  assertEquals(memory.pipe.statistics().lost, 3, "but it is counted");
  told.length = 0;
  memory.emit(0, 500, 1);
  memory.pipe.poll(0);
  assertEquals(told, ["cpu 9 lost 3", 500]);
  assertEquals(memory.pipe.statistics().cpus.map(({ lost }) => lost), [0, 3]);
});

Deno.test("onLost that throws, or closes the pipe, loses no event", () => {
  const seen: number[] = [];
  let action = (): void => {
    throw new Error("lost");
  };
  const memory = new MemoryPipe({ ringBytes: 4096, onLost: () => action() });
  memory.pipe.register(noting(seen));
  const refuse = (): void => {
    memory.overflow(1);
    memory.pipe.poll(0);
    seen.length = 0;
    memory.emit(0, 700);
    memory.emit(0, 701);
  };
  refuse();
  assertThrows(() => memory.pipe.poll(0), Error, "lost");
  assertEquals(seen, []);
  assertEquals(memory.pipe.poll(-1), 0);
  assertEquals(seen, [700, 701]);
  action = () => memory.pipe.close();
  refuse();
  assertEquals(memory.pipe.poll(0), 0);
  const { left, lost } = memory.pipe.statistics();
  assertEquals([seen, left, lost], [[], 2, 2]);
});

Deno.test("onLost cannot poll its pipe", () => {
  using memory = new MemoryPipe({ ringBytes: 4096, onLost: () => void memory.pipe.poll(0) });
  memory.overflow(1);
  memory.pipe.poll(0);
  memory.emit(0);
  assertThrows(() => memory.pipe.poll(0), TypeError, "Cannot poll");
  assertEquals(memory.pipe.poll(0), 0);
});
