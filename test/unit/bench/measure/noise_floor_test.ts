/** The noise floor on a clock that stands still and jumps as told. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { measureNoiseFloor } from "../../../../bench/measure/noise_floor.ts";

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
