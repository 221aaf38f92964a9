/**
 * What inputs of both kinds of rings have in common: where the ring begins, and what its reader does.
 *
 * @module
 */

import { type Random, weigh } from "./random.ts";
import type { Commit, ReaderStep } from "./reader.ts";
import type { U64 } from "./tested_ring.ts";

/** Powers of two near which positions begin: words, rings and doubles wrap there. */
const WRAPS = [0, 31, 32, 53, 63, 64];

const COMMITS: readonly Commit[] = ["record", "batch", "drain"];

const READER_STEPS = weigh<(random: Random) => ReaderStep>(
  [4, () => ({ do: "begin" })],
  [5, () => ({ do: "scan" })],
  [2, () => ({ do: "copy" })],
  [3, () => ({ do: "commit" })],
  [2, (random) => ({ do: "commitThrough", at: random.below(300) })],
  [2, (random) => ({ do: "rewind", at: random.below(300) })],
  [1, (random) => ({ do: "view", at: random.below(300) })],
  [4, (random) => ({ do: "pass", commit: random.pick(COMMITS) })],
);

/**
 * Where a ring begins: near a wrap mostly.
 *
 * @param random Where the chance comes from.
 * @param ringBytes The size of the ring's data.
 * @returns A multiple of 8.
 */
export function position(random: Random, ringBytes: number): U64 {
  if (random.oneIn(8)) return { high: random.word(), low: (random.word() & ~7) >>> 0 };
  const wrap = random.pick(WRAPS);
  const low = (wrap === 31 ? 2 ** 31 : 0) + 8 * random.between(-ringBytes / 8, ringBytes / 8);
  const high = wrap < 32 ? 0 : wrap === 64 ? 0 : 2 ** (wrap - 32);
  return { high: (high + Math.floor(low / 2 ** 32)) >>> 0, low: low >>> 0 };
}

/**
 * A step of a reader.
 *
 * @param random Where the chance comes from.
 * @returns The step.
 */
export function readerStep(random: Random): ReaderStep {
  return random.pick(READER_STEPS)(random);
}
