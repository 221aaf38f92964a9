/** What the profiles choose, and how long that takes. */

import { assert, assertEquals } from "@std/assert";
import type { PlannedCell } from "../../../bench/plan/cell_plan.ts";
import { expectedMs, planCells } from "../../../bench/plan/plan.ts";
import { type ProfileName, PROFILES } from "../../../bench/profile.ts";
import { PLAIN_OPTIONS } from "./_plan.ts";

/** The cells of a profile where kernel events can be had, on two CPUs. */
function cellsOf(name: ProfileName): PlannedCell[] {
  return planCells({ ...PLAIN_OPTIONS, ...PROFILES[name], allCpus: 2 });
}

function seconds(name: ProfileName): number {
  return (expectedMs(cellsOf(name)) + PROFILES[name].floorMs) / 1000;
}

Deno.test("--quick is over in 20 s, a plain run in 80 with loading and drawing, --thorough within ten minutes", () => {
  assert(seconds("quick") < 17, `${seconds("quick")} s`);
  assert(seconds("default") > 30 && seconds("default") < 65, `${seconds("default")} s`);
  assert(seconds("thorough") < 420, `${seconds("thorough")} s`);
  assert(seconds("full") > seconds("thorough"));
});

Deno.test("a plain run has latencies at three loads with fixed and random arrivals on both sources", () => {
  const loads = cellsOf("default").flatMap(({ source, load }) =>
    load.kind === "share" ? [`${source} ${load.share} ${load.arrivals}`] : []
  );
  assertEquals(
    loads,
    ["kernel", "memory"].flatMap((source) =>
      [0.1, 0.5, 0.8].flatMap((share) => ["fixed", "poisson"].map((kind) => `${source} ${share} ${kind}`))
    ),
  );
});

Deno.test("--thorough has all suites of cells, each cell at least three times", () => {
  const cells = cellsOf("thorough");
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(JSON.stringify(cell), (counts.get(JSON.stringify(cell)) ?? 0) + 1);
  assert([...counts.values()].every((count) => count >= 3));
  assertEquals(
    [...new Set(cells.map(({ suite }) => suite))].sort(),
    ["cpus", "latency", "payload", "pingpong", "size", "throughput", "waiters"],
  );
});
