/**
 * The noise floor of a machine: a loop that does nothing but read the clock finds how long it was kept from doing so. What
 * is measured here cannot be quieter. Relies on a clock that is cheap to read.
 *
 * @module
 */

import { monotonicNs } from "../../src/ffi/clock.ts";
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
}

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
  };
}
