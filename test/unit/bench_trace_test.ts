/** The parts of the tracer's benchmark that need no tracer: numbers, parsing, the report, the help text. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { peakOf } from "../../bench/trace/harness.ts";
import { renderTables, renderTraceReport } from "../../bench/trace/report.ts";
import { TRACE_RESULTS_SCHEMA, type TraceResults } from "../../bench/trace/results.ts";
import { pairedRatios, spreadOf } from "../../bench/trace/statistics.ts";
import { allTools, lostOf, UNTRACED } from "../../bench/trace/tools.ts";
import { captureEnvironment } from "../../src/report/environment.ts";

Deno.test("spreadOf leaves out runs without a value, and is null where there is none", () => {
  assertEquals(spreadOf([5, null, 1, 3]), { median: 3, min: 1, max: 5, n: 3 });
  assertEquals(spreadOf([null]), null);
});

Deno.test("pairedRatios divides within a round and leaves out rounds that have one of the two only", () => {
  const over = new Map([[0, 6], [1, 8], [2, 9]]);
  const under = new Map([[0, 2], [2, 3], [3, 1]]);
  assertEquals(pairedRatios(over, under), [3, 3]);
});

Deno.test("peakOf reads VmHWM in bytes, and nothing from the status of a process without memory", () => {
  assertEquals(peakOf("Name:\tcat\nVmPeak:\t    9000 kB\nVmHWM:\t    1536 kB\n"), 1536 * 1024);
  assertEquals(peakOf("Name:\tkthreadd\n"), null);
});

Deno.test("lostOf reads the tracer's sentence about missing events", () => {
  assertEquals(lostOf("Events are missing: 12 lost to full rings, 0 missed by the kernel\n"), 12);
  assertEquals(lostOf("Attaching 1 probe...\n"), null);
});

Deno.test("allTools names each way to trace once, and none like the untraced workload", () => {
  const ways = allTools().flatMap(({ open }) => open.map(({ name }) => name));
  assertEquals(new Set(ways).size, ways.length);
  assert(!ways.includes(UNTRACED));
});

Deno.test("allTools has the installed tracer beside the one of the checkout, for its life and not for its cost", () => {
  const own = allTools().filter(({ isOurs }) => isOurs);
  assertEquals(own.map(({ name, open }) => [name, open.length > 0]), [
    ["eventpipe (bpf)", true],
    ["eventpipe (perf)", true],
    ["eventpipe (installed, bpf)", false],
    ["eventpipe (installed, perf)", false],
  ]);
  for (const backend of ["bpf", "perf"]) {
    const [checkout, installed] = own.filter(({ name }) => name.endsWith(`${backend})`));
    for (const what of ["exec", "allCalls"] as const) {
      const [, ...args] = installed![what];
      assertEquals(checkout![what].slice(-args.length), args);
      assertEquals(args.slice(0, 2), ["--backend", backend]);
    }
  }
});

function exampleResults(): TraceResults {
  const life = { round: 0, peakBytes: 52 * 2 ** 20, killed: false };
  const open = { round: 0, lost: null, peakBytes: null };
  return {
    schema: TRACE_RESULTS_SCHEMA,
    startedAt: "2026-01-02T03:04:05.678Z",
    endedAt: "2026-01-02T03:14:05.678Z",
    command: "deno task bench:trace",
    environment: { ...captureEnvironment({ seeds: { order: 42 } }), gitRevision: null },
    versions: { perf: "perf version 6.1" },
    absent: [{ name: "bpftrace", reason: "bpftrace does not run here" }],
    pairs: 20000,
    life: [
      { ...life, tool: "eventpipe (bpf)", firstEventMs: 80, stopMs: 13.45 },
      { ...life, tool: "eventpipe (bpf)", firstEventMs: 90, stopMs: 14 },
      { ...life, tool: "perf record", firstEventMs: null, stopMs: 40 },
    ],
    stop: [{ tool: "perf record", round: 0, stopMs: 60_000, killed: true }],
    open: [
      { ...open, way: "untraced", nsPerPair: 2000, cpuNsPerPair: 1900 },
      { ...open, way: "perf record", nsPerPair: 4000, cpuNsPerPair: 3900 },
      { ...open, way: "eventpipe (bpf)", nsPerPair: 3000, cpuNsPerPair: 2900, lost: 7 },
    ],
    failures: [{ tool: "perf trace", isOurs: false, what: "life", round: 1, message: "it ended\nearly" }],
  };
}

Deno.test("renderTables shows medians with their range, ratios, losses, and lower bounds as such", () => {
  const text = renderTables(exampleResults());
  assertMatch(text, /eventpipe \(bpf\) \| +85 ms \(80 ms to 90 ms\) \| 13\.7 ms \(13\.[45] ms to 14 ms\) \|/);
  assertMatch(text, /perf record +\| +- \| +40 ms/);
  assertMatch(text, /perf record +\| more than 60 s/);
  assertMatch(text, /eventpipe \(bpf\) \| +3000 ns \| +2900 ns \| 1\.50 .* \| 0\.75 .* \| +7 \|/);
});

Deno.test("renderTraceReport names the seed, what was not measured, and what failed in one line", () => {
  const text = renderTraceReport(exampleResults());
  assertStringIncludes(text, "seed 42");
  assertStringIncludes(text, "Not measured: bpftrace, since bpftrace does not run here.");
  assertStringIncludes(text, "Failed: perf trace, life of round 2: it ended early");
  assert(text.endsWith(" |\n"));
});

Deno.test("renderTraceReport says nothing of a table without rows", () => {
  const text = renderTraceReport({ ...exampleResults(), stop: [] });
  assert(!text.includes("All system calls: stop"));
});

Deno.test("bench:trace --help prints its options and exits with 0", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(new URL("../../bench/trace/main.ts", import.meta.url)), "--help"],
  }).output();
  assertEquals(code, 0);
  assertStringIncludes(new TextDecoder().decode(stdout), "--runs N");
});

Deno.test("bench:trace refuses to run no round", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", fileURLToPath(new URL("../../bench/trace/main.ts", import.meta.url)), "--runs", "0"],
  }).output();
  assertEquals(code, 2);
  assertStringIncludes(new TextDecoder().decode(stderr), "--runs: at least 1");
});
