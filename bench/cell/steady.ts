/**
 * Whether a measurement was steady: its second half must not differ from its first.
 *
 * @module
 */

import { median } from "../measure/median.ts";

/** By how much the halves may differ. */
const STEADY = 0.05;

/** Fewer in a half tell nothing: it is what a median needs. */
const MIN_SAMPLES = 20;

/**
 * Whether two figures of the halves are alike.
 *
 * @param first Of the first half.
 * @param second Of the second half.
 * @returns Whether they differ by 5 % at the most.
 */
export function isSteady(first: number, second: number): boolean {
  return Math.abs(second - first) <= STEADY * first;
}

/**
 * Whether the median of samples is the same in both halves of the time.
 *
 * @param samples In the order in which they were recorded.
 * @returns Whether it is; true too where there are too few to tell.
 */
export function hasSteadyMedian(samples: Float64Array): boolean {
  const half = samples.length >> 1;
  if (half < MIN_SAMPLES) return true;
  return isSteady(median(samples.subarray(0, half)), median(samples.subarray(half)));
}
