/**
 * The scenarios on the model. What they want was measured on a kernel; test/kernel/ runs them there.
 *
 * `selftests.json` has the cases of the kernel's own epoll_wakeup_test.c, in words of our own; the tags name its tests. Of its
 * races only what is certain is compared, and its test 61 stands in test/unit/eventpoll/sleepers_test.ts. `corners.json` has
 * calls that the others leave out: wrong kinds of files, odd spellings, limits.
 */

import { assertEquals, assertGreater } from "@std/assert";
import { ModelSystem } from "../../src/eventpoll/model.ts";
import { runScenario } from "../../src/eventpoll/run_scenario.ts";
import { parseScenarios, type Scenario } from "../../src/eventpoll/scenario.ts";
import { stepText, valueText } from "../../src/eventpoll/scenario_text.ts";

const SEEDS = [undefined, 1, 2, 3];

function read(name: string): Scenario[] {
  return parseScenarios(Deno.readTextFileSync(new URL(`./${name}.json`, import.meta.url)));
}

async function failuresOf(scenario: Scenario, seed?: number): Promise<string[]> {
  await using system = new ModelSystem(seed === undefined ? {} : { seed });
  const failures = await runScenario(system, scenario);
  return failures.map(({ step, got }) => `${step.where}: ${stepText(step)} returned ${valueText(got)}`);
}

for (const name of ["scenarios", "selftests", "corners"]) {
  for (const scenario of read(name)) {
    Deno.test(`the model passes ${scenario.name}, whoever of the woken runs first`, async () => {
      for (const seed of SEEDS) assertEquals(await failuresOf(scenario, seed), []);
    });
  }
}

Deno.test("of the kernel's 64 wake-up tests each has a scenario, but the one that is a race", () => {
  const tags = new Set(read("selftests").map(({ name }) => name));
  assertEquals(tags.size, 63);
  const text = Deno.readTextFileSync(new URL("./selftests.json", import.meta.url));
  const named = [...text.matchAll(/"epoll(\d+)"/g)].map(([, number]) => Number(number));
  const all = Array.from({ length: 64 }, (_, index) => index + 1).filter((number) => number !== 61);
  assertEquals(named.toSorted((a, b) => a - b), all);
});

Deno.test("every expectation is really compared: with nonsense in its place, each one fails", async () => {
  let checks = 0;
  for (const scenario of [...read("scenarios"), ...read("selftests"), ...read("corners")]) {
    const steps = scenario.steps.map((step) =>
      step.want === undefined ? step : { ...step, want: "nonsense" }
    );
    const wants = steps.filter(({ want }) => want !== undefined).length;
    assertEquals((await failuresOf({ ...scenario, steps })).length, wants, scenario.name);
    checks += wants;
  }
  assertGreater(checks, 1000);
});
