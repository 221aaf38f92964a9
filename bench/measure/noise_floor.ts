/**
 * The noise floor of a machine: a loop that does nothing but read the clock finds how long it was kept from doing so. What
 * is measured here cannot be quieter. Relies on a clock that is cheap to read.
 *
 * @module
 */

import { monotonicNs } from "../../src/ffi/clock.ts";
import { spectrumOdds } from "../../src/report/percentiles.ts";
import type { NoiseFloorRecord } from "../../src/report/schema.ts";
import { type Bucket, histogramOf, Samples } from "./samples.ts";

/** Longer than any reading takes, cache misses included; what is longer was spent elsewhere. */
const GAP_NS = 5_000;

/** From the interrupts of a quiet machine to a hypervisor that runs others. */
const GAP_EDGES_NS = [GAP_NS, 10_000, 50_000, 200_000, 1_000_000, 5_000_000] as const;

/** What a spinning loop saw. */
export interface NoiseFloor {
  /** How long it spun, in ns. */
  readonly spanNs: number;
  /** How often it read the clock. */
  readonly readings: number;
  /** One reading, in ns, gaps left out. */
  readonly readingNs: number;
  /** The share of the time that lay in gaps. */
  readonly lostShare: number;
  /** The longest gap, in ns; 0 if there was none. */
  readonly longestNs: number;
  /** How many gaps of which length, in ns. */
  readonly gaps: readonly Bucket[];
  /** From a moment drawn at random until the loop runs again. */
  readonly delays: Delays;
}

/** Percentiles of a delay, as a results file has them. */
export type Delays = NonNullable<NoiseFloorRecord["delays"]>;

/**
 * Spins and watches the clock. Pin the thread first: the floor is that of one CPU.
 *
 * @param durationMs How long.
 * @param clock The clock, in ns; CLOCK_MONOTONIC unless given.
 * @returns What was seen.
 * @throws {RangeError} If the duration is not above 0.
 */
export function measureNoiseFloor(durationMs: number, clock: () => number = monotonicNs): NoiseFloor {
  if (!(durationMs > 0)) {
    throw new RangeError(
      `Cannot measure the noise floor: durationMs must be above 0, current value is ${durationMs}`,
    );
  }
  const gaps = new Samples(Math.ceil(durationMs * 1e6 / GAP_NS) + 1); // as many as there is time for
  const start = clock();
  const end = start + durationMs * 1e6;
  let last = start;
  let readings = 0;
  let lostNs = 0;
  while (last < end) {
    const now = clock();
    const gap = now - last;
    if (gap > GAP_NS) {
      gaps.add(gap);
      lostNs += gap;
    }
    last = now;
    readings++;
  }
  const spanNs = last - start;
  return {
    spanNs,
    readings,
    readingNs: (spanNs - lostNs) / readings,
    lostShare: lostNs / spanNs,
    longestNs: gaps.values.reduce((longest, gap) => Math.max(longest, gap), 0),
    gaps: histogramOf(gaps.values, GAP_EDGES_NS),
    delays: delaysOf(gaps.values, { spanNs, readings }),
  };
}

/** Points of a spectrum: on a machine without gaps it would never end. */
const MAX_SPECTRUM = 40;

/** Gaps that must reach a percentile, so that it does not hang on a handful of them. */
const MIN_GAPS = 10;

/**
 * How long it takes from a moment drawn at random until the loop runs again. A moment falls into a gap the more likely the
 * longer it is, and anywhere in it; so of each gap of g ns, g - d ns are moments that wait for longer than d.
 *
 * @param gaps The lengths of all gaps, in ns.
 * @param loop The whole time, and how often the loop came round in it.
 * @returns The percentiles; null where fewer than ten gaps reach them and yet only gaps do.
 */
export function delaysOf(
  gaps: Float64Array,
  { spanNs, readings }: Pick<NoiseFloor, "spanNs" | "readings">,
): Delays {
  const longest = gaps.toSorted().reverse();
  const gapNs = longest.reduce((sum, gap) => sum + gap, 0);
  const [restNs, rounds] = [spanNs - gapNs, readings - longest.length];
  /** The delay that moments of a share `1 / odds` exceed. */
  const delay = (odds: number): number | null => {
    const exceedingNs = spanNs / odds;
    let sum = 0;
    for (let reached = 0; reached < longest.length; reached++) {
      // Were these gaps the only ones that reach it: the moments in them beyond the delay make up the share.
      const found = reached === 0 ? -Infinity : (sum - exceedingNs) / reached;
      if (found >= longest[reached]!) return reached < MIN_GAPS ? null : found;
      sum += longest[reached]!;
    }
    const found = longest.length === 0 ? -Infinity : (sum - exceedingNs) / longest.length;
    if (rounds <= 0 || found >= restNs / rounds) return longest.length < MIN_GAPS ? null : Math.max(0, found);
    // Between two readings time passes too, as in many small gaps of one length.
    return (sum + restNs - exceedingNs) / (longest.length + rounds);
  };
  const spectrum: number[] = [];
  for (let next = delay(spectrumOdds(0)); next !== null && spectrum.length < MAX_SPECTRUM;) {
    spectrum.push(next);
    next = delay(spectrumOdds(spectrum.length));
  }
  return {
    p50: delay(2),
    p90: delay(10),
    p99: delay(100),
    p999: delay(1000),
    p9999: delay(10_000),
    max: longest[0] ?? restNs / rounds,
    ...(spectrum.length === 0 ? {} : { spectrum }),
    count: readings,
    negative: 0,
  };
}
