/**
 * Two sides of results compared cell by cell: what became slower, what faster, and what cannot be told. Relies on ratios of
 * launches and on the control of false discoveries over all of them.
 *
 * @module
 */

import type { Results } from "../schema.ts";
import { adjusted } from "./false_discovery.ts";
import { type Measure, measuresOf } from "./measures.ts";
import { type TimeRatio, timeRatio } from "./ratio.ts";

/** What may be said of B over A. */
export type ComparisonVerdict = "slower" | "faster" | "equivalent" | "inconclusive" | "too few launches";

/** One time of one configuration on both sides. */
export interface ComparedMeasure {
  readonly a: Measure;
  readonly b: Measure;
  /** null with too few launches. */
  readonly ratio: TimeRatio | null;
  /** The probability of the ratio, adjusted for the number of cells; null with too few launches. */
  readonly adjusted: number | null;
  /** Differences up to this share are not reported. */
  readonly threshold: number;
  readonly verdict: ComparisonVerdict;
}

/** All of it. */
export interface Comparison {
  /** The worst first. */
  readonly measures: readonly ComparedMeasure[];
  /** Measures that only one side has. */
  readonly onlyA: number;
  readonly onlyB: number;
}

/** The expected share of false ones among the reported. */
const FALSE_DISCOVERY_RATE = 0.05;

const ORDER: readonly ComparisonVerdict[] = [
  "slower",
  "faster",
  "inconclusive",
  "equivalent",
  "too few launches",
];

/**
 * Compares two sides.
 *
 * @param a Runs of the side that is compared with.
 * @param b Runs of the other.
 * @param tolerance Differences up to this share are nobody's concern, however well they are measured.
 * @returns What may be said of each cell.
 */
export function compareRuns(a: readonly Results[], b: readonly Results[], tolerance: number): Comparison {
  const [ofA, ofB] = [measuresOf(a), measuresOf(b)];
  const shared = [...ofA].flatMap(([key, one]) => {
    const other = ofB.get(key);
    return other === undefined ? [] : [{ a: one, b: other, ratio: timeRatio(one.values, other.values) }];
  });
  const judged = shared.filter(({ ratio }) => ratio !== null);
  const probabilities = adjusted(judged.map(({ ratio }) => ratio!.probability));
  const byMeasure = new Map(judged.map(({ a }, index) => [a, probabilities[index]!]));
  const measures = shared.map(({ a, b, ratio }): ComparedMeasure => {
    const probability = byMeasure.get(a) ?? null;
    const threshold = Math.max(tolerance, a.detectable, b.detectable);
    return {
      a,
      b,
      ratio,
      adjusted: probability,
      threshold,
      verdict: verdictOf(ratio, probability, threshold),
    };
  });
  return {
    measures: measures.sort((one, other) =>
      ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict) ||
      (other.ratio?.ratio ?? 0) - (one.ratio?.ratio ?? 0)
    ),
    onlyA: ofA.size - shared.length,
    onlyB: ofB.size - shared.length,
  };
}

function verdictOf(
  ratio: TimeRatio | null,
  probability: number | null,
  threshold: number,
): ComparisonVerdict {
  if (ratio === null || probability === null) return "too few launches";
  if (probability <= FALSE_DISCOVERY_RATE) {
    if (ratio.ratio > 1 + threshold) return "slower";
    // A slowdown by a factor and the speed-up that takes it back are equally far from 1.
    if (ratio.ratio < 1 / (1 + threshold)) return "faster";
  }
  return ratio.high <= 1 + threshold && ratio.low >= 1 / (1 + threshold) ? "equivalent" : "inconclusive";
}
