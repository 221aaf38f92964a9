/**
 * The model of what batching saves: handing over an event costs `t(N) = a + b/N` ns when one wake-up serves N of them. `a`
 * is the cost of an event, `b` that of a wake-up. Both are fitted by least squares of relative errors, since a sweep spans
 * decades and its noise is a share of the time; their intervals come from resampled residuals. Relies on the generator of
 * random numbers and on Student's distribution.
 *
 * @module
 */

import { formatNs } from "../cli/units.ts";
import { criticalT } from "./student.ts";
import { randomFrom } from "./random.ts";

/** One measured time. */
export interface CostPoint {
  /** Events per wake-up, above 0; it need not be whole. */
  readonly n: number;
  /** ns per event, above 0. */
  readonly ns: number;
}

/** A fitted coefficient. */
export interface Coefficient {
  /** In ns. */
  readonly value: number;
  /** Lower end of the interval of 95 %; null where there were too few points for one. */
  readonly low: number | null;
  /** Its upper end. */
  readonly high: number | null;
}

/** The model of a sweep. */
export interface CostModel {
  /** Cost of an event. */
  readonly a: Coefficient;
  /** Cost of a wake-up. */
  readonly b: Coefficient;
  /** The largest distance of the curve from a point, as a share of the point. */
  readonly maxError: number;
  /** The batch in which the share of the wake-up is as large as the event's own cost; null where a or b is not above 0. */
  readonly balance: number | null;
  /** How many points were fitted. */
  readonly points: number;
}

/**
 * A coefficient with its interval.
 *
 * @param coefficient Of a fit.
 * @returns Such as `105 ns (98.2 ns to 112 ns)`.
 */
export function coefficientText({ value, low, high }: Coefficient): string {
  return low === null || high === null
    ? formatNs(value)
    : `${formatNs(value)} (${formatNs(low)} to ${formatNs(high)})`;
}

/** How intervals are computed. */
export interface CostModelOptions {
  /** Repeats the intervals; 1 unless given. */
  readonly seed?: number;
  /** How often residuals are drawn; 2,000 unless given. */
  readonly resamples?: number;
}

/** Two coefficients need two batch sizes, and the third is the first that can contradict them. */
const MIN_SIZES = 3;

/** With fewer points, the residuals are too few to draw from. */
const MIN_POINTS_FOR_INTERVAL = 4;

/** What criticalT tends to with many points: 95 % of a normal distribution lie within so many deviations. */
const NORMAL = 1.96;

/** The share of repetitions an interval is to hold the true coefficient in. */
const LEVEL = 0.95;

/**
 * Fits the model.
 *
 * @param points A sweep; several may have the same batch size.
 * @param options The seed.
 * @returns The model; null where the points have fewer than three batch sizes.
 * @throws {RangeError} If a batch size or a time is not above 0 and finite.
 */
export function fitCostModel(
  points: readonly CostPoint[],
  { seed = 1, resamples = 2000 }: CostModelOptions = {},
): CostModel | null {
  for (const { n, ns } of points) checkPoint(n, ns);
  if (new Set(points.map(({ n }) => n)).size < MIN_SIZES) return null;
  const sizes = points.map(({ n }) => n);
  const [a, b] = solve(sizes, points.map(({ ns }) => ns));
  const fitted = sizes.map((n) => a + b / n);
  const errors = points.map(({ ns }, index) => ns / fitted[index]! - 1);
  const drawn = points.length < MIN_POINTS_FOR_INTERVAL
    ? null
    : redraw({ sizes, fitted, errors, resamples, seed });
  return {
    a: { value: a, ...intervalOf(drawn?.a) },
    b: { value: b, ...intervalOf(drawn?.b) },
    maxError: Math.max(...points.map(({ ns }, index) => Math.abs(fitted[index]! / ns - 1))),
    balance: a > 0 && b > 0 ? b / a : null,
    points: points.length,
  };
}

/** The normal equations of the columns 1/t and 1/(nt), with 1 on the right: squares, products, determinant. */
interface NormalEquations {
  readonly aa: number;
  readonly ab: number;
  readonly bb: number;
  readonly a1: number;
  readonly b1: number;
  readonly determinant: number;
}

/** The sum of ((a + b/n - t) / t)^2 is linear in a and b; where it is least, these hold. */
function normalEquations(sizes: readonly number[], times: readonly number[]): NormalEquations {
  let aa = 0;
  let ab = 0;
  let bb = 0;
  let a1 = 0;
  let b1 = 0;
  for (let i = 0; i < sizes.length; i++) {
    const ofA = 1 / times[i]!;
    const ofB = ofA / sizes[i]!;
    aa += ofA * ofA;
    ab += ofA * ofB;
    bb += ofB * ofB;
    a1 += ofA;
    b1 += ofB;
  }
  return { aa, ab, bb, a1, b1, determinant: aa * bb - ab * ab };
}

function solve(sizes: readonly number[], times: readonly number[]): [a: number, b: number] {
  const { aa, ab, bb, a1, b1, determinant } = normalEquations(sizes, times);
  return [(a1 * bb - b1 * ab) / determinant, (b1 * aa - a1 * ab) / determinant];
}

/** How much of its own error each point takes into the fit, from 0 to 1: the only small batch decides b nearly alone. */
function leverages(sizes: readonly number[], times: readonly number[]): number[] {
  const { aa, ab, bb, determinant } = normalEquations(sizes, times);
  return sizes.map((n, index) => {
    const ofA = 1 / times[index]!;
    const ofB = ofA / n;
    return (ofA * ofA * bb - 2 * ofA * ofB * ab + ofB * ofB * aa) / determinant;
  });
}

interface Redraw {
  readonly sizes: readonly number[];
  readonly fitted: readonly number[];
  readonly errors: readonly number[];
  readonly resamples: number;
  readonly seed: number;
}

/**
 * Coefficients of the fitted curve with errors drawn anew. A residual is smaller than the error it hides, by the leverage of
 * its point; and the spread of few residuals is itself uncertain, which Student's distribution accounts for.
 */
function redraw({ sizes, fitted, errors, resamples, seed }: Redraw): { a: Float64Array; b: Float64Array } {
  const random = randomFrom(seed);
  const count = errors.length;
  const leverage = leverages(sizes, fitted);
  // A point that the curve is bound to go through hides its error altogether; the floor keeps that from being enlarged.
  const whole = errors.map((error, index) => error / Math.sqrt(Math.max(0.05, 1 - leverage[index]!)));
  const mean = whole.reduce((sum, error) => sum + error, 0) / count;
  const widening = criticalT(LEVEL, count - 2) / NORMAL;
  const a = new Float64Array(resamples);
  const b = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    const times = fitted.map((ns) => {
      const error = (whole[Math.floor(random() * count)]! - mean) * widening;
      // A time is above 0, whatever was drawn.
      return ns * Math.max(0.01, 1 + error);
    });
    [a[i], b[i]] = solve(sizes, times);
  }
  return { a: a.sort(), b: b.sort() };
}

function intervalOf(sorted: Float64Array | undefined): { low: number | null; high: number | null } {
  if (sorted === undefined) return { low: null, high: null };
  const outside = Math.floor(sorted.length * (1 - LEVEL) / 2);
  return { low: sorted[outside]!, high: sorted[sorted.length - 1 - outside]! };
}

function checkPoint(n: number, ns: number): void {
  if (!(n > 0 && Number.isFinite(n)) || !(ns > 0 && Number.isFinite(ns))) {
    throw new RangeError(
      `Cannot fit a cost model: batch sizes and times must be above 0 and finite, current value is ${n} events, ${ns} ns`,
    );
  }
}
