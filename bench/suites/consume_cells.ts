/**
 * The outcomes of the suite `consume` as cells of a results file and as the table of goals. Relies on the schema of results.
 *
 * @module
 */

import { markdownTable } from "markdown-table";
import type { Cell, Ratio } from "../../src/report/schema.ts";
import type { RatioInterval } from "../measure/bootstrap.ts";
import type { Verdict } from "../measure/verdict.ts";
import { PEER_LABELS } from "../peers/programs.ts";
import type { ArmSummary, Comparison, ConsumeOutcome } from "./consume_measure.ts";
import { type ConsumePlan, type Goal, GOALS } from "./consume_plan.ts";

/** What a cell of this suite tells beside the keys of all cells. */
export interface ConsumeKeys {
  /** `scan`, or how events were delivered. */
  readonly delivery: ConsumePlan["delivery"];
  /** To how many handlers. */
  readonly handlers: number;
  /** The sizes of events in words. */
  readonly payload: string;
  /** What may be said of the ratio; null where there is none. */
  readonly verdict: Verdict | null;
  /** The smallest effect that could be told from none, as a share; null for a peer. */
  readonly detectable: number | null;
  /** The median ratio of each launch; empty where there is no ratio. */
  readonly launchMedians: readonly number[];
}

/** A cell of this suite. */
export type ConsumeCell = Cell & ConsumeKeys;

/**
 * Makes cells of an outcome: eventpipe over itself, eventpipe over each peer, and each peer.
 *
 * @param outcome What was measured.
 * @returns The cells.
 */
export function consumeCells(outcome: ConsumeOutcome): ConsumeCell[] {
  const { plan, ours, same, detectable, comparisons, isSteady } = outcome;
  const flags = isSteady ? [] : ["not-steady"];
  const ourCell = (to: string, ratio: RatioInterval, verdict: Verdict | null): ConsumeCell => ({
    ...cellOf(plan, ours, null),
    ratio: ratioOf(to, ratio),
    verdict,
    detectable,
    launchMedians: ratio.launchMedians,
    flags: ratio.isWithinLaunch ? [...flags, "within-launch"] : flags,
  });
  return [
    ourCell("eventpipe", same, null),
    ...comparisons.flatMap(({ peer, ratio, verdict, summary }) => [
      ourCell(PEER_LABELS[peer], ratio, verdict),
      cellOf(plan, summary, PEER_LABELS[peer]),
    ]),
  ];
}

function cellOf(plan: ConsumePlan, { nsPerEvent, events, ns }: ArmSummary, peer: string | null): ConsumeCell {
  const { ring, ringBytes, delivery, handlers, payload: { label, payloadBytes, payloadSteps } } = plan;
  return {
    suite: "consume",
    source: "kernel",
    ring,
    scanner: peer === null ? "ts" : null,
    waiter: "none",
    peer,
    ringBytes,
    wakeupEvents: null,
    effectiveWakeupEvents: null,
    watermarkBytes: null,
    payloadBytes: payloadBytes + 4 * (payloadSteps - 1),
    cpus: 1,
    rate: null,
    durationMs: ns / 1e6,
    produced: events,
    dispatched: events,
    unknown: 0,
    lost: 0,
    left: 0,
    corrupt: 0,
    exact: true,
    wakeups: null,
    eventsPerSecond: events / (ns / 1e9),
    consumeNsPerEvent: nsPerEvent,
    cpuNsPerEvent: null,
    latency: null,
    ratio: null,
    flags: [],
    delivery,
    handlers,
    payload: label,
    verdict: null,
    detectable: null,
    launchMedians: [],
  };
}

function ratioOf(to: string, { median, low, high, pairs }: RatioInterval): Ratio {
  return { to, median, low, high, pairs };
}

