/**
 * The benchmark command as a user runs it, on the memory source.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findExecutable } from "../../src/cli/packages.ts";
import { runBench } from "./_bench.ts";
import { expectDropsFound, expectHonestCells } from "./_expect.ts";

Deno.test("bench on the memory source writes exact cells that wake as told", () =>
  expectHonestCells("memory"));

Deno.test("bench exits 1 when a scanner drops every 1,000th record of the memory source", () =>
  expectDropsFound("memory"));

Deno.test("bench refuses what cannot be measured with exit 2 and the option's name", async () => {
  for (
    const [args, text] of [
      [["--ring-bytes", "5000"], "--ring-bytes 5000"],
      [["--wakeup-events", "0"], "--wakeup-events 0"],
      [["--payload", "8"], "--payload 8"],
      [["--payload", "20000", "--ring-bytes", "16KiB"], "never takes more than 16364"],
      [["--rate", "0"], "--rate"],
      [["--duration", "1ms"], "--duration"],
      [["--suite", "latencies"], "latency"],
      [["--ringbytes", "16KiB"], "--ring-bytes"],
    ] as const
  ) {
    const { code, stderr, results } = await runBench(args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, text);
    assertEquals(results, null);
  }
});

Deno.test("bench without capabilities exits 3 for the kernel source and measures the memory source by itself", async () => {
  const setpriv = findExecutable("setpriv");
  const isRoot = Deno.uid() === 0;
  assert(!isRoot || setpriv !== null, "setpriv, of the essential package util-linux, is missing");
  // An ordinary user has no capabilities to drop.
  const prefix = isRoot ? [setpriv!, "--bounding-set=-all", "--inh-caps=-all"] : [];
  const cell = [
    "--suite",
    "throughput",
    "--ring-bytes",
    "64KiB",
    "--wakeup-events",
    "16",
    "--duration",
    "50ms",
  ];
  const refused = await runBench(["--source", "kernel", ...cell], { prefix });
  assertEquals(refused.code, 3, refused.stderr);
  assertStringIncludes(refused.stderr, "deno task doctor");
  const measured = await runBench(cell, { prefix });
  assertEquals(measured.code, 0, measured.stderr);
  assertEquals(measured.results?.cells.map(({ source }) => source), ["memory"]);
  assertStringIncludes(measured.stderr, "Measuring the memory source only");
});
