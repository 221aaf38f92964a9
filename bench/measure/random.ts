/**
 * Random numbers that a seed repeats, for the order of blocks and for resampling. Relies on the reports' generator.
 *
 * @module
 */

export { randomFrom } from "../../src/report/random.ts";

/**
 * Draws a u32, such as the seed of a block.
 *
 * @param random From {@linkcode randomFrom}.
 * @returns An integer from 0 to 2^32 - 1.
 */
export function randomSeed(random: () => number): number {
  return Math.floor(random() * 2 ** 32);
}

/**
 * Puts things into a random order: Fisher-Yates.
 *
 * @param things Not changed.
 * @param random From {@linkcode randomFrom}.
 * @returns The same things.
 */
export function shuffled<T>(things: readonly T[], random: () => number): T[] {
  const order = [...things];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
