/**
 * When an open loop wants its events: the planned times of a Poisson process, which a seed repeats. Events that come from
 * many places that know nothing of each other arrive so: at any moment, and now and then in a bunch.
 *
 * @module
 */

import { randomFrom } from "./measure/random.ts";

/** How events are offered at a rate: evenly, or at random with that mean. */
export const ARRIVALS = ["fixed", "poisson"] as const;

/** The name of a way to offer events at a rate. */
export type Arrivals = typeof ARRIVALS[number];

/**
 * Planned times one after the other. Each is the one before plus a gap from an exponential distribution, whatever became of
 * the events: one that is late moves no other.
 */
export class PoissonTimes {
  readonly #random: () => number;
  readonly #meanGapNs: number;
  #next: number;

  /**
   * @param startNs Where the first gap begins.
   * @param rate Events per second on average.
   * @param seed Repeats the gaps.
   */
  constructor(startNs: number, rate: number, seed: number) {
    this.#random = randomFrom(seed);
    this.#meanGapNs = 1e9 / rate;
    this.#next = startNs + this.#gap();
  }

  /**
   * Takes the times that have come.
   *
   * @param nowNs The time now.
   * @param times Filled from its start with planned times, ascending; those that find no place are taken by the next call.
   * @returns How many were taken.
   */
  takeDue(nowNs: number, times: Float64Array): number {
    let count = 0;
    while (this.#next <= nowNs && count < times.length) {
      times[count++] = this.#next;
      this.#next += this.#gap();
    }
    return count;
  }

  /** By the inverse of the distribution; 1 - u is never 0. */
  #gap(): number {
    return -Math.log(1 - this.#random()) * this.#meanGapNs;
  }
}
