/** Tests of comparisons: which times are taken, verdicts, false discoveries, and how often both kinds of error happen. */

import { assert, assertEquals, assertGreater, assertGreaterOrEqual, assertStringIncludes } from "@std/assert";
import { compareRuns } from "../../../../src/report/compare/compare.ts";
import { differences } from "../../../../src/report/compare/environments.ts";
import { adjusted } from "../../../../src/report/compare/false_discovery.ts";
import { measuresOf } from "../../../../src/report/compare/measures.ts";
import { renderComparison } from "../../../../src/report/compare/table.ts";
import { randomFrom } from "../../../../src/report/random.ts";
import type { Cell, Results } from "../../../../src/report/schema.ts";
import { cell, environment, results, stage } from "../_cells.ts";

/** A cell of paired blocks with a median ratio per launch. */
function paired(launchMedians: readonly number[], changes: Partial<Cell> = {}): Cell {
  const middle = launchMedians[0] ?? 1;
  return cell({
    suite: "consume",
    waiter: "none",
    wakeupEvents: null,
    effectiveWakeupEvents: null,
    ratio: { to: "perf_walk", median: middle, low: middle * 0.97, high: middle * 1.03, pairs: 100 },
    launchMedians: [...launchMedians],
    ...changes,
  });
}

/** Runs of one cell at saturation, one per time. */
function runs(...ns: readonly number[]): Results[] {
  return ns.map((each) => results([cell({ eventsPerSecond: 1e9 / each, cpuNsPerEvent: null })]));
}

Deno.test("measuresOf takes the ratios of launches where there are some, and plain times elsewhere", () => {
  const measures = measuresOf([
    results([
      paired([1.1, 1.2, 1.3], { detectable: 0.04 }),
      cell(),
      cell({
        suite: "latency",
        rate: 5000,
        latency: [stage({ from: "emitted" }), stage({ from: "planned", p50: 7 })],
      }),
    ]),
  ]);
  assertEquals(
    [...measures.values()].map((
      { what, values, isRatio, detectable },
    ) => [what, values, isRatio, detectable]),
    [
      ["time over perf_walk", [1.1, 1.2, 1.3], true, 0.04],
      ["time per event", [500], false, 0],
      ["CPU per event", [60], false, 0],
      ["CPU per event", [60], false, 0],
      ["p50", [7], false, 0],
      ["p99", [98_700], false, 0],
    ],
  );
});

Deno.test("measuresOf leaves out peers, and eventpipe over itself", () => {
  const self = paired([1, 1, 1], { ratio: { to: "eventpipe", median: 1, low: 0.9, high: 1.1, pairs: 9 } });
  assertEquals(measuresOf([results([self, paired([1, 1], { peer: "perf_walk" })])]).size, 0);
});

Deno.test("measuresOf collects several runs of a configuration, and keeps configurations apart", () => {
  const measures = measuresOf([...runs(10, 11), results([cell({ payloadBytes: 32, cpuNsPerEvent: null })])]);
  assertEquals([...measures.values()].map(({ values }) => values), [[10, 11], [500]]);
});

Deno.test("kernel and memory cells are never compared with each other", () => {
  const memory = runs(10, 10, 10).map((run) => ({
    ...run,
    cells: run.cells.map((each) => ({ ...each, source: "memory" as const })),
  }));
  const { measures, onlyA, onlyB } = compareRuns(runs(10, 10, 10), memory, 0.02);
  assertEquals([measures.length, onlyA, onlyB], [0, 1, 1]);
});

for (
  const [what, b, verdict] of [
    ["a slowdown of 10 %", [110, 111, 109, 110, 110], "slower"],
    ["a speed-up of 10 %", [90, 91, 89, 90, 90], "faster"],
    ["a sure slowdown below the threshold", [101, 101.1, 100.9, 101, 101], "equivalent"],
    ["a large difference within the noise", [80, 150, 105, 90, 140], "inconclusive"],
    ["two launches", [150, 151], "too few launches"],
  ] as const
) {
  Deno.test(`compareRuns calls ${what} ${verdict}`, () => {
    const { measures: [measure] } = compareRuns(runs(100, 101, 99, 100, 100), runs(...b), 0.02);
    assertEquals(measure!.verdict, verdict);
  });
}

Deno.test("compareRuns reports no difference below what the runs themselves could detect, nor below the tolerance", () => {
  const [a, b] = [[1, 1.01, 0.99, 1, 1], [1.1, 1.11, 1.09, 1.1, 1.1]];
  const verdict = (detectable: number, tolerance: number): string => {
    const side = (values: readonly number[]): Results[] => [results([paired(values, { detectable })])];
    return compareRuns(side(a!), side(b!), tolerance).measures[0]!.verdict;
  };
  assertEquals(verdict(0.02, 0.02), "slower");
  assertEquals(verdict(0.15, 0.02), "equivalent");
  assertEquals(verdict(0.02, 0.15), "equivalent");
});

