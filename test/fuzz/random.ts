/**
 * Random numbers that a seed determines. Every run of the fuzzer has a seed of its own, so each can be repeated without
 * those in front of it.
 *
 * @module
 */

/** Seeds are u32. */
export const SEEDS: number = 2 ** 32;

/**
 * The seed of the next run. All seeds lie on one cycle: 2^32 runs go by before one is repeated.
 *
 * @param seed The seed of a run.
 * @returns The seed of the run behind it.
 */
export function nextSeed(seed: number): number {
  return (Math.imul(seed, 1664525) + 1013904223) >>> 0;
}

/** A stream of random numbers: Marsaglia's xorshift with 32 bits, multiplied so that the upper bits are as random as the lower. */
export class Random {
  #state: number;

  /** @param seed A u32. Seeds that are near each other give streams that are not. */
  constructor(seed: number) {
    let mixed = seed ^ 0x9e3779b9;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    this.#state = mixed === 0 ? 1 : mixed; // 0 would stay 0
  }

  /** @returns A u32. */
  word(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.imul(state, 0x9e3779bb) >>> 0;
  }

  /**
   * A number below a limit.
   *
   * @param limit An integer from 1 to 2^32.
   * @returns An integer from 0.
   */
  below(limit: number): number {
    return Math.floor(this.word() / 2 ** 32 * limit);
  }

  /**
   * A number of a range.
   *
   * @param min The smallest.
   * @param max The largest.
   * @returns An integer.
   */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /**
   * Whether something happens that is rare.
   *
   * @param times It happens once in so many times.
   * @returns True if so.
   */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /**
   * One element of a list.
   *
   * @param list The list, not empty.
   * @returns The element.
   */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/**
 * Makes a list for `Random.pick` in which elements stand as often as they are to be picked.
 *
 * @param weighted Each element behind its weight.
 * @returns The list.
 */
export function weigh<T>(...weighted: readonly (readonly [number, T])[]): readonly T[] {
  return weighted.flatMap(([weight, element]) => Array.from({ length: weight }, () => element));
}
