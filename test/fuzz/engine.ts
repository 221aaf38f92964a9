/**
 * The loop of the fuzzer: makes an input from a seed, runs it, and goes on with the next seed until one fails, which is
 * then made smaller.
 *
 * The inputs are made by own code. fast-check, which the property tests use, makes 30,000 lists of 14 small steps in a
 * second, and then nothing has run yet; this makes and runs more. And with it a run is repeated by walking to it from the
 * first one, which takes as long as finding it did.
 *
 * @module
 */

import { nextSeed, Random } from "./random.ts";
import { shrink } from "./shrink.ts";

/** What is fuzzed. */
export interface Target<I> {
  /**
   * Makes an input.
   *
   * @param random Where all its chances come from.
   * @returns An input of plain values that JSON can hold.
   */
  generate(random: Random): I;

  /**
   * Whether something that was made smaller is still an input.
   *
   * @param input The candidate.
   * @returns True if it can be run.
   */
  accepts(input: I): boolean;

  /**
   * Runs what is fuzzed on an input. Each run begins with the same memory.
   *
   * @param input The input.
   * @throws Whatever is wrong.
   */
  run(input: I): void;
}

/** An input that fails. */
export interface Finding<I> {
  /** The seed it was made from. */
  readonly seed: number;
  /** The input, as small as it could be made. */
  readonly input: I;
  /** What is wrong. */
  readonly error: unknown;
}

/** What a campaign came to. */
export interface Outcome<I> {
  /** How many inputs were run, but those that were tried to make one smaller. */
  readonly runs: number;
  /** What failed; null if nothing did. */
  readonly finding: Finding<I> | null;
}

/**
 * Runs one input after the other.
 *
 * @param target What is fuzzed.
 * @param seed The seed of the first run; it determines all others.
 * @param goesOn Asked in front of each run, with the number of those that are done and the seed of the next one.
 * @returns At the first input that fails, or when `goesOn` says no.
 */
export function fuzz<I>(
  target: Target<I>,
  seed: number,
  goesOn: (runs: number, seed: number) => boolean,
): Outcome<I> {
  let runs = 0;
  for (let next = seed; goesOn(runs, next); next = nextSeed(next)) {
    runs++;
    const input = target.generate(new Random(next));
    const error = failure(target, input);
    if (error === null) continue;
    const smallest = shrink(
      input,
      (candidate) => target.accepts(candidate) && failure(target, candidate) !== null,
    );
    return { runs, finding: { seed: next, input: smallest, error: failure(target, smallest) } };
  }
  return { runs, finding: null };
}

/** What an input throws; null if it runs to its end. */
function failure<I>(target: Target<I>, input: I): unknown {
  try {
    target.run(input);
    return null;
  } catch (error) {
    return error;
  }
}
