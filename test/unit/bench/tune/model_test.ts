/** The model that probes make of a machine. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Goal, Measurement } from "../../../../bench/tune/goal.ts";
import { expectedCpuShare, fitModel, probeSettings, ringBytesFor } from "../../../../bench/tune/model.ts";
import { GOAL, type MadeUpMachine, measureMadeUp, ORDINARY } from "./_machine.ts";

function probesOf(goal: Goal, machine: MadeUpMachine = ORDINARY): Measurement[] {
  return probeSettings(goal).map((setting) => measureMadeUp(machine, goal, setting, 600));
}

Deno.test("the model finds what events and wake-ups cost on a machine that follows it", () => {
  const goal = { ...GOAL, rate: 50_000 };
  const model = fitModel(goal, probesOf(goal));
  assertAlmostEquals(model.eventNs, 40, 4);
  assertAlmostEquals(model.wakeupNs, 15_000, 300);
  assertAlmostEquals(expectedCpuShare(model, 200_000, 100), 200_000 * (40 + 150) / 1e9, 1e-3);
});

Deno.test("a wake-up's delay is told by the smallest threshold at which the program keeps its rate", () => {
  // At 200,000 a second a wake-up for each event is more than the program can pay: 16 tell, whose wait is known.
  assertAlmostEquals(fitModel(GOAL, probesOf(GOAL)).wakeDelayNs!, 60_000, 5_000);
  const slow = { ...GOAL, rate: 10_000 };
  assertAlmostEquals(fitModel(slow, probesOf(slow)).wakeDelayNs!, 60_000, 1);
});

Deno.test("a machine that never keeps the rate tells no delay, and makes a model all the same", () => {
  const goal = { ...GOAL, rate: 50e6 };
  const model = fitModel(goal, probesOf(goal));
  assertEquals(model.wakeDelayNs, null);
  assert(model.eventNs >= 0 && model.wakeupNs >= 0);
});

Deno.test("rings hold the stalls that probes have seen twice over, and 20 ms at the least", () => {
  assertEquals(fitModel(GOAL, probesOf(GOAL)).stallNs, 20e6);
  const stalling = probesOf(GOAL, { ...ORDINARY, stallNs: 30e6 });
  assertAlmostEquals(fitModel(GOAL, stalling).stallNs, 60e6, 1e6);
  assertEquals(fitModel(GOAL, probesOf(GOAL, { ...ORDINARY, stallNs: 1e9 })).stallNs, 200e6);
});

Deno.test("probes that handed nothing over make a model of zeros", () => {
  const nothing = probesOf(GOAL).map((probe) => ({
    ...probe,
    dispatched: 0,
    latency: { p50: null, p90: null, p99: null, p999: null },
    maxLatencyNs: null,
  }));
  assertEquals(fitModel(GOAL, nothing), { eventNs: 0, wakeupNs: 0, wakeDelayNs: null, stallNs: 20e6 });
});

Deno.test("a ring holds a stall, or eight thresholds, and no more than fits into one buffer for all CPUs", () => {
  // 200,000/s x 20 ms x 80 bytes are 320,000 bytes.
  assertEquals(ringBytesFor(GOAL, 20e6, 1), 512 * 1024);
  assertEquals(ringBytesFor(GOAL, 20e6, 4096), 4 * 1024 * 1024);
  assertEquals(ringBytesFor({ ...GOAL, rate: 1 }, 20e6, 1), 256 * 1024);
  assertEquals(ringBytesFor({ ...GOAL, rate: 1e9 }, 20e6, 1), 64 * 1024 * 1024);
  assertEquals(ringBytesFor({ ...GOAL, rate: 1e9, cpus: 128 }, 20e6, 1), 8 * 1024 * 1024);
});
