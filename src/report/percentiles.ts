/**
 * Exact percentiles of the latencies a benchmark recorded. A suite calls it once per stage, after its window
 * has closed: recording is an append to a Float64Array, and the sorting happens here. Relies on the encoder of
 * histograms.
 */

import { encodeHistogram } from "./histogram.ts";
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
  /** Events that never came, and so have no latency. Default: none. */
  readonly lost?: number;
}

/** The percentiles of a stage. */
export type PercentileName = "p50" | "p90" | "p99" | "p999" | "p9999";

/** A quantile as `part / whole`, so that ranks are found with whole numbers and 0.999 is exact. */
interface Quantile {
  readonly part: number;
  readonly whole: number;
}

const QUANTILES: Readonly<Record<PercentileName, Quantile>> = {
  p50: { part: 50, whole: 100 },
  p90: { part: 90, whole: 100 },
  p99: { part: 99, whole: 100 },
  p999: { part: 999, whole: 1000 },
  p9999: { part: 9999, whole: 10_000 },
};

/**
 * Sort a copy of the recorded latencies and read off percentiles by nearest rank: the smallest latency that at
 * least a share q of all does not exceed, which is always one that was recorded. Lost events rank above all that
 * came, as latencies without end: a percentile among them is null. It is also null where fewer than 10 / (1 - q)
 * were recorded or lost, since its value would hang on a handful of events. Latencies below zero (clocks that
 * disagree) stay as they are and are counted in `negative`.
 *
 * @throws {RangeError} when `count` or `lost` is out of bounds or a latency is not a finite number.
 */
export function latencyStage(recorded: RecordedLatencies): LatencyStage {
  const { stage, from, samples, count = samples.length, lost = 0 } = recorded;
  if (!Number.isInteger(count) || count < 0 || count > samples.length) {
    throw new RangeError(`Cannot read ${count} latencies: ${samples.length} fit into the samples`);
  }
  if (!Number.isSafeInteger(lost) || lost < 0) {
    throw new RangeError(`Cannot rank lost events: expected a count of 0 or more, current value is ${lost}`);
  }
  const sorted = samples.slice(0, count).sort();
  checkFinite(sorted);
  const whole = count + lost;
  const spectrum = spectrumOf(sorted, whole);
  const percentile = (name: PercentileName): number | null =>
    isSupported(name, whole) ? sorted[rankOf(QUANTILES[name], whole) - 1] ?? null : null;
  return {
    stage,
    from,
    p50: percentile("p50"),
    p90: percentile("p90"),
    p99: percentile("p99"),
    p999: percentile("p999"),
    p9999: percentile("p9999"),
    max: sorted.at(-1) ?? null,
    ...(spectrum.length === 0 ? {} : { spectrum }),
    count,
    ...(lost === 0 ? {} : { lost }),
    ...(count === 0 ? {} : { histogram: encodeHistogram(sorted) }),
    negative: countNegative(sorted),
  };
}

/**
 * Whether a percentile is that of an event that was lost, so that no latency attains it.
 *
 * @param stage A stage of a cell.
 * @param name Of the percentile.
 * @returns True if lost events are why it is null.
 */
export function isLostPercentile(stage: Pick<LatencyStage, "count" | "lost">, name: PercentileName): boolean {
  const { count, lost = 0 } = stage;
  return isSupported(name, count + lost) && rankOf(QUANTILES[name], count + lost) > count;
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

/** Latencies by nearest rank at the points of a spectrum that ten or more of `whole` support, lost ones left out. */
function spectrumOf(sorted: Float64Array, whole: number): number[] {
  const spectrum: number[] = [];
  for (let odds = 2; whole >= 10 * odds; odds = spectrumOdds(spectrum.length)) {
    const rank = Math.ceil(whole * (1 - 1 / odds));
    if (rank > sorted.length) break;
    spectrum.push(sorted[rank - 1]!);
  }
  return spectrum;
}

/** Whether n events are 10 / (1 - q) or more. */
function isSupported(name: PercentileName, n: number): boolean {
  const { part, whole } = QUANTILES[name];
  return n * (whole - part) >= 10 * whole;
}

/** The rank of quantile q among n: ceil(q n), from 1 on. */
function rankOf({ part, whole }: Quantile, n: number): number {
  return Math.ceil(n * part / whole);
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
