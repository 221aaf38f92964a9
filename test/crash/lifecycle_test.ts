/**
 * What could end the process, each in a process of its own: views and buffers that outlive their rings, sources closed or
 * taken away under a pipe, Workers that end without closing anything, links that are forgotten.
 */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { kernelTest } from "../kernel/_kernel.ts";

/** A program that has not ended by then never will. */
const LIMIT_MS = 30_000;

/** Runs a scenario of _lifecycle.ts: how it ended, and the lines it printed. */
async function run(
  scenario: string,
): Promise<{ code: number; signal: Deno.Signal | null; lines: unknown[] }> {
  const child = fileURLToPath(new URL("./_lifecycle.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `--config=${config}`, "--v8-flags=--expose-gc", child, scenario],
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const text = new TextDecoder();
  const lines = text.decode(stdout).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  if (signal === "SIGTERM" || lines.length === 0) {
    throw new Error(`"${scenario}" ended by ${signal ?? code}, and said: ${text.decode(stderr)}`);
  }
  return { code, signal, lines };
}

/** Runs a scenario that ends well; what it printed. */
async function outcomeOf(scenario: string): Promise<unknown> {
  const { code, signal, lines: [outcome] } = await run(scenario);
  assertEquals([code, signal], [0, null]);
  return outcome;
}

kernelTest(
  "events, batches and views of a buffer that are kept read nothing once their rings are gone",
  async () => {
    assertEquals(await outcomeOf("views"), {
      kept: Array(3).fill("STALE_EVENT"),
      batch: Array(2).fill("STALE_EVENT"),
      pipe: Array(2).fill("CLOSED"),
      // The lengths of the buffer and of an array over it, a byte of that, and what reads, writes and new views throw.
      memory: [0, 0, null, ...Array(4).fill("TypeError")],
    });
  },
);

kernelTest(
  "a buffer that was transferred away from its source stays readable, and the pipe closes",
  async () => {
    assertEquals(await outcomeOf("transferred"), { polled: "CLOSED", readable: true });
  },
);

kernelTest(
  "a source that a handler closes ends the drain with CLOSED, and nothing reads its memory",
  async () => {
    assertEquals(await outcomeOf("closed in a handler"), {
      read: Array(3).fill("TypeError"),
      polled: Array(2).fill("CLOSED"),
      dispatched: 3,
      exact: false,
    });
  },
);

for (const rings of ["ringbuf", "overwritable"]) {
  kernelTest(
    `a write into the buffer of ${rings} rings, which only the kernel may write, ends the process`,
    async () => {
      const { signal, lines } = await run(`write ${rings}`);
      assertEquals([signal, lines], ["SIGSEGV", [{ writes: true }]]);
    },
  );
}

for (
  const [what, scenario] of [
    ["closes itself in a handler", "worker close"],
    ["calls Deno.exit in a handler", "worker exit"],
    ["is terminated while run waits", "worker run"],
  ] as const
) {
  kernelTest(
    `a Worker that ${what} leaves a map that another isolate can read, and the process alive`,
    async () => {
      assertEquals(await outcomeOf(scenario), { refused: {}, left: true, events: 3, lost: 0 });
    },
  );
}

for (const scenario of ["producers are terminated", "producers throw"]) {
  Deno.test(`memory rings stay in order where ${scenario}: the next one goes on`, async () => {
    assertEquals(await outcomeOf(scenario), {
      isEnough: Array(5).fill(true),
      corrupt: 0,
      unknown: 0,
      left: 0,
      exact: true,
    });
  });
}

kernelTest(
  "a lookup into what has no room for the value is refused before the kernel writes there",
  async () => {
    assertEquals(await outcomeOf("short values"), ["TypeError", "TypeError", "TypeError", "RangeError"]);
  },
);

kernelTest(
  "a link that nobody closes keeps its program attached, whatever the garbage collector does",
  async () => {
    assertEquals(await outcomeOf("forgotten link"), { goesOn: true });
  },
  { programs: ["misses"], tracefs: true },
);