Deno.test("adjusted follows Benjamini and Hochberg, whatever the order", () => {
  // Of their method: the k-th of m is multiplied by m/k, and none is greater than one behind it.
  assertEquals(adjusted([0.01, 0.04, 0.03, 0.5]).map((value) => Number(value.toFixed(6))), [
    0.04,
    0.053333,
    0.053333,
    0.5,
  ]);
  assertEquals(adjusted([0.9, 0.95]), [0.95, 0.95]);
  assertEquals(adjusted([]), []);
});

/** The values of five launches around a ratio; launches differ by some 3 %. */
function launches(middle: number, random: () => number): number[] {
  return Array.from({ length: 5 }, () => {
    const noise = random() + random() + random() - 1.5;
    return middle * Math.exp(0.06 * noise);
  });
}

const CELLS = 24;

/** Whether cells are found slower in one comparison of two runs, of which the first `slowed` cells are by 10 %. */
function slowerIn(seed: number, slowed: number): number[] {
  const random = randomFrom(seed);
  const side = (factor: (index: number) => number): Results[] => [
    results(
      Array.from(
        { length: CELLS },
        (_, index) => paired(launches(1.1 * factor(index), random), { ringBytes: 4096 * 2 ** index }),
      ),
    ),
  ];
  const { measures } = compareRuns(side(() => 1), side((index) => index < slowed ? 1.1 : 1), 0.02);
  return measures.filter(({ verdict }) => verdict === "slower")
    .map(({ a }) =>
      Array.from({ length: CELLS }, (_, index) => index).find((index) =>
        a.cell.includes(` ${["4 KiB", "8 KiB", "16 KiB", "32 KiB"][index] ?? "none"},`)
      ) ?? -1
    );
}

Deno.test("of 200 comparisons of a run with itself, at least 19 of 20 find nothing slower", () => {
  let clean = 0;
  for (let seed = 1; seed <= 200; seed++) if (slowerIn(seed, 0).length === 0) clean++;
  assertGreaterOrEqual(clean, 190);
});

Deno.test("a slowdown of 10 % in all cells is found in nearly all comparisons, and in most of the cells", () => {
  let found = 0;
  let cells = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const { length } = slowerIn(seed, CELLS);
    if (length > 0) found++;
    cells += length;
  }
  assertGreaterOrEqual(found, 49);
  assertGreater(cells / 50 / CELLS, 0.8);
});

Deno.test("of a slowdown in four cells, the named ones are those, but for a few", () => {
  let right = 0;
  let wrong = 0;
  for (let seed = 1; seed <= 100; seed++) {
    for (const index of slowerIn(seed, 4)) {
      if (index >= 0) right++;
      else wrong++;
    }
  }
  assertGreater(right, 150);
  assert(wrong / (right + wrong) < 0.05, `${wrong} of ${right + wrong} were not slowed down`);
});

Deno.test("differences names what makes machines unlike, and nothing where they are alike", () => {
  const one = environment();
  assertEquals(differences(one, environment({ gitRevision: "other", clockCostNs: 1, kptrRestrict: 1 })), []);
  const other = environment({
    cpuModel: "Another CPU",
    governor: null,
    cmdline: "quiet nosmt",
    mitigations: { meltdown: "Mitigation: PTI" },
  });
  assertEquals(differences(one, other), [
    "CPU: Imaginary CPU and Another CPU",
    "frequency governor: performance and unknown",
    "kernel parameters on one side alone: nosmt",
    "mitigations of meltdown",
  ]);
});

Deno.test("renderComparison puts the slower first, counts verdicts and says what was not judged", () => {
  const a = [...runs(100, 101, 99), results([cell({ waiter: "poll", cpuNsPerEvent: null })])];
  const b = [...runs(150, 151, 149), results([cell({ waiter: "poll", cpuNsPerEvent: null })])];
  const text = renderComparison(compareRuns(a, b, 0.02));
  const rows = text.split("\n").filter((line) => line.startsWith("| throughput"));
  assertEquals(rows.map((row) => row.split("|").at(-2)!.trim()), ["slower", "too few launches"]);
  assertStringIncludes(rows[0]!, "100 ns | 150 ns");
  assertStringIncludes(text, "Of 1 measures: 1 slower, 0 faster, 0 equivalent, 0 inconclusive.");
  assertStringIncludes(
    text,
    "1 measures were not judged: an interval needs 3 process launches on each side.",
  );
});

Deno.test("renderComparison says how many launches it left out", () => {
  const times = Array.from({ length: 12 }, (_, index) => 100 + index / 10);
  const many = renderComparison(compareRuns(runs(...times), runs(...times), 0.02));
  assertStringIncludes(many, "of 12 launches the 2 fastest and the 2 slowest are left out.");
  assert(!renderComparison(compareRuns(runs(100, 101, 99), runs(100, 101, 99), 0.02)).includes("left out"));
});
