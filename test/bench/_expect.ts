/**
 * What the benchmark must show on either source.
 */

import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { conserves } from "../../src/report/schema.ts";
import { changedCopy, runBench } from "./_bench.ts";

/** A run over two rings and two thresholds is complete, exact, and wakes as it was told to. */
export async function expectHonestCells(source: "kernel" | "memory"): Promise<void> {
  const { code, stdout, stderr, results, report } = await runBench([
    ...["--source", source, "--ring-bytes", "64KiB,256KiB", "--wakeup-events", "1,16"],
    ...["--duration", "300ms", "--label", "a test"],
  ]);
  assertEquals(code, 0, stderr);
  assert(results !== null && report !== null && report.includes("a test"));
  assertEquals(results.cells.length, 8);
  for (const cell of results.cells) {
    assertEquals(cell.source, source);
    assert(conserves(cell) && cell.exact && cell.produced > 0 && cell.wakeups !== null && cell.wakeups > 0);
    const wakeupsPerEvent = cell.wakeups / cell.dispatched;
    const what = `${cell.suite}, ring ${cell.ringBytes}, wakeup ${cell.wakeupEvents}: ${wakeupsPerEvent}`;
    if (cell.suite === "throughput" && cell.wakeupEvents === 1) {
      assertGreaterOrEqual(wakeupsPerEvent, 1 / 4, what);
    }
    if (cell.suite === "latency" && cell.wakeupEvents === 16) {
      assertGreaterOrEqual(wakeupsPerEvent, 0.8 / 16, what);
      assertLessOrEqual(wakeupsPerEvent, 1.2 / 16, what);
    }
    assertEquals(cell.latency?.length ?? 0, cell.suite === "latency" ? 2 : 0);
  }
  assert(
    stdout.includes("wakeups") &&
      stdout.includes(source === "kernel" ? "kernel events" : "no kernel involved"),
  );
}

/** A scanner that loses every 1,000th record is found out: the run exits 1 and says which cell does not add up. */
export async function expectDropsFound(source: "kernel" | "memory"): Promise<void> {
  const copy = await changedCopy(
    "src/ring/perf_scanner.ts",
    "            count++;\n",
    "            if (++dropCounter % 1000 !== 0) count++;\n",
  );
  try {
    const path = `${copy}/src/ring/perf_scanner.ts`;
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)) + "\nlet dropCounter = 0;\n");
    const args = [
      "--source",
      source,
      "--suite",
      "throughput",
      "--ring-bytes",
      "256KiB",
      "--wakeup-events",
      "16",
    ];
    const { code, stderr, results } = await runBench([...args, "--duration", "100ms"], { root: copy });
    assertEquals(code, 1, stderr);
    assert(results !== null && results.cells.some((cell) => !conserves(cell)));
    assert(stderr.includes("Events do not add up"), stderr);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}
