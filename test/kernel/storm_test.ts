/** Small rings, a storm of events from all CPUs, and a reader that stands still for two seconds: every event is counted. */

import { assertEquals, assertGreater } from "@std/assert";
import { scriptPath } from "./_child.ts";
import { kernelTest, testCpus } from "./_kernel.ts";

/** How long the reader stands still. */
const STOPPED_MS = 2000;

/** The reader in a process of its own, see _storm.ts. */
class StormReader {
  readonly process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest: string[] = [""];

  constructor(pids: readonly number[]) {
    this.process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", scriptPath("_storm.ts"), ...pids.map(String)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line it prints; null at the end. */
  async next(): Promise<string | null> {
    while (this.#rest.length < 2) {
      const { done, value } = await this.#lines.read();
      if (done) return null;
      this.#rest = (this.#rest.join("\n") + value).split("\n");
    }
    return this.#rest.shift()!;
  }

  /** Ends its input; the last line it prints then. */
  async end(): Promise<string> {
    await this.process.stdin.close();
    let last = "";
    for (let line = await this.next(); line !== null; line = await this.next()) last = line;
    await this.process.status;
    return last;
  }
}

kernelTest(
  "a storm into rings of 16 KiB, with the reader stopped for 2 s in it, adds up exactly",
  async () => {
    // A process per CPU that does nothing but system calls; 30 million of them, if nobody ends it.
    const storms = testCpus.map((cpu) =>
      new Deno.Command("taskset", {
        args: ["-c", String(cpu), "dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=15000000"],
        stdin: "null",
        stderr: "null",
      }).spawn()
    );
    const reader = new StormReader(storms.map(({ pid }) => pid));
    try {
      assertEquals([await reader.next(), await reader.next()], ["ready", "read"]);
      reader.process.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, STOPPED_MS)); // the scenario, not a way to wait for something
      reader.process.kill("SIGCONT");
      // Lines of the time in front of the stop may come first; the storm still blows when it has read this much more.
      for (let lines = 0; lines < 5; lines++) assertEquals(await reader.next(), "read");
    } finally {
      for (const storm of storms) storm.kill("SIGKILL");
      await Promise.all(storms.map(({ status }) => status));
    }
    const counts = JSON.parse(await reader.end());
    console.log(counts);
    const { produced, full, other, dispatched, unknown, lost, left, corrupt, exact } = counts;
    assertEquals([corrupt, exact, other], [0, true, 0]);
    assertEquals(lost, full, "what the kernel counted is what the program was refused");
    assertEquals(produced, dispatched + unknown + lost + left, JSON.stringify(counts));
    assertGreater(dispatched, 6 * 20_000 - 1);
    // A third of all is of a category nobody has registered for.
    assertGreater(unknown, dispatched / 4);
    assertGreater(lost, 10 * 16_384 / 48, "the rings overflowed while the reader stood still");
  },
  { programs: ["storm"], commands: ["dd", "taskset"] },
);
