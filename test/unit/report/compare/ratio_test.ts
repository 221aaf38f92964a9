/** Tests of the ratio of launches with its interval. */

import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { timeRatio } from "../../../../src/report/compare/ratio.ts";

Deno.test("timeRatio is the ratio of geometric means, and its interval holds it", () => {
  const { ratio, low, high, probability } = timeRatio([100, 102, 98, 101, 99], [110, 112, 108, 111, 109])!;
  assertAlmostEquals(ratio, 1.1, 0.001);
  assertLess(low, 1.1);
  assertGreater(low, 1.05);
  assertGreater(high, 1.1);
  assertLess(high, 1.15);
  assertLess(probability, 1e-4);
});

Deno.test("timeRatio turned around is its reciprocal", () => {
  const [a, b] = [[100, 105, 99], [97, 110, 103, 104]];
  const [one, other] = [timeRatio(a!, b!)!, timeRatio(b!, a!)!];
  assertAlmostEquals(one.ratio, 1 / other.ratio, 1e-12);
  assertAlmostEquals(one.low, 1 / other.high, 1e-9);
  assertAlmostEquals(one.probability, other.probability, 1e-12);
});

Deno.test("timeRatio is null with fewer than three launches on a side", () => {
  assertEquals(timeRatio([1, 2], [1, 2, 3]), null);
  assertEquals(timeRatio([1, 2, 3], []), null);
});

Deno.test("timeRatio of equal samples is 1 without doubt and without a failure", () => {
  const { ratio, low, high, probability } = timeRatio([7, 7, 7], [7, 7, 7])!;
  assertAlmostEquals(ratio, 1, 1e-12);
  assertAlmostEquals(low, 1, 1e-4);
  assertAlmostEquals(high, 1, 1e-4);
  assertEquals(probability, 1);
});

Deno.test("timeRatio refuses what is no time", () => {
  assertThrows(
    () => timeRatio([1, 2, 0], [1, 2, 3]),
    RangeError,
    "must be above 0 and finite, current value is 0",
  );
});
