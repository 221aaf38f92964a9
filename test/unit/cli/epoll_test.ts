/** `deno task epoll` as a user runs it: what it prints, and with which status it ends. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../src/cli/epoll.ts", import.meta.url));
const SCENARIOS = fileURLToPath(new URL("../../eventpoll/scenarios.json", import.meta.url));
const decoder = new TextDecoder();

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The model needs to read its file and nothing else. */
async function epoll(...args: readonly string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", COMMAND, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Calls `test` with a file of scenarios, which is gone afterwards. */
async function withFile(content: unknown, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, typeof content === "string" ? content : JSON.stringify(content));
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const WRONG = {
  format: "epoll-scenario/1",
  scenarios: [
    { name: "right", steps: [["epoll", "e"], { do: ["wait", "e", 1, 0], want: [] }] },
    {
      name: "wrong",
      steps: [
        ["epoll", "e"],
        ["eventfd", "c", 1],
        ["repeat", 1, [{ do: ["add", "e", "c", "IN|ET", 7], want: "EEXIST" }]],
        { do: ["wait", "e", 1, 0], want: [] },
        ["read", "e", 1],
        { do: ["close", "e"], want: 0 },
      ],
    },
    { name: "winged", needs: ["wings"], steps: [] },
  ],
};

Deno.test("run ends with how many scenarios passed, and prints nothing else if all did", async () => {
  assertEquals(await epoll("run", SCENARIOS), {
    code: 0,
    stdout: "36 passed, 0 failed, 0 skipped\n",
    stderr: "",
  });
  const { code, stdout } = await epoll("run", SCENARIOS, "--filter", "nest", "--system", "model");
  assertEquals(code, 0);
  assertMatch(stdout, /^[3-9] passed, 0 failed, 0 skipped\n$/);
});

Deno.test("run prints what failed as step, wanted and got, and what was skipped with the reason", async () => {
  await withFile(WRONG, async (path) => {
    assertEquals(await epoll("run", path), {
      code: 1,
      stdout: [
        "FAIL wrong on model",
        "  step 3, round 1, step 1: add e c IN|ET 7",
        "    wanted EEXIST",
        "    got    0",
        "  step 4: wait e 1 0",
        "    wanted []",
        '    got    [[7,"IN"]]',
        "  step 5: read e 1",
        "    wanted no error",
        "    got    EINVAL",
        'SKIP winged on model: nobody here knows what "wings" is',
        "1 passed, 1 failed, 1 skipped",
        "",
      ].join("\n"),
      stderr: "",
    });
  });
});

Deno.test("files that are none, names that are not there and wrong options end with status 2 and say why", async () => {
  await withFile(
    { format: "epoll-scenario/1", scenarios: [{ name: "x", steps: [["leap"]] }] },
    async (path) => {
      const { code, stderr } = await epoll("run", path);
      assertEquals(code, 2);
      assertStringIncludes(
        stderr,
        `Cannot run ${path}: scenario "x", step 1: there is no operation "leap"\n`,
      );
      assertStringIncludes(stderr, "deno task epoll run --help");
    },
  );
  const table: [string[], string][] = [
    [[], "epoll needs run|explain|fuzz|mutants"],
    [["rum", SCENARIOS], 'There is no "epoll rum" (did you mean "run"?)'],
    [["toString"], 'There is no "epoll toString"'],
    [["run"], "epoll run needs FILE"],
    [["run", "/nowhere/x.json"], "Cannot read /nowhere/x.json: "],
    [["run", SCENARIOS, "--filter", "unicorn"], 'has no scenario with "unicorn" in its name'],
    [["run", SCENARIOS, "--system", "windows"], 'Unknown name "windows"'],
    [["explain", SCENARIOS, "--system", "model"], "Unknown option --system"],
  ];
  for (const [args, message] of table) {
    const { code, stderr } = await epoll(...args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(stderr, message);
  }
});

Deno.test("without permission for native code the kernel's epoll is not supported, and the status says so", async () => {
  const { code, stdout, stderr } = await epoll(
    "run",
    SCENARIOS,
    "--system",
    "linux",
    "--filter",
    "lt-repeats",
  );
  assertEquals([code, stdout], [3, ""]);
  assertStringIncludes(stderr, "--allow-ffi");
});

Deno.test("every subcommand has a help of its own, and so has the command", async () => {
  const { code, stdout } = await epoll("--help");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "deno task epoll [OPTIONS] run|explain|fuzz|mutants ...");
  for (const name of ["run", "explain"]) {
    const { code, stdout } = await epoll(name, "--help");
    assertEquals(code, 0);
    assertStringIncludes(stdout, `Usage: deno task epoll ${name} [OPTIONS] FILE`);
  }
});

Deno.test("explain tells the road of an event, and why one was not reported", async () => {
  assertEquals(await epoll("explain", SCENARIOS, "--filter", "mod-rearms"), {
    code: 0,
    stdout: `\
mod-rearms-an-edge-item: MOD re-polls the target and queues it when ready, so an already reported edge is reported again \
without new data; a MOD to a mask that is not ready leaves nothing behind.
  epoll ep = 0
  pipe r w = 0
  add ep r IN|ET 1 = 0
      ep watches r for IN|ERR|HUP|ET; it has none of these now
  write w 1 = 1
      r wakes ep: IN|RDNORM
        r is queued at the tail of ep's ready list
  wait ep 16 0 = [[1,"IN"]]
      r has IN: reported to ep
  wait ep 16 0 = []
      not reported: r, it has IN, but is edge-triggered and nothing woke it since it was last looked at
  mod ep r IN|ET 1 = 0
      ep now watches r for IN|ERR|HUP|ET; it has IN now
        r is queued at the tail of ep's ready list
  wait ep 16 0 = [[1,"IN"]]
      r has IN: reported to ep
  wait ep 16 0 = []
      not reported: r, it has IN, but is edge-triggered and nothing woke it since it was last looked at
  mod ep r PRI|ET 1 = 0
      ep now watches r for PRI|ERR|HUP|ET; it has none of these now
  wait ep 16 0 = []
      not reported: r, it has none of PRI|ERR|HUP
  mod ep r IN|ET 5 = 0
      ep now watches r for IN|ERR|HUP|ET; it has IN now
        r is queued at the tail of ep's ready list
  wait ep 16 0 = [[5,"IN"]]
      r has IN: reported to ep

`,
    stderr: "",
  });
});

Deno.test("explain names sleepers, old numbers and everything else a scenario can show, and marks what is not as wanted", async () => {
  const steps = [
    ["epoll", "a"],
    ["epoll", "b"],
    ["epoll", "o"],
    ["pipe", "r", "w"],
    ["dup", "r2", "r"],
    ["add", "a", "r", "IN|EXCLUSIVE", 1],
    ["add", "b", "r2", "IN|EXCLUSIVE", 2],
    ["add", "o", "b", "OUT|RDNORM", 3],
    ["go", "t", "a", 1, 20],
    ["write", "w", 1],
    ["got", "t"],
    ["wait", "b", 1, 0],
    ["write", "w", 1],
    ["wait", "o", 1, 0],
    { do: ["wait", "b", 1, 0, "null"], want: 0 },
    ["close", "r"],
    ["read", "r2", 9],
    ["wait", "a", 1, 0],
    ["mod", "o", "b", "IN|ONESHOT", 4],
    ["eventfd", "c", 1],
    ["add", "b", "c", "IN|ONESHOT", "0xffffffffffffffff"],
    ["wait", "o", 1, 0],
    ["wait", "b", 1, 0],
    ["write", "c", 1],
    ["go", "u", "o", 1, 20],
    ["got", "u"],
    ["del", "b", "c"],
    ["go", "v", "o"],
    ["got", "v"],
    ["close", "o"],
    ["got", "v"],
  ];
  await withFile({ format: "epoll-scenario/1", scenarios: [{ name: "all", steps }] }, async (path) => {
    const { code, stdout } = await epoll("explain", path);
    assertEquals(code, 1);
    for (
      const line of [
        "nothing is ready: t sleeps in a for 20 ms at the longest",
        "a has a sleeper and takes the wake-up: exclusive watches behind this one hear nothing of it",
        "t is woken from its sleep in a",
        "level-triggered: r goes back to the tail of the ready list",
        "not reported: r2, it has IN, but another exclusive watch took the wake-up",
        "b has something now, and wakes those who watch it",
        "ignored: the wake-up is for other events than it watches for",
        "not reported: b, it has RDNORM, but an epoll wakes for IN alone, and that is not watched for",
        "wait b 1 0 null = EFAULT -- wanted 0",
        "it could not be written: r2 goes back to the head of the ready list",
        "r (by its old number 6) has none of its events any more: off a's ready list, and nothing reported",
        "not reported: r (by its old number 6), it has none of IN|ERR|HUP",
        "o now watches b for IN|ERR|HUP|ONESHOT; it has none of these now",
        "one-shot: c stays silent until it is modified",
        "ignored: it is one-shot and has reported",
        "the time of u is over",
        "b watches c no more",
        "not reported: b, it is one-shot and has reported; modify it to set it again",
      ]
    ) assertStringIncludes(stdout, line);
  });
});
