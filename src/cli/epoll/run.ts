/**
 * `deno task epoll run`: runs scenarios on the model, on the kernel or on both.
 *
 * @module
 */

import { EventPipeError } from "../../errors.ts";
import { ModelSystem } from "../../eventpoll/model.ts";
import { missingFor, type Outcome, runScenario } from "../../eventpoll/run_scenario.ts";
import type { Scenario } from "../../eventpoll/scenario.ts";
import { stepText, valueText } from "../../eventpoll/scenario_text.ts";
import type { EpollSystem } from "../../eventpoll/system.ts";
import { oneOf, runCommand } from "../args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../exit.ts";
import { readScenarioFile, SCENARIO_FILE, SCENARIO_OPTIONS } from "./scenario_file.ts";

const COMMAND = {
  name: "epoll run",
  summary:
    "Run scenarios, programs of epoll calls with the results they must have. What failed is printed as step, wanted and " +
    "got; exit status 1 if anything did.",
  options: {
    system: {
      type: "string",
      value: "NAME",
      help: "model, linux (the kernel's epoll) or both",
      default: "model",
      parse: oneOf("model", "linux", "both"),
    },
    ...SCENARIO_OPTIONS,
    "allow-quota": {
      type: "boolean",
      help: "on linux, also those that use up a user's watches: a minute, and 2 GB of the kernel's memory",
    },
  },
  positionals: SCENARIO_FILE,
  examples: [
    "epoll run test/eventpoll/scenarios.json",
    "epoll run test/eventpoll/scenarios.json --system both --filter nest",
  ],
} as const;

/** A system to run on. */
interface Target {
  readonly name: string;
  open(): EpollSystem;
}

/** How many scenarios ended how. */
interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs the command.
 *
 * @param args The arguments behind `run`.
 * @returns The exit status.
 */
export function main(args: readonly string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ options, positionals: [path = ""] }) => {
    const scenarios = readScenarioFile(path, options.filter);
    const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
    try {
      const targets = await targetsOf(options.system);
      for (const scenario of scenarios) {
        for (const target of targets) await runOn(target, scenario, options.allowQuota, tally);
      }
    } catch (error) {
      if (!(error instanceof EventPipeError)) throw error;
      console.error(error.message);
      return EXIT_UNSUPPORTED;
    }
    console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
    return tally.failed > 0 ? EXIT_FAILED : EXIT_OK;
  });
}

async function targetsOf(name: "model" | "linux" | "both"): Promise<Target[]> {
  const targets: Target[] = [];
  if (name !== "linux") targets.push({ name: "model", open: () => new ModelSystem() });
  if (name !== "model") {
    const { libc } = await import("../../ffi/libc.ts");
    libc(); // before anything else of it: here is said what is missing
    const { LinuxSystem } = await import("../../eventpoll/linux.ts");
    targets.push({ name: "linux", open: () => new LinuxSystem() });
  }
  return targets;
}

/** Opens a system of its own for the scenario, so that none sees what another left. */
async function runOn(target: Target, scenario: Scenario, allowQuota: boolean, tally: Tally): Promise<void> {
  await using system = target.open();
  const missing = target.name === "linux" && scenario.needs.includes("quota") && !allowQuota
    ? "it would use up a user's watches; --allow-quota lets it"
    : missingFor(system, scenario);
  if (missing !== null) {
    tally.skipped++;
    console.log(`SKIP ${scenario.name} on ${target.name}: ${missing}`);
    return;
  }
  const failures = await runScenario(system, scenario);
  if (failures.length === 0) {
    tally.passed++;
    return;
  }
  tally.failed++;
  console.log(`FAIL ${scenario.name} on ${target.name}`);
  for (const failure of failures) printFailure(failure);
}

function printFailure({ step, got }: Outcome): void {
  console.log(`  ${step.where}: ${stepText(step)}`);
  console.log(`    wanted ${step.want === undefined ? "no error" : valueText(step.want)}`);
  console.log(`    got    ${valueText(got)}`);
}
