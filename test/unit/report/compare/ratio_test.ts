/** Tests of the ratio of launches with its interval. */

import { assertAlmostEquals, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { middleOf, timeRatio } from "../../../../src/report/compare/ratio.ts";
import { randomFrom } from "../../../../src/report/random.ts";

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

Deno.test("a launch that is wrong by any factor changes nothing", () => {
  const side = (middle: number, outlier: number): number[] => [
    ...[0.98, 0.99, 1, 1, 1.01, 1.02].map((noise) => middle * noise),
    outlier,
  ];
  const near = timeRatio(side(100, 104), side(110, 114.4))!;
  const far = timeRatio(side(100, 900), side(110, 1e6))!;
  assertAlmostEquals(far.ratio, near.ratio, 1e-12);
  assertAlmostEquals(far.probability, near.probability, 1e-12);
  assertLess(far.probability, 1e-3);
});

Deno.test("below six launches, all of them count", () => {
  assertAlmostEquals(middleOf([1, 2, 4, 8, 32]), 2 ** 2.2, 1e-9);
  assertAlmostEquals(middleOf([1, 2, 4, 8, 16, 1e9]), 2 ** 2.5, 1e-9);
  assertAlmostEquals(middleOf([7]), 7, 1e-9);
});

/** Launches of a busy machine: they differ by some 4 %, and one in eight fell into a bad moment. */
function launches(middle: number, random: () => number): number[] {
  return Array.from({ length: 14 }, () => {
    const noise = random() + random() + random() - 1.5;
    return middle * Math.exp((random() < 1 / 8 ? 0.6 : 0.08) * noise);
  });
}

Deno.test("of launches of a busy machine, at most one in twenty comparisons is wrong, and 10 % are found", () => {
  const random = randomFrom(1);
  const count = (factor: number): number =>
    Array.from({ length: 1000 }, () => timeRatio(launches(1, random), launches(factor, random))!)
      .filter(({ probability }) => probability < 0.05).length;
  assertLess(count(1), 60); // 50 are expected at most, give or take 7
  assertGreater(count(1.1), 950);
});
