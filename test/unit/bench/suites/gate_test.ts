/** The plans of the suite `gate` and their cells, from launches that are made up. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { PeerBlock } from "../../../../bench/peers/protocol.ts";
import { type GateLaunch, type GateOutcome, gateRatios } from "../../../../bench/suites/gate.ts";
import { gateCells } from "../../../../bench/suites/gate_cells.ts";
import { GATE_SIZE, type GatePlan, planGate, QUICK_GATE_SIZE } from "../../../../bench/suites/gate_plan.ts";
import { measuresOf } from "../../../../src/report/compare/measures.ts";
import { MIN_LAUNCHES } from "../../../../src/report/compare/ratio.ts";
import { conserves, parseResults } from "../../../../src/report/schema.ts";
import { results } from "../../report/_cells.ts";

function block(nsPerEvent: number): PeerBlock {
  return { events: 1000, check: 7, ns: 1000 * nsPerEvent, wholeNs: 1e6 };
}

/** What is divided by. */
const REFERENCE = "reference 0123abcd";

/** Three rounds in which the reference takes 10 ns and eventpipe so much of it, but for one bad moment. */
function launch(ratio: number): GateLaunch {
  const ours = [10 * ratio, 10 * ratio, 900].map(block);
  return { ours, theirs: [10, 10, 10].map(block) };
}

function outcome(plan: GatePlan, launches: number): GateOutcome {
  return { plan, launches: Array.from({ length: launches }, () => launch(0.7)) };
}

Deno.test("planGate covers both rings and each way events are handed on", () => {
  const plans = planGate("ts");
  const has = (ring: string, delivery: string): boolean =>
    plans.some((plan) => plan.ring === ring && plan.delivery === delivery);
  assert(has("perf", "scan") && has("perf", "each") && has("perf", "batch") && has("ringbuf", "scan"));
  assert(planGate("wasm").every(({ scanner }) => scanner === "wasm"));
});

Deno.test("every run of the gate has enough launches for a comparison", () => {
  for (const { launches } of [GATE_SIZE, QUICK_GATE_SIZE]) assert(launches >= MIN_LAUNCHES);
});

Deno.test("the ratios of a launch are those of its rounds", () => {
  const [first, second, third] = gateRatios(launch(0.7)) as [number, number, number];
  for (const ratio of [first, second]) assertAlmostEquals(ratio, 0.7, 1e-12);
  assertAlmostEquals(third, 90, 1e-9);
});

Deno.test("the cells of the gate are those of a results file, and each plan is one measure of a comparison", () => {
  const cells = planGate("ts").flatMap((plan) => gateCells(outcome(plan, 5), REFERENCE, 1));
  const run = parseResults(JSON.parse(JSON.stringify(results(cells))));
  assert(run.cells.every(conserves));
  assertEquals(run.cells.map(({ peer }) => peer), planGate("ts").flatMap(() => [null, REFERENCE]));
  const measures = [...measuresOf([run]).values()];
  assertEquals(measures.length, planGate("ts").length);
  for (const { what, values } of measures) {
    assertEquals(what, `time over ${REFERENCE}`);
    assertEquals(values.map((value) => Number(value.toFixed(6))), [0.7, 0.7, 0.7, 0.7, 0.7]);
  }
  assertEquals(run.cells[0]!.flags, []);
});

Deno.test("cells of few launches say that they tell of these alone", () => {
  const [ours] = gateCells(outcome(planGate("ts")[0]!, 3), REFERENCE, 1);
  assertEquals(ours!.flags, ["within-launch"]);
});

Deno.test("both programs read the same kind of ring with the same scanner", () => {
  const plan = planGate("wasm").find(({ ring }) => ring === "ringbuf")!;
  assertEquals(gateCells(outcome(plan, 5), REFERENCE, 1).map(({ ring, scanner }) => [ring, scanner]), [
    ["ringbuf", "wasm"],
    ["ringbuf", "wasm"],
  ]);
});
