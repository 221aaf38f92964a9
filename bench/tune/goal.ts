/**
 * What a reader wants of its rings, what one run measured, and whether the one is held by the other, with which margin.
 *
 * @module
 */

import type { Setting } from "../setting.ts";

/** The quantiles that a goal on latency can be on, as `part / whole`, so that ranks are found with whole numbers. */
export const QUANTILES = {
  p50: { part: 50, whole: 100 },
  p90: { part: 90, whole: 100 },
  p99: { part: 99, whole: 100 },
  p999: { part: 999, whole: 1000 },
} as const;

/** The name of a quantile. */
export type QuantileName = keyof typeof QUANTILES;

/** What is wanted. */
export interface Goal {
  /** Events per second, of all CPUs together. */
  readonly rate: number;
  /** Bytes of each event from the category on. */
  readonly payloadBytes: number;
  /** The longest time from an event's output to its handler; null if any will do. */
  readonly maxLatencyNs: number | null;
  /** Which share of the events must be that fast. */
  readonly quantile: QuantileName;
  /** The largest share of events that may be lost. */
  readonly maxLoss: number;
  /** The largest share of one core that the reader may take; null if any will do. */
  readonly maxCpu: number | null;
  /** CPUs that the rings are for. */
  readonly cpus: number;
}

/** What one run measured. */
export interface Measurement {
  readonly setting: Setting;
  readonly durationMs: number;
  /** Events that the program tried to output. */
  readonly produced: number;
  readonly dispatched: number;
  readonly lost: number;
  /** Still in the rings at the end. */
  readonly left: number;
  /** Events per second that the program tried to output. */
  readonly rate: number;
  /** CPU time of the reader's thread, as a share of the time. */
  readonly cpuShare: number;
  /** How long the reader was ready to run and waited for its CPU, as a share of the time; null where nobody tells. */
  readonly waitShare: number | null;
  /** The same of the program, which then falls behind its rate. */
  readonly programWaitShare: number | null;
  /** How often the reader looked into the rings. */
  readonly drains: number;
  /** The most bytes of the ring that one look found, as a share of it: how near it came to being full. */
  readonly peakFill: number;
  /** Latencies in ns; a lost event counts as never handled, Infinity. Null where too few were measured to tell. */
  readonly latency: Readonly<Record<QuantileName, number | null>>;
  /** The longest latency that was measured; null if none was. */
  readonly maxLatencyNs: number | null;
}

/** What a check is about. */
export type CheckName = "rate" | "loss" | "latency" | "CPU";

/** One part of a goal beside what was measured. */
export interface Check {
  readonly name: CheckName;
  /** What was asked for: a rate, a share or ns. */
  readonly asked: number;
  /** What was measured; null if it could not be told. */
  readonly measured: number | null;
  readonly held: boolean;
  /** How many times better than asked for; below 1 if it was not held, Infinity where there is no telling how much. */
  readonly margin: number;
}

/** An open loop that offers less than this share of its rate is held up: by the outputs, or by the host. */
const RATE_SHARE = 0.95;

/** A thread that waited longer than this for its CPU shares it with others. */
export const BUSY_SHARE = 0.05;

/**
 * Whether a goal was missed for no other reason than that others took the program's CPU: then it was not tried.
 *
 * @param checks The checks of the measurement.
 * @param measurement The measurement.
 * @returns Whether it is so.
 */
export function isHeldUp(checks: readonly Check[], { programWaitShare }: Measurement): boolean {
  const missed = checks.filter(({ held }) => !held);
  return missed.length === 1 && missed[0]!.name === "rate" && (programWaitShare ?? 0) > BUSY_SHARE;
}

/**
 * Compares a measurement with a goal.
 *
 * @param goal The goal.
 * @param measurement What was measured.
 * @returns A check for each part of the goal.
 */
export function judge(goal: Goal, measurement: Measurement): Check[] {
  const { rate, maxLoss, maxLatencyNs, maxCpu, quantile } = goal;
  const checks = [rateCheck(rate, measurement.rate), lossCheck(maxLoss, measurement)];
  if (maxLatencyNs !== null) checks.push(limitCheck("latency", maxLatencyNs, measurement.latency[quantile]));
  if (maxCpu !== null) checks.push(limitCheck("CPU", maxCpu, measurement.cpuShare));
  return checks;
}

/**
 * Whether all parts were held.
 *
 * @param checks The checks of one measurement.
 * @returns Whether they were.
 */
export function isHeld(checks: readonly Check[]): boolean {
  return checks.every(({ held }) => held);
}

/**
 * The margin of the part that is nearest to its limit, or furthest beyond.
 *
 * @param checks The checks of one measurement.
 * @returns The smallest margin.
 */
export function smallestMargin(checks: readonly Check[]): number {
  return Math.min(...checks.map(({ margin }) => margin));
}

/**
 * How many events must be measured before a quantile can be told: with fewer, its value would hang on a handful.
 *
 * @param quantile The quantile.
 * @returns Events.
 */
export function eventsFor(quantile: QuantileName): number {
  const { part, whole } = QUANTILES[quantile];
  return 10 * whole / (whole - part);
}

function rateCheck(asked: number, measured: number): Check {
  const share = measured / (RATE_SHARE * asked);
  return { name: "rate", asked, measured, held: share >= 1, margin: share >= 1 ? Infinity : share };
}

function lossCheck(asked: number, { lost, produced, peakFill }: Measurement): Check {
  const measured = produced === 0 ? 0 : lost / produced;
  if (measured > asked) return { name: "loss", asked, measured, held: false, margin: asked / measured };
  // What is spare is room in the ring; one that may lose and did has none to speak of.
  const margin = lost > 0 ? asked / measured : 1 / Math.max(peakFill, 1e-6);
  return { name: "loss", asked, measured, held: true, margin };
}

function limitCheck(name: CheckName, asked: number, measured: number | null): Check {
  if (measured === null) return { name, asked, measured, held: false, margin: 0 };
  const margin = measured <= 0 ? Infinity : asked / measured;
  return { name, asked, measured, held: measured <= asked, margin };
}
