/** Tests of the fit t(N) = a + b/N: known coefficients, the intervals, and the sweeps that others published. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import { type CostPoint, fitCostModel } from "../../../src/report/cost_model.ts";
import { PUBLISHED } from "../../../src/report/import/published.ts";
import { randomFrom } from "../../../src/report/random.ts";

const SIZES = [1, 2, 5, 10, 50, 100, 500];

/** A sweep of the model with errors of up to `noise` in either direction. */
function sweep(a: number, b: number, noise: number, seed: number): CostPoint[] {
  const random = randomFrom(seed);
  return SIZES.map((n) => ({ n, ns: (a + b / n) * (1 + noise * (2 * random() - 1)) }));
}

Deno.test("fitCostModel finds the coefficients of a curve without errors", () => {
  const model = fitCostModel(sweep(42, 650, 0, 1))!;
  assertAlmostEquals(model.a.value, 42, 1e-6);
  assertAlmostEquals(model.b.value, 650, 1e-6);
  assertAlmostEquals(model.balance!, 650 / 42, 1e-6);
  assertLess(model.maxError, 1e-9);
  assertAlmostEquals(model.a.low!, 42, 1e-6);
  assertAlmostEquals(model.b.high!, 650, 1e-6);
});

Deno.test("fitCostModel weighs errors by their share, so the dear small batches do not decide alone", () => {
  const points = sweep(50, 10_000, 0, 1).map(({ n, ns }) => ({ n, ns: n === 1 ? ns * 1.05 : ns }));
  const { a } = fitCostModel(points)!;
  assertAlmostEquals(a.value, 50, 2);
});

Deno.test("the intervals of fitCostModel hold the true coefficients in about 95 % of sweeps, and are not idle", () => {
  const SWEEPS = 300;
  let heldA = 0;
  let heldB = 0;
  const widths: number[] = [];
  for (let seed = 1; seed <= SWEEPS; seed++) {
    const { a, b } = fitCostModel(sweep(100, 900, 0.05, 77 * seed), { seed, resamples: 300 })!;
    if (a.low! <= 100 && 100 <= a.high!) heldA++;
    if (b.low! <= 900 && 900 <= b.high!) heldB++;
    widths.push((b.high! - b.low!) / b.value);
  }
  for (const held of [heldA, heldB]) {
    assertGreater(held / SWEEPS, 0.92);
    assertLess(held / SWEEPS, 0.98);
  }
  assertLess(Math.max(...widths), 0.4);
  assertGreater(Math.min(...widths), 0.005);
});

Deno.test("a seed repeats the intervals of fitCostModel, and another one moves them", () => {
  const points = sweep(100, 900, 0.05, 7);
  assertEquals(fitCostModel(points, { seed: 3 }), fitCostModel(points, { seed: 3 }));
  assert(fitCostModel(points, { seed: 3 })!.a.low !== fitCostModel(points, { seed: 4 })!.a.low);
});

Deno.test("fitCostModel needs three batch sizes for a fit and four points for an interval", () => {
  const points = sweep(100, 900, 0.02, 1);
  assertEquals(fitCostModel(points.slice(0, 2)), null);
  assertEquals(fitCostModel([points[0]!, points[0]!, points[1]!]), null);
  const three = fitCostModel(points.slice(0, 3))!;
  assertEquals([three.a.low, three.b.high, three.points], [null, null, 3]);
  assertGreater(fitCostModel(points.slice(0, 4))!.b.high!, 0);
});

Deno.test("fitCostModel refuses what is no time", () => {
  for (const wrong of [{ n: 0, ns: 1 }, { n: 1, ns: 0 }, { n: NaN, ns: 1 }, { n: 1, ns: Infinity }]) {
    assertThrows(() => fitCostModel([wrong]), RangeError, "must be above 0 and finite");
  }
});

/** The coefficients and the largest error that are known of the published sweeps, and up to which batch. */
const KNOWN = [
  ["Xeon E5-2680 v4, 2020", "pb-custom", 105.1, 882, 0.022],
  ["Xeon E5-2680 v4, 2020", "rb-custom", 46.1, 837, 0.026],
  ["Ryzen 7950X, 2023", "pb-custom", 42.6, 669, 0.021],
  ["Ryzen 7950X, 2023", "rb-custom", 11.9, 648, 0.044],
] as const;

for (const [title, reader, a, b, maxError] of KNOWN) {
  Deno.test(`the model fits the published sweep of ${reader} on ${title}`, () => {
    const { rows } = PUBLISHED.find((each) => each.title === title)!;
    const ofSweep = rows.filter((row) =>
      row.section.endsWith("effect of sample rate") && row.reader === reader
    );
    const model = fitCostModel(ofSweep.map(({ n, hits }) => ({ n: n!, ns: 1000 / hits })))!;
    assertAlmostEquals(model.a.value, a, 0.05);
    assertAlmostEquals(model.b.value, b, 0.5);
    assertAlmostEquals(model.maxError, maxError, 0.0005);
  });
}
