/** Which settings are measured for a goal: all of them can be opened, few of them are taken, and in the goal's order. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { candidates, thresholds } from "../../../../bench/tune/candidates.ts";
import type { Goal } from "../../../../bench/tune/goal.ts";
import type { Model } from "../../../../bench/tune/model.ts";
import { describeSetting, recordBytes } from "../../../../bench/setting.ts";
import { checkRingBytes, checkWakeupEvents, checkWatermarkBytes } from "../../../../src/ring/geometry.ts";
import { maxPayloadBytes } from "../../../../src/ring/geometry.ts";
import { checkRingbufBytes, maxRingbufPayloadBytes } from "../../../../src/ring/ringbuf_geometry.ts";
import { GOAL } from "./_machine.ts";

const MODEL: Model = { eventNs: 40, wakeupNs: 15_000, wakeDelayNs: 60_000, stallNs: 20e6 };

Deno.test("every candidate can be opened, and its threshold is an eighth of its ring at most", () => {
  const goals = fc.record({
    rate: fc.double({ min: 1, max: 1e8, noNaN: true }),
    payloadBytes: fc.integer({ min: 32, max: 65516 }),
    maxLatencyNs: fc.option(fc.double({ min: 1, max: 1e11, noNaN: true })),
    quantile: fc.constantFrom("p50" as const, "p99" as const, "p999" as const),
    maxLoss: fc.constant(0),
    maxCpu: fc.option(fc.double({ min: 1e-6, max: 1, noNaN: true })),
    cpus: fc.integer({ min: 1, max: 512 }),
  });
  const models = fc.record({
    eventNs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    wakeupNs: fc.double({ min: 0, max: 1e7, noNaN: true }),
    wakeDelayNs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    stallNs: fc.double({ min: 20e6, max: 200e6, noNaN: true }),
  });
  fc.assert(fc.property(goals, models, (goal: Goal, model: Model) => {
    const list = candidates(goal, model, ["perf", "ringbuf"]);
    assert(list.length >= 3 && list.length <= 11, `${list.length} candidates`);
    assertEquals(new Set(list.map(describeSetting)).size, list.length, "a candidate is there twice");
    for (const { ring, ringBytes, wakeup, pollMs } of list) {
      checkRingBytes(ringBytes, 4096);
      assert(Number.isInteger(pollMs) && pollMs >= 1 && pollMs <= 100);
      if (ring === "ringbuf") {
        checkRingbufBytes(ringBytes, 4096);
        assert(maxRingbufPayloadBytes(ringBytes) >= goal.payloadBytes);
      } else {
        assert(maxPayloadBytes(ringBytes) >= goal.payloadBytes);
      }
      if (wakeup.kind === "bytes") checkWatermarkBytes(wakeup.bytes, ringBytes);
      if (wakeup.kind === "events") {
        checkWakeupEvents(wakeup.events);
        const bytes = wakeup.events * recordBytes("perf", goal.payloadBytes);
        assert(wakeup.events === 1 || bytes <= ringBytes / 8, `${wakeup.events} events in ${ringBytes}`);
      }
    }
  }));
});

Deno.test("a latency that a wake-up cannot reach puts the readers that spin first", () => {
  const [first] = candidates({ ...GOAL, maxLatencyNs: 50_000 }, MODEL, ["perf", "ringbuf"]);
  assertEquals(first!.waiter, "spin");
});

Deno.test("readers that spin are not tried where no latency is asked for, and once where CPU is dear", () => {
  const spins = (goal: Goal): number =>
    candidates(goal, MODEL, ["perf", "ringbuf"]).filter(({ waiter }) => waiter === "spin").length;
  assertEquals(spins(GOAL), 0);
  assertEquals(spins({ ...GOAL, maxCpu: 0.05 }), 0);
  assertEquals(spins({ ...GOAL, maxLatencyNs: 1e6, maxCpu: 0.05 }), 1);
  assertEquals(spins({ ...GOAL, maxLatencyNs: 1e6 }), 2);
});

Deno.test("a reader that sets its own pace is tried from 2 ms on, at half of what is allowed", () => {
  const paces = (maxLatencyNs: number | null): number[] =>
    candidates({ ...GOAL, maxLatencyNs }, MODEL, ["perf"])
      .filter(({ wakeup, waiter }) => wakeup.kind === "rare" && waiter === "epoll").map(({ pollMs }) =>
        pollMs
      );
  assertEquals([1e6, 2e6, 10e6, null].map(paces), [[], [1], [5], [10]]);
});

Deno.test("thresholds fill the time that the latency leaves, or save the CPU that the goal asks for", () => {
  // 0.6 of 1 ms less 60 us are 540 us: 109 events at p99, of which a power of two.
  assertEquals(thresholds({ ...GOAL, maxLatencyNs: 1e6 }, MODEL), [64, 16, 1]);
  // 0.6 of 5 % are 30 ms a second, less 8 ms for 200,000 events: 136 events share a wake-up of 15 us.
  assertEquals(thresholds({ ...GOAL, maxCpu: 0.05 }, MODEL), [128, 512, 2048]);
  // Between the two.
  assertEquals(thresholds({ ...GOAL, maxLatencyNs: 4e6, maxCpu: 0.05 }, MODEL), [128, 256]);
});

Deno.test("a fifth of the latency is tried for batches, even if the model leaves nothing", () => {
  const model = { ...MODEL, wakeDelayNs: 5e6 };
  assertEquals(thresholds({ ...GOAL, maxLatencyNs: 1e6 }, model), [32, 8, 1]);
});

Deno.test("without a limit, thresholds end where a wake-up's share is small, or at 20 ms of events", () => {
  assertEquals(thresholds(GOAL, MODEL), [1024, 2048, 128]);
  assertEquals(thresholds({ ...GOAL, rate: 1000 }, MODEL), [16]);
});

Deno.test("a CPU limit below what the events alone cost gets the largest batches there are", () => {
  assertEquals(thresholds({ ...GOAL, maxCpu: 0.001 }, MODEL), [2048]);
});
