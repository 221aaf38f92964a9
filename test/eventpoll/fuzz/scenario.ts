/**
 * A finding as a scenario: what the kernel came to stands under `want`, so that the model fails it until it is right.
 *
 * @module
 */

import type { Finding } from "./programs.ts";
import { type Outcome, type ScenarioJson, type Step, toOperation, toWant } from "./steps.ts";

/** Steps whose success need not be written down. */
const MAKERS: ReadonlySet<Step["do"]> = new Set([
  "epoll",
  "pipe",
  "eventfd",
  "pair",
  "file",
  "dup",
  "dup2",
  "close",
]);

/**
 * Writes a finding down.
 *
 * @param finding The finding.
 * @returns A file of one scenario, as JSON with a line for each step.
 */
export function toScenario({ seed, steps, outcomes, mismatch }: Finding): string {
  const last = steps.at(-1)!;
  const lines = steps.map((step, index) => {
    const operation = toOperation(step);
    const outcome = outcomes[index]!;
    const isPlain = MAKERS.has(step.do) && typeof outcome !== "string";
    return JSON.stringify(isPlain ? operation : { do: operation, want: toWant(step, outcome) });
  });
  const head = JSON.stringify({
    name: `fuzz-${seed}`,
    about: `The last step: ${describe(last, mismatch.model)}.`,
    needs: needsOf(steps),
  });
  const scenario = `${head.slice(0, -1)},"steps":[\n  ${lines.join(",\n  ")}\n]}`;
  return `{"format":"epoll-scenario/1","scenarios":[\n${scenario}\n]}`;
}

function describe(step: Step, inModel: Outcome | Error): string {
  return inModel instanceof Error
    ? inModel.message
    : `the model gives ${JSON.stringify(toWant(step, inModel))}`;
}

function needsOf(steps: readonly Step[]): ScenarioJson {
  const has = (what: Step["do"]): boolean => steps.some((step) => step.do === what);
  return (["pair", "poll", "info"] as const).filter(has);
}