/** A goal with the comparison that is furthest from it. */
export interface GoalOutcome {
  readonly goal: Goal;
  /** The worst of its comparisons; null where its peer is absent or no plan was measured. */
  readonly worst: { readonly plan: ConsumePlan; readonly comparison: Comparison } | null;
  /** How many comparisons there were. */
  readonly count: number;
}

/**
 * Finds the worst comparison of each goal.
 *
 * @param outcomes What was measured.
 * @returns The goals in their order.
 */
export function judgeGoals(outcomes: readonly ConsumeOutcome[]): GoalOutcome[] {
  return GOALS.map((goal) => {
    const compared = outcomes.filter(({ plan }) => goal.covers(plan)).flatMap(({ plan, comparisons }) =>
      comparisons.filter(({ peer }) => peer === goal.peer).map((comparison) => ({ plan, comparison }))
    );
    const worst = compared.toSorted((a, b) => b.comparison.ratio.median - a.comparison.ratio.median)[0];
    return { goal, worst: worst ?? null, count: compared.length };
  });
}

/**
 * Draws the table of goals.
 *
 * @param goals From {@linkcode judgeGoals}.
 * @returns Markdown.
 */
export function renderGoals(goals: readonly GoalOutcome[]): string {
  const rows = goals.map(({ goal, worst, count }) => {
    const { what, peer, atMost, goal: aim } = goal;
    const bounds = [atMost.toFixed(2), aim.toFixed(2)];
    if (worst === null) return [what, PEER_LABELS[peer], "-", "-", "-", "-", ...bounds, "not measured"];
    const { plan, comparison: { ratio } } = worst;
    return [
      what,
      PEER_LABELS[peer],
      ratio.median.toFixed(2),
      intervalText(ratio),
      Math.max(...ratio.launchMedians).toFixed(2),
      count === 1 ? planText(plan) : `${planText(plan)}, the worst of ${count}`,
      ...bounds,
      reached(ratio.median, goal),
    ];
  });
  const head = ["what", "over", "ratio", "95 %", "worst launch", "cell", "at most", "goal", "reached"];
  return markdownTable([head, ...rows], { align: ["l", "l", "r", "r", "r", "l", "r", "r", "l"] });
}

/**
 * Draws the table of all comparisons.
 *
 * @param outcomes What was measured.
 * @returns Markdown.
 */
export function renderComparisons(outcomes: readonly ConsumeOutcome[]): string {
  const rows = outcomes.flatMap(({ plan, ours, detectable, comparisons }) =>
    comparisons.map(({ peer, ratio, verdict, summary }) => [
      planText(plan),
      ours.nsPerEvent.toFixed(1),
      PEER_LABELS[peer],
      summary.nsPerEvent.toFixed(1),
      ratio.median.toFixed(2),
      intervalText(ratio),
      Math.max(...ratio.launchMedians).toFixed(2),
      `${(detectable * 100).toFixed(0)} %`,
      verdict,
    ])
  );
  const head = [
    "cell",
    "eventpipe ns/event",
    "peer",
    "its ns/event",
    "ratio",
    "95 %",
    "worst launch",
    "detectable",
    "verdict",
  ];
  return markdownTable([head, ...rows], { align: ["l", "r", "l", "r", "r", "r", "r", "r", "l"] });
}

function planText({ ring, ringBytes, delivery, handlers, payload }: ConsumePlan): string {
  const size = ringBytes < 2 ** 20 ? `${ringBytes / 1024} KiB` : `${ringBytes / 2 ** 20} MiB`;
  const plural = handlers === 1 ? "handler" : "handlers";
  const work = {
    scan: "scan",
    each: `${handlers} ${plural}, in order`,
    batch: `${handlers} ${plural}, batches`,
  }[delivery];
  return `${ring} ${size}, ${payload.label}, ${work}`;
}

function intervalText({ low, high }: RatioInterval): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

function reached(ratio: number, { atMost, goal }: Goal): string {
  if (ratio <= goal) return "goal";
  return ratio <= atMost ? "limit" : "no";
}
