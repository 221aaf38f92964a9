/**
 * Exact percentiles of the latencies a benchmark recorded. A suite calls it once per stage, after its window
 * has closed: recording is an append to a Float64Array, and the sorting happens here. Relies on nothing else.
 */

import type { LatencyStage } from "./schema.ts";

/** What `latencyStage` needs. */
export interface RecordedLatencies {
  /** Name of the stage, as in a cell. */
  readonly stage: string;
  readonly from: LatencyStage["from"];
  /** Latencies in ns in any order; not changed. */
  readonly samples: Float64Array;
  /** How many of `samples` were recorded, from the start on. Default: all. */
  readonly count?: number;
}

/** A quantile as `part / whole`, so that ranks are found with whole numbers and 0.999 is exact. */
interface Quantile {
  readonly part: number;
  readonly whole: number;
}

const P50: Quantile = { part: 50, whole: 100 };
const P90: Quantile = { part: 90, whole: 100 };
const P99: Quantile = { part: 99, whole: 100 };
const P999: Quantile = { part: 999, whole: 1000 };
const P9999: Quantile = { part: 9999, whole: 10_000 };

/**
 * Sort a copy of the recorded latencies and read off percentiles by nearest rank: the smallest latency that at
 * least a share q of all does not exceed, which is always one that was recorded. A percentile is null where
 * fewer than 10 / (1 - q) were recorded, since its value would hang on a handful of events. Latencies below zero
 * (clocks that disagree) stay as they are and are counted in `negative`.
 *
 * @throws {RangeError} when `count` is out of bounds or a latency is not a finite number.
 */
export function latencyStage(recorded: RecordedLatencies): LatencyStage {
  const { stage, from, samples, count = samples.length } = recorded;
  if (!Number.isInteger(count) || count < 0 || count > samples.length) {
    throw new RangeError(`Cannot read ${count} latencies: ${samples.length} fit into the samples`);
  }
  const sorted = samples.slice(0, count).sort();
  checkFinite(sorted);
  const spectrum = spectrumOf(sorted);
  return {
    stage,
    from,
    p50: nearestRank(sorted, P50),
    p90: nearestRank(sorted, P90),
    p99: nearestRank(sorted, P99),
    p999: nearestRank(sorted, P999),
    p9999: nearestRank(sorted, P9999),
    max: sorted.at(-1) ?? null,
    ...(spectrum.length === 0 ? {} : { spectrum }),
    count,
    negative: countNegative(sorted),
  };
}

/**
 * Where a point of a spectrum stands: half of the latencies are above the first, and each second one halves what is above.
 *
 * @param index Of the point, from 0 on.
 * @returns 1 / (1 - q).
 */
export function spectrumOdds(index: number): number {
  return 2 ** (1 + index / 2);
}

/** Latencies by nearest rank at the points of a spectrum that ten or more of them support. */
function spectrumOf(sorted: Float64Array): number[] {
  const spectrum: number[] = [];
  for (let odds = 2; sorted.length >= 10 * odds; odds = spectrumOdds(spectrum.length)) {
    spectrum.push(sorted[Math.ceil(sorted.length * (1 - 1 / odds)) - 1]!);
  }
  return spectrum;
}

/** The value at rank ceil(q n) of n sorted ones, or null when n is below 10 / (1 - q). */
function nearestRank(sorted: Float64Array, { part, whole }: Quantile): number | null {
  const n = sorted.length;
  if (n * (whole - part) < 10 * whole) return null;
  return sorted[Math.ceil(n * part / whole) - 1] ?? null;
}

/** How many of the sorted values are below zero; -0 sorts before 0 and is not. */
function countNegative(sorted: Float64Array): number {
  const firstNotNegative = sorted.findIndex((latency) => latency >= 0);
  return firstNotNegative === -1 ? sorted.length : firstNotNegative;
}

/** Sorting puts -Infinity first, then numbers, then Infinity and NaN. */
function checkFinite(sorted: Float64Array): void {
  for (const end of [sorted.at(0), sorted.at(-1)]) {
    if (end !== undefined && !Number.isFinite(end)) {
      throw new RangeError(`Cannot read latencies: one is ${end}, expected finite numbers`);
    }
  }
}
