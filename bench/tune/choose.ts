/**
 * Which of the measured settings to advise: of those that hold the goal with something to spare the one that serves it best,
 * and where none holds it the nearest.
 *
 * @module
 */

import { type Check, type Goal, isHeld, judge, type Measurement, smallestMargin } from "./goal.ts";
import { memoryBytes } from "../setting.ts";

/** What a second run may differ by: a margin below this is one that luck may take. */
const SPARE = 1.25;

/** Costs that differ by less are alike: one run of a second tells no better. */
const ALIKE = 1.25;

/** A measurement with its checks. */
export interface Judged {
  readonly measurement: Measurement;
  readonly checks: readonly Check[];
}

/**
 * Orders measurements, the best first.
 *
 * @param goal The goal.
 * @param measurements What was measured, in the order that counts where nothing else differs.
 * @returns All of them.
 */
export function rank(goal: Goal, measurements: readonly Measurement[]): Judged[] {
  const left = measurements.map((measurement) => ({ measurement, checks: judge(goal, measurement) }));
  const ranked: Judged[] = [];
  // "Alike" does not carry over from neighbour to neighbour, so this is no order to sort by: the best is taken out again
  // and again.
  while (left.length > 0) {
    const best = left.reduce((found, each) => isBetter(goal, each, found) ? each : found);
    ranked.push(best);
    left.splice(left.indexOf(best), 1);
  }
  return ranked;
}

function isBetter(goal: Goal, one: Judged, other: Judged): boolean {
  const classes = classOf(one) - classOf(other);
  if (classes !== 0) return classes > 0;
  // Where all miss the goal, the nearest; where the margin is thin, the safest.
  if (classOf(one) < CLASS.spare) return smallestMargin(one.checks) > smallestMargin(other.checks);
  const costs = costOf(goal, one) / costOf(goal, other);
  if (costs < 1 / ALIKE || costs > ALIKE) return costs < 1;
  return memoryBytes(one.measurement.setting, goal.cpus) < memoryBytes(other.measurement.setting, goal.cpus);
}

/** How far a measurement came; what was measured at another rate than the goal's says least of it. */
const CLASS = { otherRate: 0, missed: 1, held: 2, spare: 3 } as const;

function classOf({ checks }: Judged): number {
  if (isHeld(checks)) return smallestMargin(checks) >= SPARE ? CLASS.spare : CLASS.held;
  return checks.some(({ name, held }) => name === "rate" && !held) ? CLASS.otherRate : CLASS.missed;
}

/** What the goal leaves open is to be small: with a limit on CPU alone the median latency, else CPU; with both, the nearer limit. */
function costOf(goal: Goal, { measurement, checks }: Judged): number {
  if (goal.maxCpu === null) return measurement.cpuShare;
  // The median: upper quantiles, on which no limit was set, tell of the host more than of the setting.
  if (goal.maxLatencyNs === null) return measurement.latency.p50 ?? Infinity;
  const limits = checks.filter(({ name }) => name === "latency" || name === "CPU");
  return 1 / smallestMargin(limits);
}
