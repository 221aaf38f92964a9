/** The noise floor on a clock that stands still and jumps as told. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Delays, delaysOf, measureNoiseFloor } from "../../../../bench/measure/noise_floor.ts";

/** A clock that moves by `stepNs`, and by the given jumps at some readings. */
function clockOf(stepNs: number, jumps: ReadonlyMap<number, number> = new Map()): () => number {
  let now = 1e9;
  let reading = 0;
  return () => now += jumps.get(++reading) ?? stepNs;
}

Deno.test("the noise floor of a machine that nobody disturbs has no gaps", () => {
  const floor = measureNoiseFloor(1, clockOf(50));
  assertEquals(floor.spanNs, 1e6);
  assertEquals(floor.readings, 20_000);
  assertEquals(floor.readingNs, 50);
  assertEquals([floor.lostShare, floor.longestNs], [0, 0]);
  assertEquals(floor.gaps.map(({ count }) => count), [0, 0, 0, 0, 0, 0]);
});

Deno.test("the noise floor tells gaps by their length, and what share of the time they took", () => {
  const jumps = new Map([[10, 5_000], [20, 6_000], [30, 70_000], [40, 80_000], [50, 6e6]]);
  const floor = measureNoiseFloor(10, clockOf(50, jumps));
  const counts = Object.fromEntries(floor.gaps.map(({ from, count }) => [from, count]));
  assertEquals(counts, { 5000: 1, 10000: 0, 50000: 2, 200000: 0, 1000000: 0, 5000000: 1 });
  assertEquals(floor.longestNs, 6e6);
  assertAlmostEquals(floor.lostShare, 6_156_000 / 1e7, 1e-3);
  assertAlmostEquals(floor.readingNs, 50, 0.1);
});

Deno.test("the noise floor is not measured for no time", () => {
  for (const durationMs of [0, -1, NaN]) {
    assertThrows(() => measureNoiseFloor(durationMs), RangeError, `current value is ${durationMs}`);
  }
});

/** Of moments drawn from a span of gaps behind one another, how long until the gap's end: percentiles by drawing all. */
function drawn(gaps: readonly number[], odds: number): number {
  const waits = gaps.flatMap((gap) => Array.from({ length: gap }, (_, at) => gap - at - 0.5));
  waits.sort((a, b) => a - b);
  return waits[Math.ceil(waits.length * (1 - 1 / odds)) - 1]!;
}

Deno.test("delays are those of moments drawn at random, in which long gaps weigh by their length", () => {
  const long = Array.from({ length: 200 }, (_, index) => 600 + 5 * index);
  const short = Array.from({ length: 9000 }, () => 6);
  const spanNs = [...long, ...short].reduce((sum, gap) => sum + gap, 0);
  const delays = delaysOf(Float64Array.from(long), { spanNs, readings: long.length + short.length });
  const rows: [keyof Delays, number][] = [["p50", 2], ["p90", 10], ["p99", 100]];
  for (const [name, odds] of rows) {
    assertAlmostEquals(delays[name] as number, drawn([...long, ...short], odds), 1, name);
  }
  assertEquals([delays.max, delays.count, delays.negative], [1595, 9200, 0]);
});

Deno.test("a delay that fewer than ten gaps reach is not told, and the longest one is", () => {
  const gaps = Float64Array.from({ length: 12 }, (_, index) => index < 9 ? 1e6 : 10_000);
  const { p50, p90, p99, max, spectrum = [] } = delaysOf(gaps, { spanNs: 1e8, readings: 1e6 });
  // Nine gaps make up 9 % of the time, and nothing else makes delays that one moment in a hundred meets.
  assert(p50! < 100 && p90! < 100);
  assertEquals([p99, max], [null, 1e6]);
  assert(spectrum.length > 0 && spectrum.every((delay) => delay < 1e6));
});

Deno.test("without gaps the loop is never further away than one reading", () => {
  const { delays } = measureNoiseFloor(1, clockOf(50));
  assertEquals(delays.p50, 25);
  assertAlmostEquals(delays.p99!, 49.5);
  assertEquals(delays.max, 50);
});

Deno.test("percentiles of delays ascend", () => {
  const { delays } = measureNoiseFloor(10, clockOf(50, new Map([[10, 6000], [20, 70_000], [30, 1e6]])));
  const told = [delays.p50, delays.p90, delays.p99, delays.p999].filter((delay) => delay !== null);
  assertEquals(told, told.toSorted((a, b) => a! - b!));
  const { spectrum = [] } = delays;
  assertEquals(spectrum, spectrum.toSorted((a, b) => a - b));
});
