/**
 * Random numbers that a seed repeats, for the order of blocks and for resampling. Relies on nothing.
 *
 * @module
 */

/**
 * Makes a generator of random numbers: mulberry32.
 *
 * @param seed A u32; a report keeps it, so that its intervals can be computed again.
 * @returns A function that gives numbers from 0 to below 1.
 */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

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
