/** What the doctor makes of what it finds, on made-up findings; and that nothing makes it fail. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import { fileURLToPath } from "node:url";
import { CAPABILITY } from "../../../src/abi/linux.ts";
import type { Diagnosis } from "../../../src/cli/doctor.ts";
import { type Check, check, checkAfter, obstacleOf, ok } from "../../../src/cli/doctor/check.ts";
import {
  effectiveCapabilities,
  hasAllUsers,
  judgeCapabilities,
  libbpfFunctions,
} from "../../../src/cli/doctor/machine.ts";
import { renderChecks } from "../../../src/cli/doctor/table.ts";
import { EventPipeError } from "../../../src/errors.ts";
import { nativeTest } from "../ffi/_native.ts";

const ALL = Object.keys(CAPABILITY);

Deno.test("a check answers with what was thrown, and with the advice behind the first semicolon", () => {
  const failing = check("libbpf", () => {
    throw new EventPipeError(
      "Cannot open libbpf.so.1: not there; run: deno task setup; then again",
      "LIBRARY",
    );
  });
  assertEquals(failing, {
    name: "libbpf",
    state: "missing",
    found: "Cannot open libbpf.so.1: not there",
    advice: "run: deno task setup; then again",
  });
});

Deno.test("obstacleOf takes Deno's own advice for one, and anything for an error", () => {
  assertEquals(obstacleOf(new Error('Requires read access to "a", run again with the --allow-read flag')), {
    found: 'Requires read access to "a"',
    advice: "run again with the --allow-read flag",
  });
  assertEquals(obstacleOf("broken"), { found: "broken", advice: "" });
});

Deno.test("a check that needs a missing thing is not tried and says which", () => {
  const libc: Check = { name: "libc", state: "missing", found: "", advice: "" };
  const tried = checkAfter("CPUs", [{ ...libc, state: "limited" }], () => ok("2"));
  assertEquals(tried.found, "2");
  const untried = checkAfter("CPUs", [libc], () => {
    throw new Error("must not be called");
  });
  assertEquals(untried, { name: "CPUs", state: "missing", found: "could not be tried", advice: "see libc" });
});

for (
  const [digits, names] of [
    ["000001ffffffffff", ALL],
    ["000001fffeffffff", ALL.filter((name) => name !== "CAP_SYS_RESOURCE")],
    ["000000c000000000", ["CAP_PERFMON", "CAP_BPF"]],
    ["0000000000200000", ["CAP_SYS_ADMIN"]],
    ["0000000000000000", []],
  ] as const
) {
  Deno.test(`CapEff ${digits} holds ${names.join(", ") || "nothing that matters"}`, () => {
    assertEquals([...effectiveCapabilities(`Name:\tdeno\nCapEff:\t${digits}\nCapBnd:\t0\n`)], names);
  });
}

for (
  const [held, state] of [
    [ALL, "ok"],
    [["CAP_BPF", "CAP_PERFMON", "CAP_IPC_LOCK"], "ok"],
    [["CAP_BPF", "CAP_PERFMON"], "limited"],
    [["CAP_SYS_ADMIN"], "limited"],
    [["CAP_BPF"], "missing"],
    [["CAP_PERFMON", "CAP_IPC_LOCK"], "missing"],
    [[], "missing"],
  ] as const
) {
  Deno.test(`${held.length === ALL.length ? "all" : held.join(", ") || "no"} capabilities are ${state}`, () => {
    const finding = judgeCapabilities(new Set(held));
    assertEquals(finding.state, state);
    assertEquals(finding.advice === "", state === "ok");
  });
}

Deno.test("only the first user namespace has all users", () => {
  assertEquals(hasAllUsers("         0          0 4294967295\n"), true);
  assertEquals(hasAllUsers("         0      65534          1\n"), false);
  assertEquals(hasAllUsers("         0          0 4294967294\n"), false);
  assertEquals(hasAllUsers("0 0 1\n1 100000 65536\n"), false);
});

nativeTest("libbpf", "the doctor names the functions that libbpf does not have", () => {
  const finding = libbpfFunctions([
    "bpf_map_create",
    "bpf_none_of_these",
    "libbpf_version_string",
    "btf__none",
  ]);
  assertEquals(finding.state, "missing");
  assertEquals(finding.found, "bpf_none_of_these, btf__none (2 of 4)");
});

/** A table of everything that can be long. */
const LONG: readonly Check[] = [
  { name: "unprivileged_bpf_disabled", state: "ok", found: "2", advice: "" },
  {
    name: "tracefs",
    state: "missing",
    found: `no ${"/a-folder".repeat(20)} here`,
    advice: "tp programs and the tracer need it; as root run: mount -t tracefs tracefs /sys/kernel/tracing",
  },
  { name: "kernel source", state: "limited", found: "x".repeat(200), advice: "y".repeat(200) },
];

