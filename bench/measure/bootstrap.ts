/**
 * The interval of a median of ratios, by a bootstrap of two levels: launches are drawn, then pairs within each. What
 * differs from process to process (a just-in-time compiler's luck, where pages lie) so widens the interval as it must.
 * Relies on nothing but the generator of random numbers: a seed repeats an interval.
 *
 * @module
 */

import { median, medianInPlace } from "./median.ts";
import { randomFrom } from "./random.ts";

/** The share of repetitions an interval is to hold the true ratio in. */
const LEVEL = 0.95;

/** How often the pairs are drawn anew. */
const RESAMPLES = 10_000;

/** Below this many launches, the interval tells of these processes and not of the next one. */
const LAUNCHES_FOR_ALL = 5;

/** A median of ratios with its interval. */
export interface RatioInterval {
  /** The median over all pairs. */
  readonly median: number;
  /** The lower end of the interval of 95 %. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
  /** How many pairs. */
  readonly pairs: number;
  /** From how many launches. */
  readonly launches: number;
  /** Whether there were too few launches to speak of others than these. */
  readonly isWithinLaunch: boolean;
  /** The median of each launch, in their order. */
  readonly launchMedians: readonly number[];
}

/** How an interval is computed. */
export interface BootstrapOptions {
  /** Repeats the interval. */
  readonly seed: number;
  /** How often pairs are drawn; 10,000 unless given. */
  readonly resamples?: number;
}

/**
 * Computes the median of ratios and its percentile interval.
 *
 * @param launches The ratios of the pairs, by launch.
 * @param options The seed.
 * @returns The median and the interval.
 * @throws {RangeError} If there is no launch, a launch without pairs, or a ratio that is not above 0.
 */
export function ratioInterval(
  launches: readonly (readonly number[])[],
  { seed, resamples = RESAMPLES }: BootstrapOptions,
): RatioInterval {
  checkLaunches(launches);
  const drawn = resampledMedians(launches, resamples, randomFrom(seed)).sort();
  const outside = Math.floor(resamples * (1 - LEVEL) / 2);
  const all = launches.flat();
  return {
    median: median(all),
    low: drawn[outside]!,
    high: drawn[resamples - 1 - outside]!,
    pairs: all.length,
    launches: launches.length,
    isWithinLaunch: launches.length < LAUNCHES_FOR_ALL,
    launchMedians: launches.map((ratios) => median(ratios)),
  };
}

function resampledMedians(
  launches: readonly (readonly number[])[],
  resamples: number,
  random: () => number,
): Float64Array {
  const medians = new Float64Array(resamples);
  // Launches may differ in length, so a draw of them may too.
  const longest = Math.max(...launches.map(({ length }) => length));
  const pool = new Float64Array(launches.length * longest);
  for (let i = 0; i < resamples; i++) {
    let count = 0;
    for (let j = 0; j < launches.length; j++) {
      const ratios = launches[Math.floor(random() * launches.length)]!;
      for (let k = 0; k < ratios.length; k++) pool[count++] = ratios[Math.floor(random() * ratios.length)]!;
    }
    medians[i] = medianInPlace(pool.subarray(0, count));
  }
  return medians;
}

function checkLaunches(launches: readonly (readonly number[])[]): void {
  if (launches.length === 0 || launches.some(({ length }) => length === 0)) {
    throw new RangeError(
      `Cannot compute an interval: each launch must have a pair, they have [${
        launches.map(({ length }) => length)
      }]`,
    );
  }
  const wrong = launches.flat().find((ratio) => !(ratio > 0 && Number.isFinite(ratio)));
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot compute an interval: ratios must be above 0 and finite, current value is ${wrong}`,
    );
  }
}
