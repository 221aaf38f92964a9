/** Tests of exact percentiles: the rank that is read, what is too few, and what stays as it is. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeHistogram } from "../../../src/report/histogram.ts";
import { isLostPercentile, latencyStage, type PercentileName } from "../../../src/report/percentiles.ts";
import type { LatencyStage } from "../../../src/report/schema.ts";

function percentilesOf(samples: ArrayLike<number>, count?: number): LatencyStage {
  const recorded = { stage: "handled", from: "emitted", samples: Float64Array.from(samples) } as const;
  return latencyStage(count === undefined ? recorded : { ...recorded, count });
}

/** 1, 2, ..., n in an order that is not sorted. */
function shuffled(n: number): number[] {
  return Array.from({ length: n }, (_, index) => (index * 7919 + 1) % n + 1);
}

Deno.test("latencyStage reads the nearest rank: of 1 to n, the percentile q is ceil(q n)", () => {
  const stage = percentilesOf(shuffled(100_000));
  const { p50, p90, p99, p999, p9999, max } = stage;
  assertEquals([p50, p90, p99, p999, p9999, max], [50_000, 90_000, 99_000, 99_900, 99_990, 100_000]);
  assertEquals([stage.stage, stage.from, stage.count, stage.negative], ["handled", "emitted", 100_000, 0]);
  assertEquals(percentilesOf(shuffled(21)).p50, 11);
  assertEquals(percentilesOf(shuffled(1001)).p99, 991);
});

Deno.test("latencyStage leaves a percentile out where fewer than 10 / (1 - q) latencies were recorded", () => {
  const table: ["p50" | "p90" | "p99" | "p999" | "p9999", number][] = [
    ["p50", 20],
    ["p90", 100],
    ["p99", 1000],
    ["p999", 10_000],
    ["p9999", 100_000],
  ];
  for (const [name, enough] of table) {
    assertEquals(percentilesOf(shuffled(enough - 1))[name], null, `${name} of ${enough - 1}`);
    assertEquals(typeof percentilesOf(shuffled(enough))[name], "number", `${name} of ${enough}`);
  }
});

Deno.test("latencyStage has a max but no percentiles for one latency, and neither for none", () => {
  const empty = {
    stage: "handled",
    from: "emitted",
    p50: null,
    p90: null,
    p99: null,
    p999: null,
    p9999: null,
  };
  const { histogram, ...one } = percentilesOf([5]);
  assertEquals(one, { ...empty, from: "emitted", max: 5, count: 1, negative: 0 });
  assertEquals(decodeHistogram(histogram!).totalCount, 1);
  assertEquals(percentilesOf([]), { ...empty, from: "emitted", max: null, count: 0, negative: 0 });
});

Deno.test("latencyStage keeps and counts negative latencies", () => {
  const samples = [...Array(15).fill(-3), ...Array(5).fill(10)];
  const { p50, max, count, negative } = percentilesOf(samples);
  assertEquals({ p50, max, count, negative }, { p50: -3, max: 10, count: 20, negative: 15 });
  assertEquals(percentilesOf([-2, -1]).negative, 2);
  assertEquals(percentilesOf([-0, 0, 1]).negative, 0);
});

Deno.test("latencyStage reads the first count samples and changes none", () => {
  const samples = Float64Array.of(3, 1, 2, 99, 98);
  const stage = latencyStage({ stage: "handled", from: "planned", samples, count: 3 });
  assertEquals([stage.max, stage.count, stage.from], [3, 3, "planned"]);
  assertEquals([...samples], [3, 1, 2, 99, 98]);
});

Deno.test("latencyStage refuses a count out of bounds and latencies that are no finite numbers", () => {
  for (const count of [-1, 4, 1.5, NaN]) {
    assertThrows(() => percentilesOf([1, 2, 3], count), RangeError, `Cannot read ${count} latencies`);
  }
  for (const bad of [NaN, Infinity, -Infinity]) {
    assertThrows(() => percentilesOf([1, bad, 3]), RangeError, `one is ${bad}`);
  }
});

/** The percentiles of 1, 2, ..., n with as many lost beside them. */
function lossy(n: number, lost: number): LatencyStage {
  return latencyStage({ stage: "handled", from: "planned", samples: Float64Array.from(shuffled(n)), lost });
}

Deno.test("latencyStage ranks lost events above all that came, so that a percentile among them is not attained", () => {
  const stage = lossy(9950, 50);
  assertEquals([stage.p50, stage.p90, stage.p99, stage.p999], [5000, 9000, 9900, null]);
  assertEquals([stage.count, stage.lost, stage.max], [9950, 50, 9950]);
  const names: PercentileName[] = ["p50", "p90", "p99", "p999", "p9999"];
  const lostOf = (stage: LatencyStage): string[] => names.filter((name) => isLostPercentile(stage, name));
  assertEquals(lostOf(stage), ["p999"]);
  assertEquals(lostOf(lossy(0, 1000)), ["p50", "p90", "p99"]);
  assertEquals(lostOf(lossy(10_000, 0)), []);
  // Rank 9,900 of 10,000 is the last that came.
  assertEquals([lossy(9900, 100).p99, lossy(9899, 101).p99], [9900, null]);
});

Deno.test("latencyStage counts lost events among those that support a percentile", () => {
  assertEquals(lossy(900, 99).p99, null);
  assertEquals([lossy(995, 5).p99, lossy(995, 4).p99], [990, null]);
  assertEquals(isLostPercentile(lossy(900, 99), "p99"), false);
  assertEquals(isLostPercentile(lossy(900, 100), "p99"), true);
});

Deno.test("latencyStage ends a spectrum in front of the events that were lost", () => {
  assertEquals(lossy(100, 60).spectrum, [80]);
  assertEquals(lossy(100, 0).spectrum?.length, 5);
});

Deno.test("latencyStage says nothing of losses where there were none, and refuses a wrong count of them", () => {
  assertEquals("lost" in lossy(100, 0), false);
  for (const lost of [-1, 0.5, NaN]) {
    assertThrows(() => lossy(10, lost), RangeError, `current value is ${lost}`);
  }
});

Deno.test("latencyStage gives a p50 that half of the latencies do not exceed, and that was recorded", () => {
  const latencies = fc.array(fc.integer({ min: -1000, max: 1_000_000 }), { minLength: 20, maxLength: 200 });
  fc.assert(fc.property(latencies, (samples) => {
    const { p50 } = percentilesOf(samples);
    if (p50 === null || !samples.includes(p50)) return false;
    const atMost = samples.filter((sample) => sample <= p50).length;
    const below = samples.filter((sample) => sample < p50).length;
    return atMost >= samples.length / 2 && below < samples.length / 2;
  }));
});