Deno.test("the table has 110 columns at the most, and loses no letter", () => {
  const text = renderChecks(LONG, false);
  for (const line of text.split("\n")) assertLessOrEqual(line.length, 110);
  // Letters of a column stand in several lines, so they are counted.
  const letters = (letter: string): number => text.split(letter).length - 1;
  const given = LONG.map(({ name, state, found, advice }) => name + state + found + advice).join("");
  for (const letter of "xyf/") assertGreaterOrEqual(letters(letter), given.split(letter).length - 1, letter);
  assert(!text.includes("…"));
});

Deno.test("colours change no column of the table", () => {
  // deno-lint-ignore no-control-regex -- ANSI codes begin with it
  const plain = renderChecks(LONG, true).replace(/\x1b\[\d+m/g, "");
  assertEquals(plain, renderChecks(LONG, false));
});

Deno.test("a table of nothing but good news is narrow", () => {
  const text = renderChecks([{ name: "Deno", state: "ok", found: "2.9.6", advice: "" }], false);
  assertEquals(text.split("\n").at(-1), "Deno   ok     2.9.6");
});

/** Runs the doctor in a process of its own. */
async function doctor(
  flags: readonly string[],
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...flags,
      fileURLToPath(new URL("../../../src/cli/doctor.ts", import.meta.url)),
      ...args,
    ],
    stdin: "null",
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

for (const flags of [[], ["--allow-read"], ["-A", "--deny-ffi"]]) {
  Deno.test(`the doctor reports what it cannot open with ${flags.join(" ") || "no permission"}, exit status 3`, async () => {
    const { code, stdout, stderr } = await doctor(flags, ["--json"]);
    assertEquals([code, stderr], [3, ""]);
    const { kernelSource, reason, checks } = JSON.parse(stdout) as Diagnosis;
    assertEquals(kernelSource, false);
    assertMatch(reason!, /^Cannot open libc\.so\.6: .*; run with --allow-ffi/);
    assertGreater(checks.length, 20);
    for (const each of checks) assertEquals(Object.keys(each), ["name", "state", "found", "advice"]);
  });
}

Deno.test("the doctor's exit status is what it says, and both forms say the same", async () => {
  const [json, table] = await Promise.all([doctor(["-A"], ["--json"]), doctor(["-A"], [])]);
  const { kernelSource, reason } = JSON.parse(json.stdout) as Diagnosis;
  assertEquals(json.code, kernelSource ? 0 : 3);
  assertEquals(table.code, json.code);
  assertEquals(reason === null, kernelSource);
  const verdict = table.stdout.trimEnd().split("\n\n").at(-1)!;
  assertEquals(verdict.startsWith("Events of the kernel can be read here."), kernelSource);
  for (const line of table.stdout.split("\n")) assertLessOrEqual(line.length, 110);
});

Deno.test("the doctor prints its help, and refuses an unknown option with exit status 2", async () => {
  const help = await doctor([], ["--help"]);
  assertEquals(help.code, 0);
  assertMatch(help.stdout, /^Usage: deno task doctor \[OPTIONS\]$/m);
  const wrong = await doctor([], ["--jsno"]);
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertMatch(wrong.stderr, /did you mean "--json"/);
});
