/** `deno task epoll fuzz` and `deno task epoll mutants` as a user runs them: what they print, and with which status they end. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../src/cli/epoll.ts", import.meta.url));
const decoder = new TextDecoder();

const isLinux = Deno.build.os === "linux";

function linuxTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: isLinux ? name : `${name} (not here: it needs Linux)`, ignore: !isLinux, fn });
}

interface Outcome {
  readonly code: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

async function epoll(...args: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", COMMAND, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  return { code, lines: decoder.decode(stdout).trimEnd().split("\n"), stderr: decoder.decode(stderr) };
}

linuxTest("fuzz says how fast it goes, and ends with its figures and the seed", async () => {
  const { code, lines, stderr } = await epoll("fuzz", "--seconds", "2", "--seed", "5");
  assertEquals(code, 0);
  assertEquals(lines.length, 1);
  assertMatch(lines[0]!, /^\d+ programs, \d+ steps, 0 mismatches, seed 5$/);
  assertMatch(stderr, /^1 s: [0-9.]+[kM]? steps\/s$/m);
});

linuxTest("mutants prints how each was found, and ends with how many were", async () => {
  const { code, lines } = await epoll("mutants", "--filter", "the number is not part of the key");
  assertEquals(code, 0);
  assertMatch(
    lines[0]!,
    /^\| file +\| mutant +\| verdict +\| scenario that fails +\| programs +\| with sleepers +\|$/,
  );
  const row = lines.find((line) => line.includes("the number is not part of the key"));
  assert(row !== undefined);
  assertStringIncludes(row, "| found   | dup-is-a-second-key | 1 ");
  assertEquals(lines.at(-1), "1 found, 0 survived, 0 equivalent");
});

for (
  const [what, args, message] of [
    ["a seed that is too large", ["fuzz", "--seed", "4294967296"], "it must be below 4294967296"],
    ["no time", ["fuzz", "--seconds", "0"], "it must be longer than 0"],
    [
      "a filter that nothing has",
      ["mutants", "--filter", "wings"],
      'No mutant has "wings" in its name or file',
    ],
  ] as const
) {
  linuxTest(`${args[0]} refuses ${what}`, async () => {
    const { code, stderr } = await epoll(...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  });
}
