/**
 * `deno task epoll explain`: tells what happens in the model while a scenario runs, and why an event was not reported.
 *
 * @module
 */

import { ModelSystem } from "../../eventpoll/model.ts";
import { isAsWanted, runScenario } from "../../eventpoll/run_scenario.ts";
import type { Scenario } from "../../eventpoll/scenario.ts";
import { stepText, valueText } from "../../eventpoll/scenario_text.ts";
import { runCommand } from "../args.ts";
import { EXIT_FAILED, EXIT_OK } from "../exit.ts";
import { Narrator } from "./narrator.ts";
import { readScenarioFile, SCENARIO_FILE, SCENARIO_OPTIONS } from "./scenario_file.ts";

const COMMAND = {
  name: "epoll explain",
  summary:
    "Run scenarios on the model and tell what happens: who is woken, what is queued and in which order, what is reported, " +
    "and why a watch is not. Exit status 1 if a result is not what the scenario wants.",
  options: SCENARIO_OPTIONS,
  positionals: SCENARIO_FILE,
  examples: ["epoll explain test/eventpoll/scenarios.json --filter mod-rearms"],
} as const;

/**
 * Runs the command.
 *
 * @param args The arguments behind `explain`.
 * @returns The exit status.
 */
export function main(args: readonly string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ options, positionals: [path = ""] }) => {
    let failed = 0;
    for (const scenario of readScenarioFile(path, options.filter)) failed += await explain(scenario);
    return failed > 0 ? EXIT_FAILED : EXIT_OK;
  });
}

/** Prints a scenario, and tells how many of its steps failed. */
async function explain(scenario: Scenario): Promise<number> {
  await using system = new ModelSystem();
  const narrator = new Narrator(system);
  console.log(`${scenario.name}: ${scenario.about}`);
  const failures = await runScenario(system, scenario, {
    after(outcome, run): void {
      const { step, got } = outcome;
      const unwanted = isAsWanted(outcome)
        ? ""
        : ` -- wanted ${step.want === undefined ? "no error" : valueText(step.want)}`;
      console.log(`  ${stepText(step)} = ${valueText(got)}${unwanted}`);
      for (const line of narrator.tell(outcome, run)) console.log(`      ${line}`);
    },
  });
  console.log();
  return failures.length;
}
