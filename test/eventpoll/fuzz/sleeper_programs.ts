/**
 * Random programs with sleepers on both systems, one after the other, until one comes to something in the kernel that it does
 * not come to in the model in any order.
 *
 * @module
 */

import { LinuxSystem } from "../../../src/eventpoll/linux.ts";
import type { EpollSystem } from "../../../src/eventpoll/system.ts";
import { nextSeed, Random } from "../../fuzz/random.ts";
import type { Tally } from "./programs.ts";
import { type AnyStep, buildSleeperProgram, observe } from "./sleepers.ts";
import { toOperation } from "./steps.ts";

/** How many orders are tried in the model behind the last one that came to something new. */
const PATIENCE = 150;

/** How often the kernel is asked once more before a difference is believed: its threads run as they like. */
const REPEATS = 5;

/** A program with sleepers that shows a mismatch. */
export interface SleeperFinding {
  /** The seed of the program. */
  readonly seed: number;
  /** Its steps up to the mismatch. */
  readonly steps: readonly AnyStep[];
  /** What the last step came to in the kernel, and who returned. */
  readonly linux: string;
  /** What it came to in the model. */
  readonly model: string;
}

/** Makes a model whose sleepers run in an order that a seed determines; in order of waking up without one. */
export type OpenModel = (seed?: number) => EpollSystem;

/**
 * Runs programs.
 *
 * @param open Makes a model.
 * @param seed The seed of the first program; it determines all others.
 * @param goesOn Asked in front of each program.
 * @param tally Counts on.
 * @returns The first mismatch, with as few steps as show it; null if `goesOn` said no before there was one.
 */
export async function runSleeperPrograms(
  open: OpenModel,
  seed: number,
  goesOn: (tally: Tally) => boolean,
  tally: Tally,
): Promise<SleeperFinding | null> {
  for (let next = seed; goesOn(tally); next = nextSeed(next)) {
    const steps = buildSleeperProgram(new Random(next));
    tally.programs++;
    tally.steps += steps.length;
    const difference = await differ(open, steps, tally);
    if (difference !== null) return { seed: next, ...await shrinkSteps(open, difference, tally) };
  }
  return null;
}

type Difference = Omit<SleeperFinding, "seed">;

/** How the kernel and the model differ; null if they do not, or not each time. */
async function differ(open: OpenModel, steps: readonly AnyStep[], tally: Tally): Promise<Difference | null> {
  const first = await onLinux(steps);
  const inModel = await runOrders(open, steps, first.join("\n"));
  if (inModel.has(first.join("\n"))) return null;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const linux = await onLinux(steps);
    if (!inModel.has(linux.join("\n"))) continue;
    tally.unrepeated++;
    return null;
  }
  return firstDifference(steps, first, [...inModel.values()]);
}

/** What a program comes to in the model, in as many orders as it takes to come to what is wanted, or to nothing new. */
async function runOrders(
  open: OpenModel,
  steps: readonly AnyStep[],
  wanted: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  let last = 0;
  for (let order = 0; !found.has(wanted) && order - last <= PATIENCE; order++) {
    const observations = await onModel(open, steps, order === 0 ? undefined : order);
    const text = observations.join("\n");
    if (found.has(text)) continue;
    found.set(text, observations);
    last = order;
  }
  return found;
}

/** At the step up to which one of the orders agrees longest with the kernel. */
function firstDifference(
  steps: readonly AnyStep[],
  linux: readonly string[],
  models: readonly (readonly string[])[],
): Difference {
  let at = -1;
  let nearest: readonly string[] = [];
  for (const model of models) {
    const place = linux.findIndex((observation, index) => observation !== model[index]);
    if (place > at) {
      at = place;
      nearest = model;
    }
  }
  return { steps: steps.slice(0, at + 1), linux: linux[at] ?? "", model: nearest[at] ?? "" };
}

async function onLinux(steps: readonly AnyStep[]): Promise<string[]> {
  const linux = new LinuxSystem();
  return await observed(linux, () => linux.settle(0), steps);
}

async function onModel(
  open: OpenModel,
  steps: readonly AnyStep[],
  seed: number | undefined,
): Promise<string[]> {
  const model = open(seed);
  return await observed(model, () => model.settle(), steps);
}

/** What is wrong is an observation, too. */
async function observed(
  system: EpollSystem,
  settle: () => Promise<void>,
  steps: readonly AnyStep[],
): Promise<string[]> {
  const observations: string[] = [];
  try {
    await using _ = system;
    await observe(system, settle, steps, observations);
  } catch (error) {
    observations.push(`threw ${error}`);
  }
  return observations;
}

/** Leaves out steps one by one, from the end. */
async function shrinkSteps(open: OpenModel, difference: Difference, tally: Tally): Promise<Difference> {
  let smallest = difference;
  for (let index = smallest.steps.length - 1; index >= 0; index--) {
    if (index >= smallest.steps.length) continue;
    const candidate = smallest.steps.toSpliced(index, 1);
    if (isWhole(candidate)) smallest = await differ(open, candidate, tally) ?? smallest;
  }
  return smallest;
}

/** Whether no name in a program is used that is not made. */
function isWhole(steps: readonly AnyStep[]): boolean {
  const made = new Set<string>();
  const isMaker = ({ do: what }: AnyStep): boolean => ["epoll", "pipe", "eventfd", "pair"].includes(what);
  for (const step of steps) {
    const names = [
      ..."name" in step ? [step.name] : [],
      ..."peer" in step ? [step.peer] : [],
      ..."ep" in step ? [step.ep] : [],
    ];
    if (isMaker(step)) { for (const name of names) made.add(name); }
    if (!names.every((name) => made.has(name))) return false;
  }
  return true;
}

/**
 * Writes a finding down for a person to read: a scenario cannot say that any of several results is right.
 *
 * @param finding The finding.
 * @returns Its steps, and how the systems differ.
 */
export function describeFinding({ seed, steps, linux, model }: SleeperFinding): string {
  const lines = steps.map((step) => `  ${JSON.stringify(toOperation(step))}`);
  return [`seed ${seed}:`, ...lines, `  linux: ${linux}`, `  model: ${model}`].join("\n");
}
