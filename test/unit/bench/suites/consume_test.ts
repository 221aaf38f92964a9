/** The plans of the suites `consume` and `backends`, their cells and rows of goals, from outcomes that are made up. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ratioInterval } from "../../../../bench/measure/bootstrap.ts";
import { consumeCells, judgeGoals, planText } from "../../../../bench/suites/consume_cells.ts";
import type { ConsumeOutcome } from "../../../../bench/suites/consume_measure.ts";
import {
  type ConsumePlan,
  FULL,
  GOALS,
  planBackends,
  planConsume,
  QUICK,
} from "../../../../bench/suites/consume_plan.ts";
import { captureEnvironment } from "../../../../src/report/environment.ts";
import { renderReport } from "../../../../src/report/markdown.ts";
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
    same: { pairs: [[1, 1.01]], ratio: ratioInterval([[1, 1.01]], { seed: 1 }) },
    detectable: 0.02,
    comparisons: plan.peers.map((peer) => ({
      peer,
      pairs: launches,
      ratio: ratioInterval(launches, { seed: 1 }),
      verdict: "slower",
      summary,
    })),
    isSteady: false,
  };
}

Deno.test("planConsume covers every goal, in a quick run too", () => {
  for (const size of [FULL, QUICK]) {
    const plans = planConsume(size, "ts");
    for (const { what, peer, covers } of GOALS) {
      assert(plans.some((plan) => covers(plan) && plan.peers.includes(peer)), what);
    }
    assert(size.launches >= 5 && size.launches * size.rounds >= 40);
  }
});

Deno.test("planConsume scans four payloads in two rings beside two peers", () => {
  const scans = planConsume(FULL, "ts").filter(({ ring, delivery }) =>
    ring === "perf" && delivery === "scan"
  );
  assertEquals(
    scans.map(({ ringBytes, payload }) => `${ringBytes} ${payload.label}`),
    [262_144, 2_097_152].flatMap((ring) =>
      ["32 B", "128 B", "1024 B", "28 to 140 B"].map((label) => `${ring} ${label}`)
    ),
  );
  assert(scans.every(({ peers }) => peers.join() === "perf_buffer,perf_walk"));
});

Deno.test("planConsume covers the rows of Go, of words and of many rings", () => {
  const of = (name: string): string[] =>
    planConsume(QUICK, "ts").filter(({ peers }) => (peers as readonly string[]).includes(name)).map(planText);
  assertEquals(of("go_perf"), [
    "perf 256 KiB, 32 B, 1 handler, in order",
    "perf 256 KiB, 32 B, 4 handlers, in order",
    "perf 256 KiB, 32 B, 16 handlers, in order",
  ]);
  assertEquals(of("perf_buffer_words"), ["perf 256 KiB, 1024 B, all words"]);
  assertEquals(of("perf_buffer").filter((text) => text.includes("256 x")), [
    "perf 256 x 32 KiB, 1 event of 32 B, 1 handler, in order",
    "perf 256 x 32 KiB, 100 events of 32 B, 1 handler, in order",
  ]);
});

Deno.test("planConsume measures the same with the WASM scanner, but for many rings", () => {
  const ts = planConsume(QUICK, "ts");
  const wasm = planConsume(QUICK, "wasm");
  assertEquals(wasm, ts.filter(({ rings }) => rings === 1).map((plan) => ({ ...plan, scanner: "wasm" })));
  const [ours] = consumeCells(outcome(wasm[0]!, 1));
  assertEquals([ours!.scanner, planText(wasm[0]!)], ["wasm", "perf 256 KiB, 32 B, scan, wasm"]);
  const [goal] = judgeGoals([outcome(wasm[0]!, 1), outcome(ts[1]!, 2)], "wasm");
  assertEquals([goal!.what, goal!.value], ["scan and validate, no handler; WASM scanner", 1]);
});

Deno.test("planBackends measures each kind of ring with the same events", () => {
  const plans = planBackends("ts");
  assertEquals(plans.length, 9);
  assert(
    plans.every(({ suite, peers }) => suite === "backends" && peers.join() === "own_ringbuf,own_memory"),
  );
  const cells = consumeCells(outcome(plans[0]!, 1));
  assertEquals(cells.map(({ suite, source, ring, scanner, peer }) => [suite, source, ring, scanner, peer]), [
    ["backends", "kernel", "perf", "ts", null],
    ["backends", "kernel", "perf", "ts", null],
    ["backends", "kernel", "ringbuf", "ts", null],
    ["backends", "kernel", "perf", "ts", null],
    ["backends", "memory", "perf", "ts", null],
  ]);
});

Deno.test("the cells of an outcome are those of a results file, with eventpipe over itself first", () => {
  const outcomes = planConsume(QUICK, "ts").map((plan) => outcome(plan, 1.25));
  const cells = outcomes.flatMap(consumeCells);
  const at = new Date(0).toISOString();
  const results = parseResults({
    schema: RESULTS_SCHEMA,
    startedAt: at,
    endedAt: at,
    command: "",
    environment: captureEnvironment(),
    cells,
    goals: judgeGoals(outcomes, "ts"),
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
  assertEquals([same.verdict, ours.verdict, libbpf.verdict], [null, "slower", undefined]);
  assertEquals(ours.pairRatios?.map((launch) => [launch.length, launch[0]]), [
    [8, 1.25],
    [8, 1.25],
    [8, 1.375],
    [8, 1.25],
    [8, 1.25],
  ]);
  assertEquals(ours.launchMedians, [1.25, 1.25, 1.375, 1.25, 1.25]);
  const report = renderReport(results);
  for (const text of ["## Goals", "scan and validate, no handler", "| worst launch |", "not-steady"]) {
    assertStringIncludes(report, text);
  }
});

Deno.test("a goal is judged by the worst of its comparisons", () => {
  const plans = planConsume(QUICK, "ts");
  const [scan, walk] = judgeGoals(plans.map((plan, index) => outcome(plan, index === 3 ? 1.05 : 0.8)), "ts");
  assertEquals([scan!.cell, scan!.value, scan!.reached, scan!.verdict], [
    "perf 256 KiB, 28 to 140 B, scan, the worst of 8",
    1.05,
    "limit",
    "slower",
  ]);
  assertEquals([walk!.over, walk!.reached, walk!.cell?.endsWith("the worst of 4")], [
    "C in-place walk",
    "goal",
    true,
  ]);
});

Deno.test("a goal whose peer is absent is told as not measured", () => {
  const goals = judgeGoals([], "ts");
  assertEquals(goals.length, GOALS.length);
  assert(goals.every(({ value, reached }) => value === null && reached === "not measured"));
});
