/**
 * Numbers of few runs: spread and paired ratios.
 *
 * @module
 */

import { median } from "../measure/median.ts";

/** What is said of several runs. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many runs. */
  readonly n: number;
}

/**
 * Median and extremes.
 *
 * @param numbers What was measured; nulls are runs without a value.
 * @returns Their spread, or null if nothing was measured.
 */
export function spreadOf(numbers: readonly (number | null)[]): Spread | null {
  const known = numbers.filter((number) => number !== null);
  if (known.length === 0) return null;
  return { median: median(known), min: Math.min(...known), max: Math.max(...known), n: known.length };
}

/**
 * The ratios of what was measured in the same round.
 *
 * @param over By round.
 * @param under By round.
 * @returns `over / under` of each round that has both.
 */
export function pairedRatios(
  over: ReadonlyMap<number, number>,
  under: ReadonlyMap<number, number>,
): number[] {
  return [...over].flatMap(([round, value]) => {
    const base = under.get(round);
    return base === undefined || base === 0 ? [] : [value / base];
  });
}
