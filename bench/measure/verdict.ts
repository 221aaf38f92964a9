/**
 * What may be said of a ratio of times, given what the same run says of a program compared with itself. Relies on nothing.
 *
 * @module
 */

import type { RatioInterval } from "./bootstrap.ts";

/** What a comparison of times ends with. */
export type Verdict = "faster" | "slower" | "equivalent" | "inconclusive";

/** Differences smaller than this are nobody's concern, however well they are measured. */
const NOISE_THRESHOLD = 0.02;

/**
 * The minimum detectable effect: how far the interval of a program over itself reaches from 1, and at least 2 %.
 *
 * @param same The interval of the A/A arm.
 * @returns A share: 0.03 for 3 %.
 */
export function detectableEffect(same: Pick<RatioInterval, "low" | "high">): number {
  return Math.max(NOISE_THRESHOLD, same.high - 1, 1 - same.low);
}

/**
 * Judges a ratio of times.
 *
 * @param ratio What was measured: below 1 the program took less time than what it is divided by.
 * @param detectable From {@linkcode detectableEffect}.
 * @returns `faster` or `slower` if the interval leaves 1 out and the median is further from it than what can be detected;
 * `equivalent` if the whole interval is nearer than that; else `inconclusive`.
 */
export function verdictOf(
  { median, low, high }: Pick<RatioInterval, "median" | "low" | "high">,
  detectable: number,
): Verdict {
  if (high < 1 && 1 - median > detectable) return "faster";
  if (low > 1 && median - 1 > detectable) return "slower";
  return low >= 1 - detectable && high <= 1 + detectable ? "equivalent" : "inconclusive";
}
