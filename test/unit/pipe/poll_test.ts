/** Tests of poll and consume: which rings they drain, when they wait, and producers in Workers that wake them. */

import { assert, assertEquals } from "@std/assert";
import { MemoryPipe, noting } from "./_pipe.ts";
import type { Order } from "./_producer_worker.ts";

/** A Worker that emits as it is told. */
class Producer implements Disposable {
  readonly #worker = new Worker(new URL("./_producer_worker.ts", import.meta.url), { type: "module" });
  readonly report = new Int32Array(new SharedArrayBuffer(12));

  start({ source }: MemoryPipe, order: Partial<Order> & { count: number }): void {
    const { report } = this;
    this.#worker.postMessage({
      rings: source.share(),
      ring: 0,
      category: 0,
      persistent: true,
      report,
      ...order,
    });
  }

  get done(): boolean {
    return Atomics.load(this.report, 0) === 1;
  }

  /** Blocks until the order is carried out. */
  finish(): void {
    while (!this.done) Atomics.wait(this.report, 0, 0);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

Deno.test("poll(0) does not wait, and finds events below the wake-up threshold", () => {
  using memory = new MemoryPipe({ wakeupEvents: 1000, cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  assertEquals(memory.pipe.poll(0), 0);
  memory.emit(0, 1, 1);
  memory.emit(0, 2, 0);
  assertEquals(memory.pipe.poll(0), 0);
  assertEquals(seen, [2, 1]);
  assertEquals(memory.pipe.statistics().wakeups, 0);
});

Deno.test("poll drains all rings once one woke it, and counts the wake-up where it came from", () => {
  using memory = new MemoryPipe({ wakeupEvents: 2, cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  memory.emit(0, 1, 0);
  memory.emit(0, 2, 1);
  memory.emit(0, 3, 1);
  memory.pipe.poll(-1);
  assertEquals(seen, [1, 2, 3]);
  assertEquals(memory.pipe.statistics().cpus.map(({ wakeups }) => wakeups), [0, 1]);
});

Deno.test("poll waits at least as long as it was told when nothing comes", () => {
  using memory = new MemoryPipe();
  for (const timeout of [20, 0.5]) {
    const start = performance.now();
    assertEquals(memory.pipe.poll(timeout), 0);
    assert(performance.now() - start >= timeout);
  }
});

Deno.test("consume drains all rings, woken or not, and uses up no wake-up", () => {
  using memory = new MemoryPipe({ wakeupEvents: 2, cpus: [0, 1] });
  const seen: number[] = [];
  memory.pipe.register(noting(seen, (value) => value === 4 ? 9 : 0));
  memory.emit(0, 1, 0);
  memory.emit(0, 2, 1);
  memory.emit(0, 3, 1);
  assertEquals(memory.pipe.consume(), 0);
  assertEquals(seen, [1, 2, 3]);
  memory.emit(0, 4, 0);
  assertEquals(memory.pipe.consume(), 9);
  assertEquals(memory.pipe.poll(-1), 0, "the wake-up of ring 1 is still there");
});

Deno.test("a handler that emits does not keep poll for ever: a pass ends at the head it began with", () => {
  using memory = new MemoryPipe();
  let calls = 0;
  memory.pipe.register({
    name: "echo",
    process(): void {
      calls++;
      memory.emit(0);
    },
  });
  memory.emit(0);
  for (let poll = 1; poll <= 3; poll++) {
    memory.pipe.poll(-1);
    assertEquals(calls, poll);
  }
});

Deno.test("poll(-1) sleeps until a producer in a Worker wakes it", () => {
  using memory = new MemoryPipe();
  using producer = new Producer();
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  producer.start(memory, { count: 1 });
  assertEquals(memory.pipe.poll(-1), 0);
  assertEquals(seen, [0]);
  producer.finish();
});

Deno.test("poll(-1) is not woken below the wake-up threshold", () => {
  using memory = new MemoryPipe({ wakeupEvents: 3 });
  using producer = new Producer();
  const seen: number[] = [];
  memory.pipe.register(noting(seen));
  producer.start(memory, { count: 3 });
  assertEquals(memory.pipe.poll(-1), 0);
  assertEquals(seen, [0, 1, 2]);
  producer.finish();
});

for (const wakeupEvents of [1, 64]) {
  Deno.test(`poll delivers each event of a Worker once and in order, wakeupEvents ${wakeupEvents}`, () => {
    using memory = new MemoryPipe({ ringBytes: 4096, wakeupEvents });
    using producer = new Producer();
    const total = 64 * 500;
    let next = 0;
    memory.pipe.register({
      name: "in order",
      process(event): number {
        if (event.u64(12) !== next) throw new Error(`expected ${next}, got ${event.u64(12)}`);
        return ++next === total ? 1 : 0;
      },
    });
    producer.start(memory, { count: total });
    while (memory.pipe.poll(-1) === 0);
    producer.finish();
    assertEquals([next, producer.report[1]], [total, total]);
    assertEquals(memory.pipe.statistics().lost, producer.report[2]! - total);
  });
}

Deno.test("the account is exact with Workers that outrun the reader", () => {
  const memory = new MemoryPipe({ ringBytes: 4096, wakeupEvents: 16, cpus: [0, 1] });
  let told = 0;
  memory.pipe.register({ name: "count", process: () => {} });
  {
    using first = new Producer();
    using second = new Producer();
    first.start(memory, { count: 20_000, persistent: false });
    second.start(memory, { count: 20_000, persistent: false, ring: 1, category: 1 });
    while (!first.done || !second.done) memory.pipe.poll(1);
    told = first.report[1]! + second.report[1]!;
  }
  memory.pipe.close();
  const { dispatched, unknown, lost, left, exact } = memory.pipe.statistics();
  assert(exact);
  assertEquals(dispatched + unknown + left, told);
  assertEquals(lost, 40_000 - told);
});
