/** Whether a measurement holds a goal, and which of several serves it best. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { rank } from "../../../../bench/tune/choose.ts";
import { eventsFor, type Goal, isHeld, judge, type Measurement } from "../../../../bench/tune/goal.ts";
import { probeSettings } from "../../../../bench/tune/model.ts";
import { parseShare } from "../../../../bench/tune/share.ts";
import { GOAL, measureMadeUp, ORDINARY } from "./_machine.ts";

const LIMITED: Goal = { ...GOAL, maxLatencyNs: 1e6, maxCpu: 0.1, maxLoss: 0.01 };

/** A measurement that holds {@linkcode LIMITED}, but for what is given. */
function measured(difference: Partial<Measurement> = {}): Measurement {
  const base = measureMadeUp(ORDINARY, GOAL, probeSettings(GOAL)[1]!, 1000);
  const latency = { p50: 1e5, p90: 2e5, p99: 4e5, p999: 8e5 };
  return { ...base, rate: 2e5, cpuShare: 0.05, lost: 0, peakFill: 0.1, latency, ...difference };
}

function missed(difference: Partial<Measurement>): string[] {
  return judge(LIMITED, measured(difference)).filter(({ held }) => !held).map(({ name }) => name);
}

Deno.test("each part of a goal is missed by itself", () => {
  const { produced, latency } = measured();
  assertEquals(missed({}), []);
  assertEquals(missed({ rate: 1.8e5 }), ["rate"]);
  assertEquals(missed({ lost: produced * 0.02 }), ["loss"]);
  assertEquals(missed({ latency: { ...latency, p99: 1.1e6 } }), ["latency"]);
  assertEquals(missed({ latency: { ...latency, p999: 9e9 } }), [], "another quantile than the goal's");
  assertEquals(missed({ cpuShare: 0.11 }), ["CPU"]);
});

Deno.test("a latency that could not be told, or of which too many were lost, is not held", () => {
  const { latency } = measured();
  assertEquals(missed({ latency: { ...latency, p99: null } }), ["latency"]);
  assertEquals(missed({ latency: { ...latency, p99: Infinity } }), ["latency"]);
});

Deno.test("margins say how many times better than asked for it is", () => {
  const margins = Object.fromEntries(judge(LIMITED, measured()).map(({ name, margin }) => [name, margin]));
  assertEquals(margins, { rate: Infinity, loss: 10, latency: 2.5, CPU: 2 });
  const { produced } = measured();
  const [, loss] = judge({ ...LIMITED, maxLoss: 0 }, measured({ lost: produced / 2, peakFill: 1 }));
  assertEquals([loss!.held, loss!.margin], [false, 0]);
});

Deno.test("a limit that is not asked for is not checked", () => {
  assertEquals(judge(GOAL, measured()).map(({ name }) => name), ["rate", "loss"]);
});

Deno.test("rank puts what holds with something to spare before what barely holds, and the nearest of the rest next", () => {
  const { latency } = measured();
  const of = (p99: number): Measurement => measured({ latency: { ...latency, p99 } });
  const order = rank(LIMITED, [of(3e6), of(0.99e6), of(2e6), of(0.5e6)]);
  assertEquals(order.map(({ measurement }) => measurement.latency.p99), [0.5e6, 0.99e6, 2e6, 3e6]);
  assertEquals(order.map(({ checks }) => isHeld(checks)), [true, true, false, false]);
});

Deno.test("rank puts what fell behind the rate last: how it did at another rate is no matter", () => {
  const { latency } = measured();
  const behind = measured({ rate: 1.8e5 });
  const slow = measured({ latency: { ...latency, p99: 9e6 } });
  assertEquals(rank(LIMITED, [behind, slow])[0]!.measurement, slow);
});

Deno.test("rank prefers what costs more to what luck alone may hold", () => {
  const { latency } = measured();
  const thin = measured({ cpuShare: 0.01, latency: { ...latency, p99: 0.95e6 } });
  const safe = measured({ cpuShare: 0.05 });
  assertEquals(rank({ ...GOAL, maxLatencyNs: 1e6 }, [thin, safe])[0]!.measurement, safe);
});

Deno.test("rank looks for the least CPU, or with a limit on CPU alone for the least latency", () => {
  const { latency } = measured();
  const cheap = measured({ cpuShare: 0.01, latency: { ...latency, p50: 3e5 } });
  const fast = measured({ cpuShare: 0.06, latency: { ...latency, p50: 1e4 } });
  const first = (goal: Goal): Measurement => rank(goal, [cheap, fast])[0]!.measurement;
  assertEquals(first({ ...GOAL, maxLatencyNs: 1e6 }), cheap);
  assertEquals(first(GOAL), cheap);
  assertEquals(first({ ...GOAL, maxCpu: 0.1 }), fast);
});

Deno.test("rank takes the smaller memory, and then the earlier one, where costs are alike", () => {
  const large = measured({ cpuShare: 0.05 });
  const small = measured({ cpuShare: 0.052, setting: { ...large.setting, ringBytes: 65536 } });
  const equal = measured({ cpuShare: 0.048 });
  const shared: Measurement = measured({ setting: { ...large.setting, ring: "ringbuf" } });
  assertEquals(rank(GOAL, [large, small])[0]!.measurement, small);
  assert(rank(GOAL, [large, equal])[0]!.measurement === large);
  assertEquals(rank(GOAL, [large, shared])[0]!.measurement, shared, "one ring in place of two");
});

Deno.test("a quantile needs ten events beyond it", () => {
  assertEquals((["p50", "p90", "p99", "p999"] as const).map(eventsFor), [20, 100, 1000, 10_000]);
});

Deno.test("parseShare reads percentages and shares, and refuses what may be either", () => {
  assertEquals(["5%", "0.1 %", "0.05", "0", "1", "100%", ".5"].map(parseShare), [
    0.05,
    0.001,
    0.05,
    0,
    1,
    1,
    0.5,
  ]);
  for (const text of ["5", "101%", "-1%", "", "%", "1e-3", "5 percent"]) {
    assertThrows(() => parseShare(text), RangeError, "expected a percentage such as 5%");
  }
});
