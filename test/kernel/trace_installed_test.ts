/**
 * The installed tracer as a user runs it: from a prefix of its own, in a folder that is no checkout, with caches that know
 * nothing of it.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { install } from "../../src/cli/install.ts";
import { kernelTest } from "./_kernel.ts";
import { BACKENDS, type TraceOutcome } from "./trace/_trace.ts";

const needs = { tracefs: true };

/** Installs the tracer and calls `test` with a function that runs it. */
async function installed(
  test: (trace: (...args: readonly string[]) => Promise<TraceOutcome>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-installed-" });
  try {
    const command = await install(`${folder}/prefix`);
    await Deno.mkdir(`${folder}/home`);
    await Deno.mkdir(`${folder}/elsewhere`);
    // What stands above the bundle, or in the folder it is called in, must not matter.
    for (const place of [folder, `${folder}/elsewhere`]) {
      await Deno.writeTextFile(`${place}/deno.json`, "no JSON");
      await Deno.writeTextFile(`${place}/package.json`, "no JSON");
    }
    await test(async (...args) => {
      const { code, stdout, stderr } = await new Deno.Command(command, {
        args: [...args],
        cwd: `${folder}/elsewhere`,
        clearEnv: true,
        env: { HOME: `${folder}/home`, PATH: "/usr/bin:/bin", NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const text = new TextDecoder();
      return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const backend of BACKENDS) {
  kernelTest(
    `installed, ${backend}: a system call of a command is shown, and its status passed on`,
    () =>
      installed(async (trace) => {
        const ended = await trace("--backend", backend, "execve", "-n", "1", "--", "sh", "-c", "exit 7");
        assertEquals([ended.code, ended.stderr], [7, ""]);
        assertMatch(
          ended.stdout,
          /^ +\S+ +\d+\/\d+ +\[\d{3}\] [\d:.]+: execve\(filename: .*\) = 0 <[\d.]+>\n$/,
        );
        const killed = await trace("--backend", backend, "execve", "--", "sh", "-c", "kill -TERM $$");
        assertEquals([killed.code, killed.stderr], [143, ""]);
        assertEquals((await trace("--backend", backend, "execve", "--", "no-such-command")).code, 127);
      }),
    needs,
  );

  kernelTest(
    `installed, ${backend}: a tracepoint of a command and its child is shown, and its status passed on`,
    () =>
      installed(async (trace) => {
        const { code, stdout, stderr } = await trace(
          ...["--backend", backend, "sched:sched_process_exec", "--", "sh", "-c", "/bin/true; exit 3"],
        );
        assertEquals([code, stderr], [3, ""]);
        const [shell, ...rest] = stdout.trimEnd().split("\n");
        assertMatch(shell!, /: sched:sched_process_exec: filename=\/\S*sh pid=\d+ old_pid=\d+$/);
        assertEquals(rest.map((line) => /filename=(\S+)/.exec(line)?.[1]), ["/bin/true"]);
      }),
    needs,
  );
}
