/**
 * The benchmark command as a user runs it, on the memory source.
 */

import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { findExecutable } from "../../src/cli/packages.ts";
import { parseResults } from "../../src/report/schema.ts";
import { changedCopy } from "../../bench/checkout_copy.ts";
import { runBench } from "./_bench.ts";
import { expectDropsFound, expectEverySuite, expectHonestCells } from "./_expect.ts";

Deno.test("bench on the memory source writes exact cells that wake as told", () =>
  expectHonestCells("memory"));

Deno.test("bench measures every suite on the memory source, with all events accounted for in all their stages", () =>
  expectEverySuite("memory"));

Deno.test("bench offers a share of what it found a configuration to handle", async () => {
  const args = ["--source", "memory", "--suite", "latency", "--rate", "10%", "--arrivals", "fixed,poisson"];
  const cell = ["--ring-bytes", "64KiB", "--wakeup-events", "16", "--duration", "50ms", "--repeat", "2"];
  const { code, stderr, results } = await runBench([...args, ...cell]);
  assertEquals(code, 0, stderr);
  for (const [capacity, ...offered] of [results!.cells.slice(0, 3), results!.cells.slice(3)]) {
    assertEquals([capacity!.suite, capacity!.rate], ["throughput", null]);
    assertEquals(offered.map(({ arrivals, loadShare }) => [arrivals, loadShare]), [["fixed", 0.1], [
      "poisson",
      0.1,
    ]]);
    for (const { rate } of offered) assertAlmostEquals(rate!, capacity!.eventsPerSecond / 10, 1);
  }
  assertEquals(results!.partial, undefined);
});

Deno.test("bench watches the machine before its first cell, and does nothing else in the suite floor", async () => {
  const { code, stdout, stderr, results } = await runBench(["--suite", "floor", "--duration", "100ms"]);
  assertEquals(code, 0, stderr);
  assertEquals(results!.cells, []);
  const { spanNs, delays, longestNs } = results!.noiseFloor!;
  assert(spanNs >= 100e6 && delays!.p50! > 0 && delays!.max! >= longestNs);
  assertStringIncludes(stdout + stderr, "a loop that only read the clock");
});

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
      [["--rate", "0%"], "--rate"],
      [["--arrivals", "random"], "--arrivals"],
      [["--repeat", "0"], "--repeat 0"],
      [["--source", "memory", "--waiter", "epoll"], "--waiter epoll"],
      [["--watermark", "1MiB", "--source", "kernel"], "--watermark 1048576"],
      [["--duration", "1ms"], "--duration"],
      [["--rate", "1G"], "--rate"],
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

Deno.test("bench measures at rates whose interval is no whole number of nanoseconds", async () => {
  const args = ["--source", "memory", "--suite", "latency", "--rate", "30k", "--arrivals", "fixed"];
  const cell = ["--ring-bytes", "64KiB", "--wakeup-events", "16", "--duration", "100ms"];
  const { code, stderr, results } = await runBench([...args, ...cell]);
  assertEquals(code, 0, stderr);
  assertEquals(results?.cells.length, 1);
});

Deno.test("bench gives no latency where the offered rate is not reached", async () => {
  const args = ["--source", "memory", "--suite", "latency", "--rate", "50M", "--ring-bytes", "64KiB"];
  const { code, stderr, results } = await runBench([...args, "--wakeup-events", "16", "--duration", "100ms"]);
  assertEquals(code, 0, stderr);
  assertEquals(results?.cells[0]?.latency, null);
  assert(results?.cells[0]?.flags.includes("saturated"));
});

Deno.test("bench ends with what it has measured when its producer fails", async () => {
  const sent = "    const now = monotonicNs();";
  const failing =
    '    if (this.#sequence > 20_000 && this.#payloadBytes === 64) throw new Error("made to fail");\n';
  await using copy = await changedCopy({
    file: "bench/memory_producer.ts",
    replaced: [[sent, failing + sent]],
    by: "test/bench/bench_test.ts",
  });
  const args = [
    "--source",
    "memory",
    "--suite",
    "throughput",
    "--ring-bytes",
    "64KiB",
    "--wakeup-events",
    "16",
  ];
  const run = await runBench([...args, "--payload", "32,64", "--duration", "100ms"], { root: copy.path });
  assertEquals(run.code, 1, run.stderr);
  assertEquals(run.results?.cells.map(({ payloadBytes }) => payloadBytes), [32]);
  assertStringIncludes(run.stderr, "made to fail");
  assertEquals(run.results?.partial, true);
});

Deno.test("bench ends a cell at Ctrl-C, publishes what it has, and exits 0", async () => {
  const out = await Deno.makeTempDir();
  try {
    const args = ["run", "-A", "bench/main.ts", "--source", "memory", "--suite", "throughput", "--out", out];
    const child = new Deno.Command(Deno.execPath(), {
      args: [...args, "--ring-bytes", "64KiB,256KiB", "--wakeup-events", "16", "--duration", "1500ms"],
      env: { EVENTPIPE_INSTALL: "never" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let told = "";
    let isTold = false;
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      told += text;
      if (!isTold && told.includes("[1/2]")) child.kill("SIGINT");
      isTold ||= told.includes("[1/2]");
    }
    assertEquals((await child.status).code, 0, told);
    const { cells, partial } = parseResults(JSON.parse(await Deno.readTextFile(`${out}/results.json`)));
    assert(cells.length === 1 || cells[1]!.flags.includes("interrupted"));
    assertEquals(partial, true);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
