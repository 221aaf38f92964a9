/** A signal that comes while a pipe waits, in a process of its own: EINTR is not an error. */

import { assertEquals } from "@std/assert";
import { scriptPath } from "./_child.ts";
import { kernelTest } from "./_kernel.ts";

for (const waiter of ["epoll", "poll", "spin-sleep"] as const) {
  kernelTest(`a signal ends a wait without end with ${waiter}, and the rings go on`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", scriptPath("_interrupted.ts"), waiter],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const complaints = new Response(child.stderr).text();
    const lines: string[] = [];
    let signals: Promise<void> | undefined;
    let ended = false;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      lines.push(...text.split("\n").filter((line) => line !== ""));
      // Whether it waits already cannot be seen from here, so it is signalled until it has gone on.
      signals ??= (async () => {
        while (!ended) {
          try {
            child.kill("SIGUSR2");
          } catch {
            return; // it has ended
          }
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      if (lines.length === 2) ended = true;
    }
    ended = true;
    await signals;
    const { code } = await child.status;
    assertEquals([code, await complaints], [0, ""]);
    assertEquals(lines[0], "waiting");
    assertEquals(JSON.parse(lines[1]!), { interrupted: 0, seen: [0, 1, 2] });
  });
}
