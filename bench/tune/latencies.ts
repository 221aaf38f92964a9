/**
 * Latencies of some of the events, chosen so that the clock's cost does not show in the CPU time of the reader, and their
 * quantiles with lost events among them. Suites that measure latency alone record every event; here one run measures both.
 *
 * @module
 */

import { type QuantileName, QUANTILES } from "./goal.ts";

/** Events per second whose time is looked at: the clock takes some 50 ns, so this is a thousandth of a core. */
const SAMPLES_PER_SECOND = 20_000;

/** Latencies of events drawn at random distances: with fixed ones the same place of each batch would be drawn. */
export class SampledLatencies {
  readonly #samples: Float64Array;
  readonly #meanGap: number;
  #count = 0;
  #untilNext = 1;
  #random = 1;

  /**
   * @param rate Events per second.
   * @param durationMs For how long.
   */
  constructor(rate: number, durationMs: number) {
    this.#meanGap = Math.max(1, Math.round(rate / SAMPLES_PER_SECOND));
    const expected = rate * durationMs / 1000 / this.#meanGap;
    // Touched now, so that no page faults later; some more for the chance of small gaps and a late end.
    this.#samples = new Float64Array(Math.ceil(expected * 1.2) + 10_000).fill(1);
  }

  /** How many were recorded. */
  get count(): number {
    return this.#count;
  }

  /** Whether the next event is to be recorded. */
  isNext(): boolean {
    return --this.#untilNext === 0;
  }

  /**
   * Records the event that was next.
   *
   * @param latencyNs Its latency.
   */
  record(latencyNs: number): void {
    if (this.#count < this.#samples.length) this.#samples[this.#count++] = latencyNs;
    // A linear congruential generator (Numerical Recipes), of which the upper bits are used: 1 to twice the mean less 1.
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    this.#untilNext = 1 + Math.floor(this.#random / 2 ** 32 * (2 * this.#meanGap - 1));
  }

  /**
   * The quantiles. A lost event was never handled, so it counts as slower than any other.
   *
   * @param lostShare Lost events as a share of all.
   * @returns Latencies in ns by nearest rank; Infinity where so many were lost, null where too few were recorded to tell.
   */
  quantiles(lostShare: number): Record<QuantileName, number | null> {
    const sorted = this.#samples.slice(0, this.#count).sort();
    const of = (name: QuantileName): number | null => quantile(sorted, lostShare, name);
    return { p50: of("p50"), p90: of("p90"), p99: of("p99"), p999: of("p999") };
  }

  /** The longest one; null if none was recorded. */
  get max(): number | null {
    let max = -Infinity;
    for (let i = 0; i < this.#count; i++) max = Math.max(max, this.#samples[i]!);
    return this.#count === 0 ? null : max;
  }
}

function quantile(sorted: Float64Array, lostShare: number, name: QuantileName): number | null {
  const { part, whole } = QUANTILES[name];
  const all = lostShare < 1 ? sorted.length / (1 - lostShare) : Infinity;
  if (sorted.length * (whole - part) < 10 * whole) return lostShare > 1 - part / whole ? Infinity : null;
  const rank = Math.ceil(all * part / whole);
  return rank > sorted.length ? Infinity : sorted[rank - 1]!;
}
