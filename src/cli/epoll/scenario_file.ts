/**
 * Scenario files as arguments of a command.
 *
 * @module
 */

import { parseScenarios, type Scenario, ScenarioFormatError } from "../../eventpoll/scenario.ts";
import { type Options, UsageError } from "../args.ts";

/** The options of all commands that take such a file. */
export const SCENARIO_OPTIONS = {
  filter: { type: "string", value: "NAME", help: "only scenarios with this in their names" },
} as const satisfies Options;

/** The argument. */
export const SCENARIO_FILE = {
  usage: "FILE",
  help: "a scenario file, epoll-scenario/1",
  min: 1,
  max: 1,
} as const;

/**
 * Reads a scenario file.
 *
 * @param path Its path.
 * @param filter What the names of the scenarios must contain.
 * @returns The scenarios, at least one.
 * @throws {UsageError} If it cannot be read, is no scenario file, or has no such scenario.
 */
export function readScenarioFile(path: string, filter = ""): Scenario[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  try {
    const scenarios = parseScenarios(text).filter(({ name }) => name.includes(filter));
    if (scenarios.length > 0) return scenarios;
  } catch (error) {
    if (!(error instanceof ScenarioFormatError)) throw error;
    throw new UsageError(`Cannot run ${path}: ${error.message}`);
  }
  throw new UsageError(
    filter === "" ? `${path} has no scenarios` : `${path} has no scenario with "${filter}" in its name`,
  );
}
