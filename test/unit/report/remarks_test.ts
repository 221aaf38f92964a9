/** Tests of the sentences under a report: each appears where the data call for it, and only there. */

import { assertEquals } from "@std/assert";
import { remarks, stolenShare } from "../../../src/report/remarks.ts";
import type { Results } from "../../../src/report/schema.ts";
import { cell, environment, results, stage } from "./_cells.ts";

const QUIET = environment();
const LOSSY = { lost: 1, dispatched: 1_999_999 };
const RATIO = { to: "libbpf", median: 1, low: 0.9, high: 1.1, pairs: 40 };

/** Part of each sentence, results that call for it, and similar results that do not. */
const TABLE: [string, Results, Results][] = [
  [
    "one measurement, without an interval",
    results([cell(), cell({ ratio: RATIO })]),
    results([cell({ ratio: RATIO })]),
  ],
  ["median over paired blocks", results([cell({ ratio: RATIO })]), results([cell()])],
  ["2.50% of the CPU time", withSteal(350, 20_000), withSteal(100, 20_000)],
  ["could not be read", withSteal(null, 20_000), withSteal(350, 20_000)],
  ["virtual one", withEnvironment({ hypervisor: true }), withEnvironment({ hypervisor: null })],
  ["uncommitted changes", withEnvironment({ gitDirty: true }), withEnvironment({ gitDirty: null })],
  ["accounts of 1 cell do not add up", results([cell({ lost: 1 }), cell()]), results([cell(LOSSY), cell()])],
  ["accounts of 2 cells are not exact", inexact(2), inexact(1)],
  ["In every cell, produced =", results([cell(LOSSY)]), inexact(1)],
  ["nearest rank", results([cell({ latency: [stage()] })]), results([cell()])],
  ["Lost events have no latency", results([cell({ ...LOSSY, latency: [stage()] })]), results([cell(LOSSY)])],
  [
    "ranks above all that came",
    results([cell({ ...LOSSY, latency: [stage({ lost: 1 })] })]),
    results([cell({ ...LOSSY, latency: [stage()] })]),
  ],
  [
    "stages do not add up",
    results([cell({ latency: [stage({ from: "wake" })] })]),
    results([cell({ latency: [stage()] })]),
  ],
  ["This machine alone keeps a loop away for p50 11.2 us, p99 98.7 us", withDelays(true), withDelays(false)],
  ["3 latencies were below zero", withNegative(3), withNegative(0)],
];

function withEnvironment(changes: Partial<Results["environment"]>): Results {
  return results([cell()], { environment: environment(changes) });
}

function withSteal(stealTicks: number | null, totalTicks: number): Results {
  return withEnvironment({ after: { ...QUIET.after, stealTicks, totalTicks } });
}

function withNegative(negative: number): Results {
  return results([cell({ latency: [stage({ negative })] })]);
}

function withDelays(isMeasured: boolean): Results {
  const { stage: _, from: __, ...delays } = stage();
  const floor = { spanNs: 1e9, readingNs: 50, lostShare: 0.1, longestNs: 1e6 };
  return results([cell()], { noiseFloor: isMeasured ? { ...floor, delays } : floor });
}

function inexact(count: number): Results {
  return results([...Array(count).fill(cell({ corrupt: 1, exact: false })), cell()]);
}

Deno.test("remarks says what the data call for, and only that", () => {
  for (const [part, calling, silent] of TABLE) {
    assertEquals(remarks(calling).filter((line) => line.includes(part)).length, 1, `calls for: ${part}`);
    assertEquals(remarks(silent).filter((line) => line.includes(part)), [], `does not: ${part}`);
  }
});

Deno.test("stolenShare is null where a tick count is missing or no time has passed", () => {
  assertEquals(stolenShare(withSteal(350, 20_000).environment), 0.025);
  assertEquals(stolenShare(withSteal(null, 20_000).environment), null);
  assertEquals(stolenShare(environment({ after: QUIET.before })), null);
});
