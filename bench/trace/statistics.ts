/**
 * Numbers of few runs: median, spread, paired ratios, and an order drawn from a seed. Relies on nothing.
 *
 * @module
 */

/** What is said of several runs. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many runs. */
  readonly n: number;
}

/**
 * The middle one of numbers, or the mean of the middle two.
 *
 * @param numbers In any order; not changed.
 * @returns The median.
 * @throws {RangeError} If there are none.
 */
export function median(numbers: readonly number[]): number {
  if (numbers.length === 0) throw new RangeError("Cannot take the median: there are no numbers");
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Median and extremes.
 *
 * @param numbers What was measured; nulls are runs without a value.
 * @returns Their spread, or null if nothing was measured.
 */
export function spreadOf(numbers: readonly (number | null)[]): Spread | null {
  const known = numbers.filter((number) => number !== null);
  if (known.length === 0) return null;
  return { median: median(known), min: Math.min(...known), max: Math.max(...known), n: known.length };
}

/**
 * The ratios of what was measured in the same round.
 *
 * @param over By round.
 * @param under By round.
 * @returns `over / under` of each round that has both.
 */
export function pairedRatios(
  over: ReadonlyMap<number, number>,
  under: ReadonlyMap<number, number>,
): number[] {
  return [...over].flatMap(([round, value]) => {
    const base = under.get(round);
    return base === undefined || base === 0 ? [] : [value / base];
  });
}

/**
 * Random numbers that a seed repeats: mulberry32.
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

/**
 * Puts things into a random order.
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
