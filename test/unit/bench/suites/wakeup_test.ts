/** The suite `wakeup`: its plans, its cells, and the fits it compares, from blocks that are made up. */

import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { AGAIN, compareArms, OURS } from "../../../../bench/suites/paired.ts";
import { emitNsOf, WAKEUP_PEER, wakeupCells, type WakeupOutcome } from "../../../../bench/suites/wakeup.ts";
import { compareFits, fitText, timesOf, wakeupGoals } from "../../../../bench/suites/wakeup_fit.ts";
import {
  emissionOf,
  eventsPerWakeup,
  FULL_WAKEUP,
  planWakeup,
  QUICK_WAKEUP,
  thresholdOf,
  WAKEUP_RING_BYTES,
  type WakeupPlan,
} from "../../../../bench/suites/wakeup_plan.ts";
import type { WaitOutcome } from "../../../../bench/peers/wait_peer.ts";
import { conserves } from "../../../../src/report/schema.ts";

const LAUNCHES = 5;
const ROUNDS = 4;

/** What a block takes if an event costs `a` and a wake-up `b`. */
function block(plan: WakeupPlan, a: number, b: number): WaitOutcome {
  const { events, burst } = emissionOf(plan);
  return {
    events,
    check: 0,
    ns: 20e6,
    cpuNs: events * 50,
    wakeups: events / burst,
    samples: [],
    late: 0,
    refused: 0,
    runNs: Math.round(burst * a + b),
    wholeNs: 20e6,
  };
}

/** Outcomes in which libbpf's fit is 300 + 10,000 / N and eventpipe's another; launches differ by so much. */
function outcomes(plans: readonly WakeupPlan[], a: number, b: number, spread = 0): WakeupOutcome[] {
  return plans.map((plan) => {
    const launches = (ofA: number, ofB: number): WaitOutcome[][] =>
      Array.from({ length: LAUNCHES }, (_, launch) =>
        Array.from({ length: ROUNDS }, () => {
          const factor = 1 + spread * (launch - 2);
          return block(plan, ofA * factor, ofB * factor);
        }));
    const blocks = new Map([[OURS, launches(a, b)], [AGAIN, launches(a, b)], [
      WAKEUP_PEER,
      launches(300, 10_000),
    ]]);
    return { plan, blocks, paired: compareArms(blocks, (each) => emitNsOf(plan, each), 1) };
  });
}

Deno.test("planWakeup has enough thresholds for a fit of each kind, in a quick run too", () => {
  for (const size of [FULL_WAKEUP, QUICK_WAKEUP]) {
    for (const kind of ["count", "watermark"]) {
      const thresholds = planWakeup(size).filter((plan) => plan.kind === kind).map(({ events }) => events);
      assert(thresholds.length >= 3);
      assertEquals([thresholds[0], thresholds.at(-1)! >= 256], [1, true]);
    }
    assert(size.launches >= 5);
  }
  assertEquals(FULL_WAKEUP.counts.length, 10);
});

Deno.test("a burst has as many events as its threshold, and a block fits into the ring", () => {
  for (const plan of planWakeup(FULL_WAKEUP)) {
    const { events, burst } = emissionOf(plan);
    assertEquals([burst, events % burst], [plan.events, 0]);
    assert(events * 48 < WAKEUP_RING_BYTES);
  }
  assertEquals(thresholdOf({ kind: "count", events: 16 }), { wakeupEvents: 16, watermarkBytes: 0 });
  assertEquals(
    thresholdOf({ kind: "watermark", events: 16 }),
    { wakeupEvents: 0, watermarkBytes: 767 },
    "the 16th record of 48 bytes is the first above it",
  );
  assertEquals(eventsPerWakeup({ kind: "watermark", events: 16 }), 16);
  assertAlmostEquals(eventsPerWakeup({ kind: "count", events: 512 }), 500.3, 0.1);
});

Deno.test("wakeupCells are eventpipe over itself, over libbpf, and libbpf, with the emitter's rate", () => {
  const [outcome] = outcomes([{ kind: "count", events: 4 }], 300, 10_000);
  const cells = wakeupCells(outcome!);
  assertEquals(cells.map(({ peer, ratio }) => [peer, ratio?.to ?? null, ratio?.median ?? null]), [
    [null, "eventpipe", 1],
    [null, "libbpf perf_buffer, waiting", 1],
    ["libbpf perf_buffer, waiting", null, null],
  ]);
  const [{ eventsPerSecond, cpuNsPerEvent, wakeups, dispatched, wakeupEvents, watermarkBytes, suite }] =
    cells as [typeof cells[0] & object];
  assertAlmostEquals(eventsPerSecond, 1e9 / 2800, 1e-6);
  assertEquals([cpuNsPerEvent, dispatched / wakeups!, wakeupEvents, watermarkBytes, suite], [
    50,
    4,
    4,
    null,
    "wakeup",
  ]);
  assert(cells.every(conserves));
});

Deno.test("compareFits finds how far the coefficients of two arms are apart, with an interval", () => {
  const plans = planWakeup({ counts: FULL_WAKEUP.counts, watermarks: [] });
  const times = timesOf(outcomes(plans, 330, 8_000), "count");
  const { a, b } = compareFits(times, OURS, WAKEUP_PEER, 1)!;
  assertAlmostEquals(a.value, 1.1, 0.01);
  assertAlmostEquals(b.value, 0.8, 0.01);
  assertAlmostEquals(b.worstLaunch, 0.8, 0.01);
  assertEquals([a.low <= a.value, a.value <= a.high], [true, true]);
  const { a: same } = compareFits(times, AGAIN, OURS, 1)!;
  assertEquals([same.low, same.value, same.high], [1, 1, 1]);
  assertEquals(compareFits(times.slice(0, 2), OURS, WAKEUP_PEER, 1), null, "two points fit any curve");
});

Deno.test("the launches of all arms of a threshold are drawn together", () => {
  // Launches differ twofold, but those of one launch do not.
  const plans = planWakeup({ counts: FULL_WAKEUP.counts, watermarks: [] });
  const { a } = compareFits(timesOf(outcomes(plans, 300, 10_000, 0.2), "count"), OURS, WAKEUP_PEER, 1)!;
  assertAlmostEquals(a.low, 1, 0.001);
  assertAlmostEquals(a.high, 1, 0.001);
});

Deno.test("wakeupGoals are reached within 15 %, and neither below nor above", () => {
  const rows = (a: number, b: number): unknown[] =>
    wakeupGoals(outcomes(planWakeup(QUICK_WAKEUP), a, b), 1).map(({ reached }) => reached);
  assertEquals(rows(330, 9_000), ["limit", "goal", "limit", "goal"]);
  assertEquals(rows(360, 8_000), ["no", "no", "no", "no"]);
  const unmeasured = wakeupGoals([], 1);
  assertEquals(unmeasured.map(({ value, reached }) => [value, reached]), [
    [null, "not measured"],
    [null, "not measured"],
    [null, "not measured"],
    [null, "not measured"],
  ]);
});

Deno.test("fitText tells both coefficients of both", () => {
  const text = fitText(outcomes(planWakeup(QUICK_WAKEUP), 330, 9_000), "count")!;
  assertStringIncludes(text, "330 ns + ");
  assertStringIncludes(text, "libbpf perf_buffer, waiting 300 ns + 10");
  assertEquals(fitText([], "count"), null);
});
