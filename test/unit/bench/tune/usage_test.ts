/** Command lines that make no sense are refused before anything is opened, with what to write in their place. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { runTune } from "./_command.ts";

for (
  const [what, args, message] of [
    ["no rate", [], "Option --rate is missing"],
    ["a rate of 0", ["--rate", "0"], "--rate: expected more than 0"],
    ["events too short", ["--rate", "1k", "--payload", "8"], "--payload 8: expected 32 to 65516 bytes"],
    [
      "a share that may be 5 or 500 %",
      ["--rate", "1k", "--max-cpu", "5"],
      "expected a percentage such as 5%",
    ],
    ["a CPU limit of nothing", ["--rate", "1k", "--max-cpu", "0"], "--max-cpu: expected more than 0"],
    ["no CPUs", ["--rate", "1k", "--cpus", "0"], "--cpus 0: expected at least 1"],
    ["no time", ["--rate", "1k", "--seconds", "0.1"], "--seconds: expected at least 1"],
    ["an unknown quantile", ["--rate", "1k", "--latency-quantile", "p98"], 'Unknown name "p98"'],
    ["a quantile that takes longer", ["--rate", "10", "--max-latency", "1ms"], "p99 can be told after 375 s"],
  ] as const
) {
  Deno.test(`tune refuses ${what} with exit status 2`, async () => {
    const { code, stderr } = await runTune(args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  });
}

Deno.test("the help says what the goal on latency is on, and why another quantile may be wanted", async () => {
  const { code, stdout } = await runTune(["--help"]);
  assertEquals(code, 0);
  const text = stdout.replaceAll(/\s+/g, " ");
  assertStringIncludes(text, "p50, p90, p99 or p999 of the events");
  assertStringIncludes(text, "On a virtual machine the upper ones may be the host's");
});
