/** What `deno task bench` makes of the names of suites, as far as it measures nothing. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { BESIDE_SUITES } from "../../../bench/beside.ts";
import { SUITES } from "../../../bench/plan/cell_plan.ts";

const MAIN = fileURLToPath(new URL("../../../bench/main.ts", import.meta.url));

async function runBench(
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, ...args],
    env: { EVENTPIPE_INSTALL: "never", NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("bench refuses to measure a suite of kernel events on memory rings", async () => {
  for (const suite of ["consume", "backends"]) {
    const { code, stderr } = await runBench("--suite", suite, "--source", "memory");
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, `--suite ${suite} measures kernel events`);
  }
});

Deno.test("bench names all suites in its help, and the one that was nearly meant", async () => {
  const { stdout } = await runBench("--help");
  for (const suite of [...SUITES, ...BESIDE_SUITES]) assertStringIncludes(stdout, suite);
  const { code, stderr } = await runBench("--suite", "consum");
  assertEquals(code, 2);
  assert(stderr.includes('did you mean "consume"?'), stderr);
});

Deno.test("bench refuses a checkout to divide by where nothing is divided by it", async () => {
  const { code, stderr } = await runBench("--suite", "floor", "--against", ".");
  assertEquals(code, 2);
  assertStringIncludes(stderr, "--against is what the suite gate divides by: give it --suite gate");
});
