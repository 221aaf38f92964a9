/** Waits that are interrupted or paused: what is in the rings and woke nobody is delivered then, and what follows later. */

import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { EventPipe, RingbufSource, StopToken } from "../../mod.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";
import { RINGBUF } from "../../src/abi/ringbuf.ts";
import { kernelTest, testCpus } from "./_kernel.ts";
import { LoadedPipe } from "./_load.ts";
import { ringbufTest, RingProgram } from "./source/_ringbuf.ts";
import { Meddler } from "./wait/_meddler.ts";

const [cpu = 0] = testCpus;

const meddler = await Meddler.start();

/** Waits without end in this thread until a Worker, which sees that it sleeps, interrupts it. */
async function pollInterrupted(pipe: EventPipe, token: StopToken): Promise<void> {
  await meddler.prepare({ name: "interrupt", token: token.share() });
  meddler.begin();
  assertEquals(pipe.poll(-1), 0);
  assert(meddler.hasActed, "the wait ended before");
  meddler.awaitDone();
}

/** Nothing is left over that would end a wait: it runs to its limit. */
function assertWaits(pipe: EventPipe): void {
  const start = performance.now();
  assertEquals(pipe.poll(10), 0);
  assertGreaterOrEqual(performance.now() - start, 10, "the wait was cut short");
}

for (const waiter of ["epoll", "poll"] as const) {
  kernelTest(
    `${waiter}: an interruption ends a wait without end once, and events that woke nobody are delivered`,
    async () => {
      using stop = StopToken.create();
      using load = LoadedPipe.open({ cpus: [cpu], wakeupEvents: 1000 }, { waiter, stop });
      const seen: number[] = [];
      load.pipe.register({
        name: "note",
        process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)),
      });
      for (let round = 1; round <= 2; round++) {
        load.emit({ count: 2 });
        await pollInterrupted(load.pipe, stop);
        assertEquals(seen.length, 2 * round);
        assertWaits(load.pipe);
      }
      load.emit({});
      assertEquals(load.pipe.poll(0), 0);
      assertEquals([seen, load.pipe.statistics().wakeups], [[0, 1, 2, 3, 4], 0]);
    },
  );
}

ringbufTest(
  "an interruption ends a wait for events submitted with NO_WAKEUP, once, and delivers them",
  async () => {
    using stop = StopToken.create();
    using program = new RingProgram({ bytes: 4096 });
    const source = RingbufSource.open({ maps: [program.object.map("events")] });
    using pipe = EventPipe.open({ source, dispatchBy: "all", stop });
    const sizes: number[] = [];
    pipe.register({ name: "sizes", process: (event) => void sizes.push(event.size) });
    for (const dataBytes of [5, 7]) program.emit({ dataBytes, flags: RINGBUF.BPF_RB_NO_WAKEUP });
    await pollInterrupted(pipe, stop);
    assertEquals([sizes, pipe.statistics().wakeups], [[5, 7], 0]);
    assertWaits(pipe);
    program.emit({ dataBytes: 9, flags: RINGBUF.BPF_RB_NO_WAKEUP });
    assertEquals([pipe.poll(0), sizes], [0, [5, 7, 9]]);
  },
);

ringbufTest(
  "events with NO_WAKEUP, and those behind them, let a run sleep until one has FORCE_WAKEUP",
  async () => {
    using program = new RingProgram({ bytes: 4096 });
    const source = RingbufSource.open({ maps: [program.object.map("events")] });
    using pipe = EventPipe.open({ source });
    const seen: number[] = [];
    pipe.register({
      name: "note",
      process: (event) => seen.push(event.u64(LOAD_EVENT.sequence)) === 6 ? 1 : 0,
    });
    let drains = 0;
    const running = pipe.run({ flushMs: 1_000_000, onDrained: () => void drains++ });
    program.emit({ count: 2, flags: RINGBUF.BPF_RB_NO_WAKEUP });
    program.emit({ count: 3 });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
    assertEquals([seen, drains], [[], 0]);
    program.emit({ count: 1, flags: RINGBUF.BPF_RB_FORCE_WAKEUP });
    assertEquals([await running, seen, drains, pipe.statistics().wakeups], [1, [0, 1, 2, 3, 4, 5], 1, 1]);
  },
);

for (const waiter of ["epoll", "poll"] as const) {
  kernelTest(
    `${waiter}: a wait that began while the pipe was paused gets the first event behind resume`,
    async () => {
      const log: (number | string)[] = [];
      using load = LoadedPipe.open({ cpus: [cpu] }, {
        waiter,
        onLost: (_, count) => void log.push(`${count} lost`),
      });
      const { pipe } = load;
      pipe.register({
        name: "note",
        process: (event) => log.push(event.u64(LOAD_EVENT.sequence)) === 2 ? 1 : 0,
      });
      pipe.pause();
      let drains = 0;
      const running = pipe.run({ flushMs: 1_000_000, onDrained: () => void drains++ });
      load.emit({ count: 2 });
      assertEquals(load.generator.counters(), { produced: 2, refused: { ENOSPC: 2 } });
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
      assertEquals([log, drains], [[], 0], "the wait sleeps on");
      pipe.resume();
      load.emit({});
      assertEquals([await running, log, drains], [1, ["2 lost", 2], 1]);
      assertEquals(pipe.statistics().lost, 2);
    },
  );
}
