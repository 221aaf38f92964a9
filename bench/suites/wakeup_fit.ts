/**
 * The model `t(N) = a + b/N` of the suite `wakeup`: fitted to the emitter's times with eventpipe waiting, and with libbpf
 * waiting. The kernel does the same for both, so both fits must agree; where they do not, one of the two measurements is
 * wrong. Relies on the reports' model for the fit.
 *
 * @module
 */

import { formatBytes } from "../../src/cli/units.ts";
import { type CostModel, fitCostModel } from "../../src/report/cost_model.ts";
import type { Goal } from "../../src/report/schema.ts";
import { median } from "../measure/median.ts";
import { randomFrom } from "../measure/random.ts";
import { detectableEffect, type Verdict, verdictOf } from "../measure/verdict.ts";
import { PEER_LABELS } from "../peers/programs.ts";
import { AGAIN, OURS } from "./paired.ts";
import { emitNsOf, WAKEUP_PEER, type WakeupOutcome } from "./wakeup.ts";
import { eventsPerWakeup, WAKEUP_RING_BYTES, type WakeupKind } from "./wakeup_plan.ts";

/** How often blocks are drawn anew for an interval. */
const RESAMPLES = 1000;

/** The share of repetitions an interval is to hold the true ratio in. */
const LEVEL = 0.95;

/** Both fits are of one kernel: so far they may be apart. */
const APART = 0.15;

/** The blocks of one threshold: an arm's times in ns per event, by launch. */
export interface Times {
  /** Events per wake-up. */
  readonly n: number;
  readonly arms: ReadonlyMap<string, readonly (readonly number[])[]>;
}

/** A ratio of two coefficients. */
export interface CoefficientRatio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** The ratio of the fits of each launch, that which is furthest from 1. */
  readonly worstLaunch: number;
}

/** Ratios of both. */
export interface FitRatios {
  readonly a: CoefficientRatio;
  readonly b: CoefficientRatio;
}

/**
 * The times of outcomes.
 *
 * @param outcomes What was measured.
 * @param kind Thresholds of which kind.
 * @returns The times by threshold.
 */
export function timesOf(outcomes: readonly WakeupOutcome[], kind: WakeupKind): Times[] {
  return outcomes.filter(({ plan }) => plan.kind === kind).map(({ plan, blocks }) => ({
    n: eventsPerWakeup(plan),
    arms: new Map(
      [...blocks].map(([name, launches]) => [
        name,
        launches.map((launch) => launch.map((block) => emitNsOf(plan, block))),
      ]),
    ),
  }));
}

/**
 * Fits an arm.
 *
 * @param times The times.
 * @param arm Its name.
 * @returns The model; null with fewer than three thresholds.
 */
export function fitArm(times: readonly Times[], arm: string): CostModel | null {
  return fitCostModel(times.map(({ n, arms }) => ({ n, ns: median(arms.get(arm)!.flat()) })));
}

/**
 * Compares the fits of two arms.
 *
 * @param times The times.
 * @param over The arm above the line.
 * @param under The arm below it.
 * @param seed Repeats the intervals.
 * @returns The ratios, whose intervals come from launches drawn anew and pairs of blocks within them; null with fewer than
 * three thresholds.
 */
export function compareFits(
  times: readonly Times[],
  over: string,
  under: string,
  seed: number,
): FitRatios | null {
  const all = ratiosOf(times, over, under);
  if (all === null) return null;
  const random = randomFrom(seed);
  const drawn = Array.from(
    { length: RESAMPLES },
    () => ratiosOf(times.map((each) => redraw(each, random)), over, under)!,
  );
  const launches = times[0]!.arms.get(over)!.length;
  const byLaunch = Array.from(
    { length: launches },
    (_, launch) => ratiosOf(times.map((each) => onlyLaunch(each, launch)), over, under)!,
  );
  const ratio = (which: "a" | "b"): CoefficientRatio => ({
    value: all[which],
    ...intervalOf(drawn.map((each) => each[which])),
    worstLaunch: furthest(byLaunch.map((each) => each[which])),
  });
  return { a: ratio("a"), b: ratio("b") };
}

/** The ratios of the coefficients that are fitted to the medians. */
function ratiosOf(times: readonly Times[], over: string, under: string): { a: number; b: number } | null {
  const [above, below] = [over, under].map((arm) =>
    // Their own intervals are not asked for.
    fitCostModel(times.map(({ n, arms }) => ({ n, ns: median(arms.get(arm)!.flat()) })), { resamples: 1 })
  );
  if (above === null || above === undefined || below === null || below === undefined) return null;
  return { a: above.a.value / below.a.value, b: above.b.value / below.b.value };
}

