/** The plans of the suite `consume`, its cells and its table of goals, from outcomes that are made up. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ratioInterval } from "../../../../bench/measure/bootstrap.ts";
import {
  consumeCells,
  judgeGoals,
  renderComparisons,
  renderGoals,
} from "../../../../bench/suites/consume_cells.ts";
import type { ConsumeOutcome } from "../../../../bench/suites/consume_measure.ts";
import { type ConsumePlan, FULL, GOALS, planConsume, QUICK } from "../../../../bench/suites/consume_plan.ts";
import { captureEnvironment } from "../../../../src/report/environment.ts";
import { conserves, parseResults, RESULTS_SCHEMA } from "../../../../src/report/schema.ts";

/** An outcome in which eventpipe took `ratio` times as long as each peer. */
function outcome(plan: ConsumePlan, ratio: number): ConsumeOutcome {
  const summary = { nsPerEvent: 5, events: 1000, ns: 5000 };
  const launches = [ratio, ratio, ratio * 1.1, ratio, ratio].map((launch) =>
    new Array<number>(8).fill(launch)
  );
  return {
    plan,
    ours: { ...summary, nsPerEvent: 5 * ratio },
    same: ratioInterval([[1, 1.01]], { seed: 1 }),
    detectable: 0.02,
    comparisons: plan.peers.map((peer) => ({
      peer,
      ratio: ratioInterval(launches, { seed: 1 }),
      verdict: "slower",
      summary,
    })),
    isSteady: false,
  };
}

Deno.test("planConsume covers every goal, in a quick run too", () => {
  for (const size of [FULL, QUICK]) {
    const plans = planConsume(size);
    for (const { what, peer, covers } of GOALS) {
      assert(plans.some((plan) => covers(plan) && plan.peers.includes(peer)), what);
    }
    assert(size.launches >= 5 && size.launches * size.rounds >= 40);
  }
});

Deno.test("planConsume scans four payloads in two rings beside two peers", () => {
  const scans = planConsume(FULL).filter(({ ring, delivery }) => ring === "perf" && delivery === "scan");
  assertEquals(
    scans.map(({ ringBytes, payload }) => `${ringBytes} ${payload.label}`),
    [262_144, 2_097_152].flatMap((ring) =>
      ["32 B", "128 B", "1024 B", "28 to 140 B"].map((label) => `${ring} ${label}`)
    ),
  );
  assert(scans.every(({ peers }) => peers.join() === "perf_buffer,perf_walk"));
});

Deno.test("the cells of an outcome are those of a results file, with eventpipe over itself first", () => {
  const cells = planConsume(QUICK).flatMap((plan) => consumeCells(outcome(plan, 1.25)));
  const at = new Date(0).toISOString();
  const results = parseResults({
    schema: RESULTS_SCHEMA,
    startedAt: at,
    endedAt: at,
    command: "",
    environment: captureEnvironment(),
    cells,
  });
  assertEquals(results.cells.length, cells.length);
  assert(results.cells.every(conserves));
  const [same, ours, libbpf] = cells as [typeof cells[0], typeof cells[0], typeof cells[0]];
  assertEquals(
    [same, ours, libbpf].map(({ peer, ratio }) => [peer, ratio?.to ?? null, ratio?.pairs ?? null]),
    [[null, "eventpipe", 2], [null, "libbpf perf_buffer", 40], ["libbpf perf_buffer", null, null]],
  );
  assertEquals([same.flags, ours.flags], [["not-steady", "within-launch"], ["not-steady"]]);
  assertEquals([ours.consumeNsPerEvent, libbpf.consumeNsPerEvent], [6.25, 5]);
});

Deno.test("a goal is judged by the worst of its comparisons", () => {
  const plans = planConsume(QUICK);
  const outcomes = plans.map((plan, index) => outcome(plan, index === 3 ? 1.05 : 0.8));
  const [scan, walk] = judgeGoals(outcomes);
  assertEquals([scan!.worst?.plan, scan!.count, walk!.count], [plans[3], 8, 4]);
  const lines = renderGoals([scan!, walk!]).split("\n");
  assertStringIncludes(lines[2]!, "perf 256 KiB, 28 to 140 B, scan, the worst of 8");
  assert(lines[2]!.includes(" 1.05 ") && lines[2]!.includes(" limit "), lines[2]);
  assert(lines[3]!.includes(" goal "), lines[3]);
});

Deno.test("a goal whose peer is absent is told as not measured", () => {
  const lines = renderGoals(judgeGoals([])).split("\n").slice(2);
  assertEquals(lines.length, GOALS.length);
  assert(lines.every((line) => line.includes("not measured")));
});

Deno.test("every comparison has a line with both times, the interval and the verdict", () => {
  const plan = planConsume(QUICK)[8]!;
  const line = renderComparisons([outcome(plan, 2)]).split("\n")[2]!;
  for (const text of ["1 handler, in order", "10.0", "5.0", "2.00", "2.00 to 2.20", "2 %", "slower"]) {
    assertStringIncludes(line, text);
  }
});
