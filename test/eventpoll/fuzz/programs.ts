/**
 * Random programs on both systems, one after the other, until one shows a mismatch, which is then made smaller.
 *
 * @module
 */

import type { EpollSystem } from "../../../src/eventpoll/system.ts";
import { nextSeed, Random } from "../../fuzz/random.ts";
import { DisturbedError, Duel, type Mismatch, type Subject } from "./duel.ts";
import { Generator } from "./generate.ts";
import { shrink } from "./shrink.ts";
import type { Outcome, Step } from "./steps.ts";

/** After so many steps, all interest sets are compared. */
const INFO_EVERY = 50;

/** A program that shows a mismatch. */
export interface Finding {
  /** The seed of the program. */
  readonly seed: number;
  /** Its steps, the last one with the mismatch. */
  readonly steps: readonly Step[];
  /** What each step came to in the kernel. */
  readonly outcomes: readonly Outcome[];
  /** How the systems differ in the last one. */
  readonly mismatch: Mismatch;
}

/** What was done so far. */
export interface Tally {
  /** Programs that ran to their end. */
  programs: number;
  /** Steps on each system. */
  steps: number;
  /** Programs that were given up, since other parts of the process opened or closed files. */
  disturbed: number;
  /** Programs with sleepers that came to something in the kernel that the model did in no order, but not when repeated. */
  unrepeated: number;
}

/**
 * Runs programs.
 *
 * @param subject What is fuzzed.
 * @param linux The kernel.
 * @param seed The seed of the first program; it determines all others.
 * @param goesOn Asked in front of each program.
 * @param tally Counts on.
 * @returns The first mismatch, not made smaller; null if `goesOn` said no before there was one.
 */
export function runPrograms<M extends EpollSystem>(
  subject: Subject<M>,
  linux: EpollSystem,
  seed: number,
  goesOn: (tally: Tally) => boolean,
  tally: Tally,
): Finding | null {
  for (let next = seed; goesOn(tally); next = nextSeed(next)) {
    const duel = new Duel(subject, linux);
    const mismatch = fight(duel, () => runProgram(duel, new Random(next)));
    tally.steps += duel.steps.length;
    if (mismatch === undefined) tally.disturbed++;
    else tally.programs++;
    if (mismatch) return { seed: next, steps: duel.steps, outcomes: duel.outcomes, mismatch };
  }
  return null;
}

/** Null if there is no mismatch, undefined if the program was disturbed. */
function fight<M extends EpollSystem>(
  duel: Duel<M>,
  run: () => Mismatch | null,
): Mismatch | null | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof DisturbedError) return undefined;
    throw error;
  } finally {
    duel.end();
  }
}

function runProgram<M extends EpollSystem>(duel: Duel<M>, random: Random): Mismatch | null {
  const generator = new Generator(random, duel.world, random.oneIn(3));
  const objects = random.between(4, 10);
  const length = random.between(150, 400);
  for (let i = 0; i < length; i++) {
    const mismatch = duel.step(i < objects ? generator.nextObject() : generator.next()) ??
      (i % INFO_EVERY === INFO_EVERY - 1 ? compareSets(duel) : null);
    if (mismatch !== null) return mismatch;
  }
  return compareSets(duel);
}

function compareSets<M extends EpollSystem>(duel: Duel<M>): Mismatch | null {
  for (const ep of duel.world.opened) {
    const mismatch = duel.world.kind(ep) === "epoll" ? duel.step({ do: "info", ep }) : null;
    if (mismatch !== null) return mismatch;
  }
  return null;
}

/**
 * Makes the program of a finding smaller.
 *
 * @param subject What is fuzzed.
 * @param linux The kernel.
 * @param finding The finding.
 * @returns A finding of which no step can be left out.
 */
export function shrinkFinding<M extends EpollSystem>(
  subject: Subject<M>,
  linux: EpollSystem,
  finding: Finding,
): Finding {
  const kind = kindOf(finding);
  // A smaller program that shows something else would tell less of what was found.
  const fails = (steps: readonly Step[]): boolean => {
    const found = replay(subject, linux, steps);
    return found !== null && kindOf(found) === kind;
  };
  const smallest = shrink(finding.steps, fails);
  const last = replay(subject, linux, smallest);
  return last === null ? finding : { seed: finding.seed, ...last };
}

/** What kind of call went wrong, and whether in its result. */
function kindOf({ steps, mismatch: { model } }: Omit<Finding, "seed">): string {
  return `${steps.at(-1)!.do} ${model instanceof Error ? model.message : ""}`;
}

/**
 * Runs a program that was written down.
 *
 * @param subject What is fuzzed.
 * @param linux The kernel.
 * @param steps The program.
 * @returns The finding, without a seed; null if there is none.
 */
export function replay<M extends EpollSystem>(
  subject: Subject<M>,
  linux: EpollSystem,
  steps: readonly Step[],
): Omit<Finding, "seed"> | null {
  const duel = new Duel(subject, linux);
  const mismatch = fight(duel, () => {
    for (const step of steps) {
      const mismatch = duel.step(step);
      if (mismatch !== null) return mismatch;
    }
    return null;
  });
  return mismatch ? { steps: duel.steps, outcomes: duel.outcomes, mismatch } : null;
}
