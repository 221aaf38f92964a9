/** Consumers in Workers, each program in a process of its own: what ends a wait there, and that the process can end. */

import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { kernelTest } from "../kernel/_kernel.ts";

/** A program that has not ended by then never will. */
const LIMIT_MS = 30_000;

/** Runs a scenario of _consumers.ts; its status and the line it printed. */
async function run(
  args: readonly string[],
  permissions: readonly string[] = ["-A"],
): Promise<{ code: number; outcome: Record<string, unknown>; stderr: string }> {
  const child = fileURLToPath(new URL("./_consumers.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--config=${config}`, ...permissions, child, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const text = new TextDecoder();
  const complaint = text.decode(stderr);
  assertEquals(signal, null, `the program did not end by itself: ${complaint}`);
  const line = text.decode(stdout);
  return { code, outcome: line === "" ? {} : JSON.parse(line), stderr: complaint };
}

/** Runs a scenario that ends well; what it printed, with the time it took to end the waits taken out. */
async function outcomeOf(
  args: readonly string[],
  permissions?: readonly string[],
): Promise<Record<string, unknown>> {
  const { code, outcome: { ms = 0, ...rest }, stderr } = await run(args, permissions);
  assertEquals([code, stderr], [0, ""]);
  assertLess(ms as number, 1000, "the waits ended late");
  return rest;
}

const KERNEL = ["epoll", "poll", "spin", "spin-sleep"].map((waiter) => ["kernel", waiter] as const);
const MEMORY = ["atomics", "spin", "spin-sleep"].map((waiter) => ["memory", waiter] as const);

for (const [rings, waiter] of [...KERNEL, ...MEMORY]) {
  const test = rings === "kernel"
    ? kernelTest
    : (name: string, fn: () => Promise<void>) => Deno.test(name, fn);
  const where = `in a Worker that waits for ${rings} rings with ${waiter}`;

  test(`a stop token ends the wait without end ${where}, and nothing is left`, async () => {
    assertEquals(await outcomeOf(["stop", rings, waiter]), { dispatched: 1, left: 0, hasFile: true });
  });

  test(`a stop token that is closed ends the wait without end ${where}, which leaves the file that gets its number alone`, async () => {
    assertEquals(await outcomeOf(["close", rings, waiter]), { foreign: "true 7" });
  });

  test(`an interruption ends one wait each ${where} and in another one, and a stop ends both`, async () => {
    assertEquals(await outcomeOf(["two", rings, waiter]), { dispatched: [0, 1] });
  });

  test(`a token that is closed before the start ends the first wait ${where}`, async () => {
    assertEquals(await outcomeOf(["late", rings, waiter]), { dispatched: 0 });
  });

  test(`a program ends by itself after terminate ${where}, once the token is closed`, async () => {
    assertEquals(await outcomeOf(["terminate", rings, waiter]), {});
  });

  test(`Deno.exit ends a program after terminate ${where}, without a stop`, async () => {
    const { code, stderr } = await run(["exit", rings, waiter]);
    assertEquals([code, stderr], [7, ""]);
  });

  test(`a handler that throws ${where} reaches the main thread, and the rings are given back`, async () => {
    const { code, outcome: { message, ...rest }, stderr } = await run(["throw", rings, waiter]);
    assertEquals(code, 0);
    assertStringIncludes(message as string, "thrown by a handler");
    assertStringIncludes(stderr, "thrown by a handler"); // Deno tells it too
    assertEquals(rest, { rings: [] });
  });
}

for (const [rings, waiter] of MEMORY) {
  for (const scenario of ["stop", "two"]) {
    Deno.test(`without --allow-ffi the stop token is memory alone, and enough for ${waiter}: ${scenario}`, async () => {
      const { hasFile = false, dispatched } = await outcomeOf([scenario, rings, waiter], ["--allow-read"]);
      assertEquals([hasFile, dispatched], [false, scenario === "stop" ? 1 : [0, 1]]);
    });
  }
}
