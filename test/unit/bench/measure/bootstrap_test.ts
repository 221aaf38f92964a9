/** The interval of a median of ratios: what it is by definition, and how often it holds a ratio that is known. */

import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ratioInterval } from "../../../../bench/measure/bootstrap.ts";
import { median } from "../../../../bench/measure/median.ts";
import { REALISTIC, simulate } from "./_simulation.ts";

const ratios = fc.double({ noNaN: true, min: 0.01, max: 100 });
const launches = fc.array(fc.array(ratios, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 7 });

Deno.test("ratioInterval holds the median of all pairs and lies within the ratios, for any launches", () => {
  fc.assert(
    fc.property(launches, fc.nat(), (all, seed) => {
      const interval = ratioInterval(all, { seed, resamples: 200 });
      const pairs = all.flat();
      assertEquals(interval.median, median(pairs));
      assertEquals(interval.pairs, pairs.length);
      assertEquals(interval.launches, all.length);
      assertEquals(interval.launchMedians, all.map((launch) => median(launch)));
      assert(interval.low <= interval.high);
      assert(interval.low >= Math.min(...pairs) && interval.high <= Math.max(...pairs));
    }),
    { seed: 1 },
  );
});

Deno.test("ratioInterval scales with the ratios", () => {
  fc.assert(
    fc.property(launches, fc.nat(), (all, seed) => {
      const once = ratioInterval(all, { seed, resamples: 100 });
      const twice = ratioInterval(all.map((launch) => launch.map((ratio) => 2 * ratio)), {
        seed,
        resamples: 100,
      });
      assertEquals([twice.median, twice.low, twice.high], [2 * once.median, 2 * once.low, 2 * once.high]);
    }),
    { seed: 1 },
  );
});

Deno.test("ratioInterval of one ratio again and again is that ratio", () => {
  const { median, low, high } = ratioInterval([[1.5, 1.5], [1.5]], { seed: 1 });
  assertEquals([median, low, high], [1.5, 1.5, 1.5]);
});

Deno.test("ratioInterval is repeated by its seed and by no other", () => {
  const measured = simulate(1, REALISTIC, 3);
  assertEquals(ratioInterval(measured, { seed: 1 }), ratioInterval(measured, { seed: 1 }));
  assertNotEquals(ratioInterval(measured, { seed: 1 }), ratioInterval(measured, { seed: 2 }));
});

Deno.test("ratioInterval draws launches too: where they differ, it is as wide as they are apart", () => {
  const apart = [[1, 1, 1, 1], [2, 2, 2, 2], [1, 1, 1, 1], [2, 2, 2, 2], [1, 1, 1, 1]];
  const { low, high } = ratioInterval(apart, { seed: 1 });
  assertEquals([low, high], [1, 2]);
});

Deno.test("ratioInterval agrees with the exact distribution of a median of three", () => {
  // Of 27 draws from 1, 2, 3 the median is 1 in 7, 2 in 13, 3 in 7: each tail has far more than 2.5 %.
  const { low, high } = ratioInterval([[1, 2, 3]], { seed: 1 });
  assertEquals([low, high], [1, 3]);
  // Of draws of nine from nine, the 2.5 % and 97.5 % points are the 2nd and the 8th: P(median <= 1st) is 0.1 %,
  // P(median <= 2nd) 2.6 %.
  const nine = ratioInterval([[1, 2, 3, 4, 5, 6, 7, 8, 9]], { seed: 1, resamples: 20_000 });
  assert([2, 3].includes(nine.low) && [7, 8].includes(nine.high), `${nine.low} ${nine.high}`);
  assertAlmostEquals(nine.median, 5);
});

Deno.test("ratioInterval says whether there were launches enough to speak of others", () => {
  const of = (count: number): boolean =>
    ratioInterval(new Array(count).fill([1]), { seed: 1, resamples: 10 }).isWithinLaunch;
  assertEquals([of(1), of(4), of(5)], [true, true, false]);
});

Deno.test("ratioInterval holds the true ratio in at least 93 of 100 runs on a noisy machine", () => {
  const EXPERIMENTS = 400;
  for (const ratio of [0.8, 1, 1.1]) {
    let held = 0;
    for (let i = 0; i < EXPERIMENTS; i++) {
      const { low, high } = ratioInterval(simulate(ratio, REALISTIC, 1000 + i), { seed: i, resamples: 400 });
      if (low <= ratio && ratio <= high) held++;
    }
    assert(held >= 0.93 * EXPERIMENTS, `ratio ${ratio}: ${held} of ${EXPERIMENTS}`);
    assert(held < EXPERIMENTS, "an interval that always holds it says nothing");
  }
});

Deno.test("ratioInterval refuses launches without pairs and ratios that are none", () => {
  assertThrows(
    () => ratioInterval([], { seed: 1 }),
    RangeError,
    "each launch must have a pair, they have []",
  );
  assertThrows(() => ratioInterval([[1], []], { seed: 1 }), RangeError, "they have [1,0]");
  for (const wrong of [0, -1, NaN, Infinity]) {
    assertThrows(() => ratioInterval([[1, wrong]], { seed: 1 }), RangeError, `current value is ${wrong}`);
  }
});