/** Processes differ from threshold to threshold, so each draws its own launches; the arms of a launch stay together. */
function redraw({ n, arms }: Times, random: () => number): Times {
  const [first] = arms.values();
  const picks = first!.map(() => {
    const launch = Math.floor(random() * first!.length);
    return { launch, blocks: first![launch]!.map(() => Math.floor(random() * first![launch]!.length)) };
  });
  const drawn = (launches: readonly (readonly number[])[]): number[][] =>
    picks.map(({ launch, blocks }) => blocks.map((block) => launches[launch]![block]!));
  return { n, arms: new Map([...arms].map(([name, launches]) => [name, drawn(launches)])) };
}

function onlyLaunch({ n, arms }: Times, launch: number): Times {
  return { n, arms: new Map([...arms].map(([name, launches]) => [name, [launches[launch]!]])) };
}

function intervalOf(values: readonly number[]): { low: number; high: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const outside = Math.floor(sorted.length * (1 - LEVEL) / 2);
  return { low: sorted[outside]!, high: sorted[sorted.length - 1 - outside]! };
}

/** The one that is furthest from 1, by its logarithm. */
function furthest(ratios: readonly number[]): number {
  const distance = (ratio: number): number => ratio > 0 ? Math.abs(Math.log(ratio)) : Infinity;
  return ratios.reduce((worst, ratio) => distance(ratio) > distance(worst) ? ratio : worst);
}

/**
 * Makes rows of the table of goals: how the fits of eventpipe and libbpf agree.
 *
 * @param outcomes What was measured.
 * @param seed Repeats the intervals.
 * @returns A row for each coefficient, of thresholds in events and in bytes.
 */
export function wakeupGoals(outcomes: readonly WakeupOutcome[], seed: number): Goal[] {
  return (["count", "watermark"] as const).flatMap((kind) => {
    const times = timesOf(outcomes, kind);
    const ratios = compareFits(times, OURS, WAKEUP_PEER, seed);
    const same = compareFits(times, AGAIN, OURS, seed);
    return (["a", "b"] as const).map((which) =>
      goalOf(kind, which, times.length, ratios?.[which], same?.[which])
    );
  });
}

const WHAT = {
  a: "emitter's cost of an event, a of a + b/N",
  b: "emitter's cost of a wake-up, b of a + b/N",
} as const;

const KIND = { count: "by count", watermark: "by bytes" } as const;

function goalOf(
  kind: WakeupKind,
  which: "a" | "b",
  thresholds: number,
  ratio: CoefficientRatio | undefined,
  same: CoefficientRatio | undefined,
): Goal {
  const { value = null, low = null, high = null, worstLaunch = null } = ratio ?? {};
  return {
    what: `${WHAT[which]}, ${KIND[kind]}: the same within 15 %`,
    over: PEER_LABELS[WAKEUP_PEER],
    cell: ratio === undefined
      ? null
      : `perf ${formatBytes(WAKEUP_RING_BYTES)}, 32 B, ${thresholds} thresholds`,
    value,
    low,
    high,
    worstLaunch,
    atMost: 1 + APART,
    goal: 1,
    verdict: ratio === undefined || same === undefined ? null : judge(ratio, same),
    reached: reachedBy(value),
  };
}

function judge(ratio: CoefficientRatio, same: CoefficientRatio): Verdict {
  return verdictOf({ median: ratio.value, low: ratio.low, high: ratio.high }, detectableEffect(same));
}

/** Too cheap is as wrong as too dear. */
function reachedBy(value: number | null): Goal["reached"] {
  if (value === null) return "not measured";
  if (Math.abs(value - 1) > APART) return "no";
  return value <= 1 ? "goal" : "limit";
}

/**
 * The fits in words.
 *
 * @param outcomes What was measured.
 * @param kind Thresholds of which kind.
 * @returns Both coefficients of eventpipe and of libbpf; null with fewer than three thresholds.
 */
export function fitText(outcomes: readonly WakeupOutcome[], kind: WakeupKind): string | null {
  const times = timesOf(outcomes, kind);
  const [ours, theirs] = [OURS, WAKEUP_PEER].map((arm) => fitArm(times, arm));
  if (ours === null || ours === undefined || theirs === null || theirs === undefined) return null;
  const text = ({ a, b, maxError }: CostModel): string =>
    `${a.value.toFixed(0)} ns + ${b.value.toFixed(0)} ns / N (off by ${
      (100 * maxError).toFixed(0)
    } % at most)`;
  return `wake-ups ${KIND[kind]}: emitting takes ${text(ours)}, with ${PEER_LABELS[WAKEUP_PEER]} ${
    text(theirs)
  }`;
}
