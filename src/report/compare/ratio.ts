/**
 * The ratio of two sets of times from separate process launches, with its interval and the probability of so large a
 * difference by chance. Launches are the unit: what differs from process to process is what a comparison has to be larger
 * than. Relies on Student's distribution.
 *
 * @module
 */

import { criticalT, twoSided } from "../student.ts";

/** Fewer launches than this on a side do not tell how launches differ. */
export const MIN_LAUNCHES = 3;

/** B over A. */
export interface TimeRatio {
  /** The ratio of the trimmed geometric means. */
  readonly ratio: number;
  /** Lower end of the interval of 95 %. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
  /** The probability of a ratio so far from 1 where there is no difference. */
  readonly probability: number;
}

/**
 * The share of launches that is left out at either end: a launch that falls into a bad moment of the machine can be wrong
 * by any factor, and one such in ten hides what all others agree on.
 */
const TRIMMED = 1 / 6;

/**
 * Two processes never take the same time to more digits than this. It stands for the spread of samples that are all equal,
 * such as those of a clock that does not resolve them.
 */
const LEAST_SPREAD = 1e-6;

/**
 * Compares times by Yuen's test of their logarithms, which is Welch's on trimmed means; below six launches nothing is
 * trimmed. Logarithms, since noise of times is a share of them.
 *
 * @param a Times of the launches of A, above 0.
 * @param b Of B.
 * @returns The ratio; null where a side has fewer than {@linkcode MIN_LAUNCHES}.
 * @throws {RangeError} If a time is not above 0 and finite.
 */
export function timeRatio(a: readonly number[], b: readonly number[]): TimeRatio | null {
  const wrong = [...a, ...b].find((time) => !(time > 0 && Number.isFinite(time)));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot compare times: they must be above 0 and finite, current value is ${wrong}`);
  }
  if (a.length < MIN_LAUNCHES || b.length < MIN_LAUNCHES) return null;
  const [ofA, ofB] = [a, b].map(logMoments) as [Moments, Moments];
  const difference = ofB.mean - ofA.mean;
  const variance = ofA.error + ofB.error;
  const spread = Math.sqrt(variance);
  // Welch's degrees of freedom.
  const freedom = variance ** 2 / (ofA.error ** 2 / ofA.freedom + ofB.error ** 2 / ofB.freedom);
  const reach = criticalT(0.95, freedom) * spread;
  return {
    ratio: Math.exp(difference),
    low: Math.exp(difference - reach),
    high: Math.exp(difference + reach),
    probability: twoSided(difference / spread, freedom),
  };
}

/**
 * The trimmed geometric mean, which ratios are of.
 *
 * @param times Above 0.
 * @returns The mean of the times that are not trimmed.
 */
export function middleOf(times: readonly number[]): number {
  return Math.exp(meanOf(trimmed(logsOf(times))));
}

interface Moments {
  /** Of the logarithms, trimmed. */
  readonly mean: number;
  /** The variance of that mean. */
  readonly error: number;
  /** Degrees of freedom of that variance. */
  readonly freedom: number;
}

function logMoments(times: readonly number[]): Moments {
  const logs = logsOf(times);
  const { length } = logs;
  const kept = trimmed(logs);
  // What is trimmed counts for the variance as the nearest that is kept: leaving it out would make the spread too small.
  const drawnIn = logs.map((log) => Math.min(Math.max(log, kept[0]!), kept.at(-1)!));
  const variance = Math.max(squaresOf(drawnIn) / (length - 1), LEAST_SPREAD ** 2);
  return {
    mean: meanOf(kept),
    error: variance * (length - 1) / (kept.length * (kept.length - 1)),
    freedom: kept.length - 1,
  };
}

/** In their order, the least first. */
function logsOf(times: readonly number[]): number[] {
  return times.map(Math.log).sort((one, other) => one - other);
}

/**
 * How many launches are left out.
 *
 * @param launches Of one side.
 * @returns How many of the fastest, and as many of the slowest.
 */
export function trimmedLaunches(launches: number): number {
  return Math.floor(launches * TRIMMED);
}

function trimmed(sorted: readonly number[]): readonly number[] {
  const count = trimmedLaunches(sorted.length);
  return sorted.slice(count, sorted.length - count);
}

function squaresOf(numbers: readonly number[]): number {
  const mean = meanOf(numbers);
  return numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0);
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
