/** The scenarios on the kernel, where what they want was measured. */

import { assertEquals } from "@std/assert";
import { LinuxSystem } from "../../../src/eventpoll/linux.ts";
import { missingFor, runScenario } from "../../../src/eventpoll/run_scenario.ts";
import { parseScenarios, type Scenario } from "../../../src/eventpoll/scenario.ts";
import { stepText, valueText } from "../../../src/eventpoll/scenario_text.ts";
import { kernelTest } from "../_kernel.ts";

const FILES = ["scenarios.json", "selftests.json", "corners.json", "mutants/scenarios.json"];

async function failuresOf(scenario: Scenario): Promise<string[]> {
  await using system = new LinuxSystem();
  const failures = await runScenario(system, scenario);
  return failures.map(({ step, got }) => `${step.where}: ${stepText(step)} returned ${valueText(got)}`);
}

/** Using up a user's watches takes half a minute and a gigabyte; `deno task epoll run --allow-quota` does it. */
function whyNot(scenario: Scenario): string | null {
  if (scenario.needs.includes("quota")) return "it would use up a user's watches";
  return Deno.build.os === "linux" ? missingFor(new LinuxSystem(), scenario) : null;
}

for (const file of FILES) {
  const text = Deno.readTextFileSync(new URL(`../../eventpoll/${file}`, import.meta.url));
  for (const scenario of parseScenarios(text)) {
    const trait = whyNot(scenario);
    kernelTest(
      `the kernel passes ${scenario.name}`,
      async () => assertEquals(await failuresOf(scenario), []),
      { trait },
    );
  }
}
