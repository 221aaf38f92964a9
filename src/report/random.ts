/**
 * Random numbers that a seed repeats, for resampling: a report's intervals come out the same whenever it is rendered again.
 * Relies on nothing.
 *
 * @module
 */

/**
 * Makes a generator of random numbers: mulberry32.
 *
 * @param seed A u32.
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
