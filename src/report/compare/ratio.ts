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
  /** The ratio of the geometric means. */
  readonly ratio: number;
  /** Lower end of the interval of 95 %. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
  /** The probability of a ratio so far from 1 where there is no difference. */
  readonly probability: number;
}

/**
 * Two processes never take the same time to more digits than this. It stands for the spread of samples that are all equal,
 * such as those of a clock that does not resolve them.
 */
const LEAST_SPREAD = 1e-6;

/**
 * Compares times by Welch's test of their logarithms, since noise of times is a share of them.
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
  const freedom = variance ** 2 / (ofA.error ** 2 / (a.length - 1) + ofB.error ** 2 / (b.length - 1));
  const reach = criticalT(0.95, freedom) * spread;
  return {
    ratio: Math.exp(difference),
    low: Math.exp(difference - reach),
    high: Math.exp(difference + reach),
    probability: twoSided(difference / spread, freedom),
  };
}

interface Moments {
  readonly mean: number;
  /** The variance of the mean. */
  readonly error: number;
}

function logMoments(times: readonly number[]): Moments {
  const logs = times.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
  return { mean, error: Math.max(squares / (logs.length - 1), LEAST_SPREAD ** 2) / logs.length };
}
