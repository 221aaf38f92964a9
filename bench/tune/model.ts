/**
 * A model of this machine at the wanted rate, from a few short probes: what an event and a wake-up cost the reader, how long
 * a wake-up takes, how long the reader may be kept from running. It only chooses what is measured next; nothing is advised
 * because the model says so.
 *
 * @module
 */

import { type CostPoint, fitCostModel } from "../../src/report/cost_model.ts";
import { type Goal, isHeld, judge, type Measurement, QUANTILES } from "./goal.ts";
import { FLUSH_MS, recordBytes, type Setting } from "../setting.ts";

/** What the probes say of this machine. */
export interface Model {
  /** CPU time of the reader per event, in ns. */
  readonly eventNs: number;
  /** CPU time of the reader per wake-up, in ns. */
  readonly wakeupNs: number;
  /** From an output that wakes the reader to the handler, at the goal's quantile, in ns; null if no probe told. */
  readonly wakeDelayNs: number | null;
  /** How long a ring must hold what comes while nobody reads, in ns. */
  readonly stallNs: number;
}

/** Thresholds of the probes: three sizes are the least that can contradict a model of two coefficients. */
const PROBE_EVENTS = [1, 16, 256] as const;

/** A reader that shares its machine is kept from running for that long now and then, whatever the probes saw. */
const MIN_STALL_NS = 20e6;

/** A stall beyond this is no reason for a larger ring: something else is wrong. */
const MAX_STALL_NS = 200e6;

/** Less saves next to nothing, and is full after a moment in which the reader does not run. */
const MIN_RING_BYTES = 256 * 1024;
const MAX_RING_BYTES = 64 * 1024 * 1024;

/** All rings of a source lie in one buffer of less than 2 GiB, each with a page and spare memory. */
const MAX_RINGS_BYTES = 2 ** 30;

/** A threshold is at most this share of its ring: the rest is for what comes while the reader wakes up. */
const THRESHOLDS_PER_RING = 8;

/**
 * The smallest ring that holds what comes during a stall, and eight times the threshold.
 *
 * @param goal The rate and size of events.
 * @param stallNs The stall.
 * @param thresholdEvents After how many events the reader is woken.
 * @returns Bytes, a power of two from 256 KiB to 64 MiB, or less than that where there are very many CPUs.
 */
export function ringBytesFor(goal: Goal, stallNs: number, thresholdEvents: number): number {
  const events = Math.max(goal.rate * stallNs / 1e9, THRESHOLDS_PER_RING * Math.max(1, thresholdEvents));
  const bytes = 2 ** Math.ceil(Math.log2(events * recordBytes("perf", goal.payloadBytes)));
  return Math.min(maxRingBytes(goal), Math.max(MIN_RING_BYTES, bytes));
}

function maxRingBytes({ cpus }: Goal): number {
  return Math.min(MAX_RING_BYTES, 2 ** Math.floor(Math.log2(MAX_RINGS_BYTES / cpus)));
}

/**
 * The largest threshold that a ring of the largest size takes.
 *
 * @param goal The size of events, and the CPUs.
 * @returns Events.
 */
export function maxThreshold(goal: Goal): number {
  return Math.max(
    1,
    Math.floor(maxRingBytes(goal) / THRESHOLDS_PER_RING / recordBytes("perf", goal.payloadBytes)),
  );
}

/**
 * What to probe with.
 *
 * @param goal The goal.
 * @returns Settings that differ in their threshold alone.
 */
export function probeSettings(goal: Goal): Setting[] {
  const ringBytes = ringBytesFor(goal, MIN_STALL_NS, PROBE_EVENTS.at(-1)!);
  return PROBE_EVENTS.map((events) => ({
    ring: "perf",
    ringBytes,
    wakeup: { kind: "events", events },
    waiter: "epoll",
    pollMs: FLUSH_MS,
    scanner: "ts",
  }));
}

/**
 * Fits the model.
 *
 * @param goal The goal.
 * @param probes What the settings of {@linkcode probeSettings} measured.
 * @returns The model.
 */
export function fitModel(goal: Goal, probes: readonly Measurement[]): Model {
  const points = probes.flatMap(costPoint);
  const fit = fitCostModel(points);
  // Where all drains found about as many events, nothing can be told apart: then each is blamed for all.
  const dearest = Math.max(0, ...points.map(({ n, ns }) => n * ns));
  const cheapest = Math.min(...points.map(({ ns }) => ns));
  const stalls = probes.map(({ maxLatencyNs, setting }) => (maxLatencyNs ?? 0) - batchNs(goal, setting));
  const worst = Math.max(0, ...stalls);
  return {
    eventNs: Math.max(0, fit?.a.value ?? (Number.isFinite(cheapest) ? cheapest : 0)),
    wakeupNs: Math.max(0, fit?.b.value ?? dearest),
    wakeDelayNs: wakeDelay(goal, probes),
    stallNs: Math.min(MAX_STALL_NS, Math.max(MIN_STALL_NS, 2 * worst)),
  };
}

/**
 * The CPU share that the model expects.
 *
 * @param model The model.
 * @param rate Events per second.
 * @param eventsPerWakeup Events per wake-up.
 * @returns A share of one core.
 */
export function expectedCpuShare(
  { eventNs, wakeupNs }: Model,
  rate: number,
  eventsPerWakeup: number,
): number {
  return rate * (eventNs + wakeupNs / eventsPerWakeup) / 1e9;
}

function costPoint({ dispatched, drains, cpuShare, durationMs }: Measurement): CostPoint[] {
  if (dispatched === 0 || drains === 0 || !(cpuShare > 0)) return [];
  return [{ n: dispatched / drains, ns: cpuShare * durationMs * 1e6 / dispatched }];
}

/** The first event of a batch waits for the last one. */
function batchNs({ rate }: Goal, { wakeup }: Setting): number {
  return wakeup.kind === "events" ? Math.min((wakeup.events - 1) / rate * 1e9, FLUSH_MS * 1e6) : 0;
}

/** What the smallest threshold says at which the program kept its rate: little of it is waiting for the batch. */
function wakeDelay(goal: Goal, probes: readonly Measurement[]): number | null {
  for (const probe of probes) {
    const measured = probe.latency[goal.quantile];
    const kept = judge({ ...goal, maxLatencyNs: null, maxCpu: null, maxLoss: 1 }, probe);
    if (measured === null || measured === Infinity || !isHeld(kept)) continue;
    return Math.max(0, measured - quantileShare(goal) * batchNs(goal, probe.setting));
  }
  return null;
}

/**
 * Events of a batch wait for its last one, the first the longest: the share of that time which a quantile of them waits.
 *
 * @param goal The goal.
 * @returns A share, such as 0.5 for p50.
 */
export function quantileShare({ quantile }: Goal): number {
  const { part, whole } = QUANTILES[quantile];
  return part / whole;
}
