/**
 * Looks for what is wrong with a mutant: by the scenarios, by random programs, by random programs with sleepers.
 *
 * @module
 */

import { LinuxSystem } from "../../../src/eventpoll/linux.ts";
import type { EpollSystem } from "../../../src/eventpoll/system.ts";
import { checkModel } from "../fuzz/invariants.ts";
import { runPrograms, type Tally } from "../fuzz/programs.ts";
import { runSleeperPrograms } from "../fuzz/sleeper_programs.ts";
import type { MutantModel } from "./mutant.ts";

/** Files of scenarios. Those beside this one are for mutants that no others find. */
const SCENARIOS = ["../scenarios.json", "../selftests.json", "scenarios.json"];

/** The programs begin here for each mutant. */
const SEED = 1;

/** Within so many programs without sleepers a mutant must be found. */
const PROGRAMS = 600;

/** And within so many with sleepers. */
const SLEEPER_PROGRAMS = 200;

/** By what a mutant was found. */
export interface Findings {
  /** The first scenario that fails; null if none does. */
  readonly scenario: string | null;
  /** How many programs without sleepers it took; null if all were not enough. */
  readonly programs: number | null;
  /** How many programs with sleepers it took; null if all were not enough. */
  readonly sleeperPrograms: number | null;
}

/**
 * Looks for what is wrong with a mutant by all means.
 *
 * @param mutant The broken model.
 * @returns By what it was found.
 */
export async function hunt(mutant: MutantModel): Promise<Findings> {
  return {
    scenario: await failingScenario(mutant),
    programs: await huntByPrograms(mutant),
    sleeperPrograms: await huntBySleepers(mutant),
  };
}

/**
 * Looks for what is wrong with a mutant until it is found by one means.
 *
 * @param mutant The broken model.
 * @returns Whether it was found.
 */
export async function isFound(mutant: MutantModel): Promise<boolean> {
  return await failingScenario(mutant) !== null || await huntByPrograms(mutant) !== null ||
    await huntBySleepers(mutant) !== null;
}

/**
 * Runs the scenarios.
 *
 * @param mutant The broken model.
 * @returns The name of the first one that fails; null if none does.
 */
export async function failingScenario(
  { ModelSystem, runScenario, parseScenarios }: MutantModel,
): Promise<string | null> {
  for (const file of SCENARIOS) {
    const text = await Deno.readTextFile(new URL(file, import.meta.url));
    for (const scenario of parseScenarios(text)) {
      const failures = await runScenario(new ModelSystem(), scenario);
      if (failures.length > 0) return scenario.name;
    }
  }
  return null;
}

async function huntByPrograms({ ModelSystem }: MutantModel): Promise<number | null> {
  await using linux = new LinuxSystem();
  const tally: Tally = { programs: 0, steps: 0, disturbed: 0, unrepeated: 0 };
  const subject = { open: () => new ModelSystem(), check: checkModel };
  const finding = runPrograms(subject, linux, SEED, () => tally.programs < PROGRAMS, tally);
  return finding === null ? null : tally.programs;
}

async function huntBySleepers({ ModelSystem }: MutantModel): Promise<number | null> {
  const tally: Tally = { programs: 0, steps: 0, disturbed: 0, unrepeated: 0 };
  const open = (seed?: number): EpollSystem => new ModelSystem(seed === undefined ? {} : { seed });
  const finding = await runSleeperPrograms(open, SEED, () => tally.programs < SLEEPER_PROGRAMS, tally);
  return finding === null ? null : tally.programs;
}
