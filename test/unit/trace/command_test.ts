/** Tests of commands under trace: nothing runs before resume, arguments arrive as given, every status comes back. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { libc } from "../../../src/ffi/libc.ts";
import { TracedCommand } from "../../../src/trace/command.ts";

// Loaded once and kept: it is no leak of the test that happens to come first.
Object.values(libc());

/** The status of a command that is let go at once. */
async function statusOf(...argv: string[]): Promise<number> {
  using command = await TracedCommand.spawn(argv);
  command.resume();
  return await command.status;
}

/** Calls `test` with a new folder, which is gone afterwards. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The letter of a process's state, or null when there is none. */
async function stateOf(pid: number): Promise<string | null> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2)[0]!;
}

/** Waits until a process is gone, or a zombie that nobody has taken; at most 10 s. Returns its last state. */
async function untilGone(pid: number): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const state = await stateOf(pid) ?? "gone";
    if (state === "gone" || state === "Z") return "gone";
    if (performance.now() > deadline) return state;
  }
}

Deno.test("a command stands still until it is resumed, and then runs in the same process", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/pid`;
    using command = await TracedCommand.spawn(["sh", "-c", 'echo $$ > "$1"', "sh", path]);
    assertEquals(await stateOf(command.pid), "T");
    assertEquals(await exists(path), false);
    command.resume();
    assertEquals(await command.status, 0);
    assertEquals(await Deno.readTextFile(path), `${command.pid}\n`);
  });
});

for (const status of [0, 1, 3, 255]) {
  Deno.test(`a command's own status ${status} comes back`, async () => {
    assertEquals(await statusOf("sh", "-c", `exit ${status}`), status);
  });
}

for (const [signal, status] of [["TERM", 143], ["KILL", 137], ["34", 162]] as const) {
  Deno.test({
    name: `a command that signal ${signal} ends has status ${status}`,
    // Deno keeps the resource of a child that ended by a signal it has no name for.
    sanitizeResources: signal !== "34",
    fn: async () => assertEquals(await statusOf("sh", "-c", `kill -${signal} $$`), status),
  });
}

Deno.test("a command that is not found has status 127", async () => {
  assertEquals(await statusOf("no-such-command-anywhere"), 127);
  assertEquals(await statusOf("/no/such/folder/command"), 127);
});

Deno.test("a command that cannot be executed has status 126", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/plain`, "#!/bin/sh\n", { mode: 0o644 });
    assertEquals(await statusOf(`${folder}/plain`), 126);
    assertEquals(await statusOf(folder), 126);
  });
});

Deno.test("arguments arrive as they were given", async () => {
  await inFolder(async (folder) => {
    const args = [
      "two words",
      `it's "quoted"`,
      "a\nline",
      "",
      "$HOME `id` $(id) \\",
      "*",
      "-n",
      "--",
      "é\u{1f600}",
    ];
    const path = `${folder}/args`;
    const script = 'out="$1"; shift; printf "%s\\0" "$@" > "$out"';
    assertEquals(await statusOf("sh", "-c", script, "sh", path, ...args), 0);
    assertEquals((await Deno.readTextFile(path)).split("\0"), [...args, ""]);
  });
});

Deno.test("a command has the environment and the folder of its tracer", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/env`;
    assertEquals(await statusOf("sh", "-c", 'echo "$PWD:$PATH" > "$1"', "sh", path), 0);
    assertEquals(await Deno.readTextFile(path), `${Deno.cwd()}:${Deno.env.get("PATH")}\n`);
  });
});

Deno.test("a command that is killed while it stands still has status 137 and never ran", async () => {
  await inFolder(async (folder) => {
    using command = await TracedCommand.spawn(["touch", `${folder}/ran`]);
    Deno.kill(command.pid, "SIGKILL");
    assertEquals(await command.status, 137);
    command.resume();
    command.kill("SIGTERM");
    assertEquals(await exists(`${folder}/ran`), false);
  });
});

Deno.test("a signal sent while a command stands still ends it when it is resumed, before it begins", async () => {
  await inFolder(async (folder) => {
    using command = await TracedCommand.spawn(["touch", `${folder}/ran`]);
    command.kill("SIGTERM");
    assertEquals(await stateOf(command.pid), "T");
    command.resume();
    assertEquals(await command.status, 143);
    assertEquals(await exists(`${folder}/ran`), false);
  });
});

Deno.test("kill reaches a command that runs", async () => {
  using command = await TracedCommand.spawn(["sleep", "1000"]);
  command.resume();
  command.kill("SIGINT");
  assertEquals(await command.status, 130);
});

Deno.test("using kills a command that stands still, and one that runs", async () => {
  const commands: TracedCommand[] = [];
  for (const resume of [false, true]) {
    using command = await TracedCommand.spawn(["sleep", "1000"]);
    if (resume) command.resume();
    commands.push(command);
  }
  for (const { pid, status } of commands) {
    assertEquals(await untilGone(pid), "gone");
    assertEquals(await status, 137);
  }
});

Deno.test("a tracer that exits leaves no stopped command behind", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      fileURLToPath(new URL("../../../deno.json", import.meta.url)),
      fileURLToPath(new URL("./_exit_while_stopped.ts", import.meta.url)),
    ],
    stdout: "piped",
  }).spawn();
  // One line, not all of it: a command that is left behind would hold the pipe.
  const reader = child.stdout.getReader();
  const text = new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  assertEquals((await child.status).code, 5);
  assertMatch(text, /^\d+\n$/);
  assertEquals(await untilGone(Number(text)), "gone");
});

Deno.test("a command without a name, or with a NUL, is refused", async () => {
  await assertRejects(() => TracedCommand.spawn([]), TypeError, "Cannot run a command: its name is empty");
  await assertRejects(() => TracedCommand.spawn([""]), TypeError, "Cannot run a command: its name is empty");
  await assertRejects(() => TracedCommand.spawn(["echo", "a\0b"]), TypeError, "an argument contains a NUL");
});
