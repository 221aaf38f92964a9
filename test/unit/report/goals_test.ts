/** The table of goals: when one is reached, and how a row reads. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { reached, renderGoals } from "../../../src/report/goals.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { clocksText, noiseFloorText } from "../../../src/report/remarks.ts";
import { type Goal, parseResults } from "../../../src/report/schema.ts";
import { cell, results } from "./_cells.ts";

const GOAL: Goal = {
  what: "scan",
  over: "a peer",
  cell: "perf 256 KiB",
  value: 1.05,
  low: 1,
  high: 1.1,
  worstLaunch: 1.2,
  atMost: 1.1,
  goal: 0.85,
  verdict: "slower",
  reached: "limit",
};

const COLLECTIONS: Goal = {
  ...GOAL,
  what: "GC lines",
  over: null,
  value: 0,
  low: null,
  high: null,
  worstLaunch: null,
  atMost: 0,
  goal: 0,
  verdict: null,
  reached: "goal",
};

Deno.test("reached tells goal, limit, neither, and a launch that was unlucky", () => {
  const bounds = { atMost: 1.1, goal: 0.85 };
  for (
    const [value, worstLaunch, word] of [
      [null, null, "not measured"],
      [0.85, 0.85, "goal"],
      [0.86, 0.9, "limit"],
      [1.1, 1.375, "limit"],
      [1.1, 1.38, "uneven"],
      [0.8, 1.01, "uneven"],
      [1.11, 1.11, "no"],
      [1.11, 9, "no"],
    ] as const
  ) {
    assertEquals(reached({ ...bounds, value, worstLaunch }), word, `${value} ${worstLaunch}`);
  }
});

Deno.test("renderGoals writes a ratio with its interval and worst launch, and a count as it is", () => {
  const [, , ratio, count] = renderGoals([GOAL, COLLECTIONS]).split("\n").map((line) =>
    line.split("|").slice(1, -1).map((text) => text.trim())
  );
  assertEquals(ratio, [
    "scan",
    "a peer",
    "1.05",
    "1.00 to 1.10",
    "1.20",
    "1.14x",
    "perf 256 KiB",
    "1.10",
    "0.85",
    "limit",
    "slower",
  ]);
  assertEquals(count, ["GC lines", "-", "0", "-", "-", "-", "perf 256 KiB", "0", "0", "goal", "-"]);
});

Deno.test("a report tells goals, what is absent, two clocks and the noise floor", () => {
  const noiseFloor = { spanNs: 1e9, readingNs: 55, lostShare: 0.09, longestNs: 12_000_000 };
  const clocks = { peer: "a peer", ownNs: 100e6, harnessNs: 101e6 };
  const absent = [{ name: "Go", reason: "there is no go here" }];
  const file = results([cell()], { goals: [GOAL], absent, noiseFloor, clocks });
  const report = renderReport(parseResults(JSON.parse(JSON.stringify(file))));
  for (const text of ["## Goals", "| scan | a peer |", "## Not measured", "- Go: there is no go here."]) {
    assertStringIncludes(report, text);
  }
  assertEquals(
    noiseFloorText(noiseFloor),
    "On the consumer's CPU, a loop that only read the clock (55 ns each) lost 9.00% of 1 s in gaps above 5 us, the longest of 12 ms.",
  );
  assertEquals(
    clocksText(clocks),
    "Of one block of a peer, its own clock said 100 ms and the harness 101 ms: 1.00% more.",
  );
});
