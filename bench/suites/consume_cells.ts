/**
 * The outcomes of the suites `consume` and `backends` as cells of a results file and as rows of the table of goals. Relies
 * on the schema of results.
 *
 * @module
 */

import { formatBytes } from "../../src/cli/units.ts";
import { reached } from "../../src/report/goals.ts";
import type { Cell, Goal } from "../../src/report/schema.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";
import { isOwnPeer, PEER_LABELS, type PeerName } from "../peers/programs.ts";
import type { ConsumeOutcome } from "./consume_measure.ts";
import { type ConsumePlan, GOALS } from "./consume_plan.ts";
import { type ArmSummary, fullRingCell } from "./full_ring.ts";
import { comparedCell, OURS } from "./paired.ts";

/**
 * Makes cells of an outcome: eventpipe over itself, eventpipe over each peer, and each peer.
 *
 * @param outcome What was measured.
 * @returns The cells.
 */
export function consumeCells(outcome: ConsumeOutcome): Cell[] {
  const { plan, same, comparisons } = outcome;
  const ours = cellOf(plan, outcome.ours, null);
  return [
    comparedCell(ours, OURS, same, outcome),
    ...comparisons.flatMap((comparison) => [
      comparedCell(ours, PEER_LABELS[comparison.peer], comparison, outcome),
      cellOf(plan, comparison.summary, comparison.peer),
    ]),
  ];
}

function cellOf(plan: ConsumePlan, arm: ArmSummary, peer: PeerName | null): Cell {
  const isOurs = peer === null || isOwnPeer(peer);
  return fullRingCell(plan, arm, {
    suite: plan.suite,
    source: peer === "own_memory" ? "memory" : "kernel",
    ring: peer === "own_ringbuf" ? "ringbuf" : plan.ring,
    scanner: !isOurs ? null : peer === "own_memory" ? "ts" : plan.scanner,
    peer: isOurs ? null : PEER_LABELS[peer],
  });
}

/**
 * Finds the worst comparison of each goal.
 *
 * @param outcomes What was measured.
 * @param scanner With which scanner.
 * @returns The goals in their order.
 */
export function judgeGoals(outcomes: readonly ConsumeOutcome[], scanner: ScannerKind): Goal[] {
  return GOALS.map(({ what: work, peer, atMost, goal, covers }) => {
    const what = scanner === "ts" ? work : `${work}; WASM scanner`;
    const compared = outcomes.filter(({ plan }) => plan.scanner === scanner && covers(plan)).flatMap((
      { plan, comparisons },
    ) =>
      comparisons.filter((comparison) => comparison.peer === peer).map((comparison) => ({ plan, comparison }))
    );
    const [worst] = compared.toSorted((a, b) => b.comparison.ratio.median - a.comparison.ratio.median);
    const bounds = { what, over: PEER_LABELS[peer], atMost, goal };
    if (worst === undefined) return { ...bounds, ...NOT_MEASURED };
    const { plan, comparison: { ratio: { median, low, high, launchMedians }, verdict } } = worst;
    const cell = planText(plan) + (compared.length === 1 ? "" : `, the worst of ${compared.length}`);
    const worstLaunch = Math.max(...launchMedians);
    const measured = { value: median, low, high, worstLaunch };
    return { ...bounds, ...measured, cell, verdict, reached: reached({ ...bounds, ...measured }) };
  });
}

/** The row of a goal whose peer is absent, or whose plans were not measured. */
const NOT_MEASURED = {
  cell: null,
  value: null,
  low: null,
  high: null,
  worstLaunch: null,
  verdict: null,
  reached: "not measured",
} as const;

/**
 * A plan in words.
 *
 * @param plan The plan.
 * @returns Ring, payload and work.
 */
export function planText(
  { ring, scanner, ringBytes, rings, delivery, handlers, events, payload }: ConsumePlan,
): string {
  const plural = handlers === 1 ? "handler" : "handlers";
  const work = {
    scan: "scan",
    each: `${handlers} ${plural}, in order`,
    batch: `${handlers} ${plural}, batches`,
    words: "all words",
  }[delivery];
  const many = rings === 1 ? "" : `${rings} x `;
  const few = events === null ? "" : `${events} ${events === 1 ? "event" : "events"} of `;
  return `${ring} ${many}${formatBytes(ringBytes)}, ${few}${payload.label}, ${work}${
    scanner === "ts" ? "" : `, ${scanner}`
  }`;
}
