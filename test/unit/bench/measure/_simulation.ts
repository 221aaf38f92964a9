/** Ratios as a noisy machine gives them, around a ratio that is known. */

import { randomFrom } from "../../../../bench/measure/random.ts";

/** How noisy the machine is. */
export interface Noise {
  /** Standard deviation of a pair's ratio, as a share. */
  readonly pair: number;
  /** Standard deviation of what all pairs of a launch share. */
  readonly launch: number;
  /** Share of pairs in which one of the two blocks was interrupted and took up to twice the time. */
  readonly interrupted: number;
}

/** A virtual machine that others use too. */
export const REALISTIC: Noise = { pair: 0.05, launch: 0.005, interrupted: 0.15 };

/** Ratios of 5 launches with 8 pairs each. */
export function simulate(ratio: number, noise: Noise, seed: number): number[][] {
  const random = randomFrom(seed);
  const normal = (): number => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random();
    return sum;
  };
  return Array.from({ length: 5 }, () => {
    const launch = Math.exp(noise.launch * normal());
    return Array.from({ length: 8 }, () => {
      const stolen = random() < noise.interrupted ? 1 + random() : 1;
      return ratio * launch * Math.exp(noise.pair * normal()) * (random() < 0.5 ? stolen : 1 / stolen);
    });
  });
}
