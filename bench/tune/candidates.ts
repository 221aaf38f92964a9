/**
 * Which settings are worth a measurement for a goal on this machine, few and in the order of the goal: thresholds that the
 * model thinks right and their neighbours, a reader that sets its own pace, BPF ring buffers, and readers that spin.
 *
 * @module
 */

import type { Goal } from "./goal.ts";
import { maxThreshold, type Model, quantileShare, ringBytesFor } from "./model.ts";
import { FLUSH_MS, recordBytes, type RingKind, type Setting } from "../setting.ts";

/** Without a goal on latency, events wait for no longer than this. */
const PATIENCE_NS = 20e6;

/** Part of a limit that the model may use up: it does not know everything. */
const USABLE = 0.6;

/** Part of a limit on latency that batches are tried for, whatever the model says. */
const LEAST_BATCHING = 0.2;

/** A reader that sets its own pace finds at most this part of its ring filled. */
const PACED_FILL = 1 / 4;

/** Of a spinning reader's CPU, what is left to a goal that is worth a try. */
const SPIN_CPU = 0.9;

/**
 * Lists the candidates.
 *
 * @param goal The goal.
 * @param model The machine.
 * @param rings The kinds of ring that can be measured here.
 * @returns Settings without repetitions, the most promising first.
 */
export function candidates(goal: Goal, model: Model, rings: readonly RingKind[]): Setting[] {
  const sleeping = [...thresholdSettings(goal, model, rings), ...pacedSettings(goal, model, rings)];
  const spinning = spinSettings(goal, model, rings);
  const isFast = goal.maxLatencyNs !== null && latencyBudgetNs(goal, model) <= 0;
  return distinct(isFast ? [...spinning, ...sleeping] : [...sleeping, ...spinning]);
}

/**
 * Thresholds in events that fit the goal by the model: at most what latency allows, at least what the CPU goal asks for.
 *
 * @param goal The goal.
 * @param model The machine.
 * @returns Powers of two without repetitions, the most promising first.
 */
export function thresholds(goal: Goal, model: Model): number[] {
  const { rate, maxLatencyNs, maxCpu } = goal;
  const { eventNs, wakeupNs } = model;
  const limit = Math.min(maxThreshold(goal), 1 + rate * PATIENCE_NS / 1e9);
  const most = maxLatencyNs === null ? limit : 1 + rate * batchingNs(goal, model) / 1e9;
  const cpuNs = maxCpu === null ? null : USABLE * maxCpu * 1e9 - eventNs * rate;
  const least = cpuNs === null ? null : cpuNs > 0 ? wakeupNs * rate / cpuNs : limit;
  // From where the wake-up's share is a quarter of an event's own cost, larger batches save next to nothing.
  const enough = eventNs > 0 ? 4 * wakeupNs / eventNs : limit;
  const wanted = least === null
    ? maxLatencyNs === null ? [enough, limit, enough / 8] : [most, most / 4, 1]
    : maxLatencyNs === null
    ? [least, 4 * least, 16 * least]
    : [Math.sqrt(least * Math.max(1, most)), most, least];
  return [...new Set(wanted.map((events) => floorPowerOfTwo(Math.min(events, limit))))];
}

/** What a goal on latency leaves for waiting, once a wake-up's own delay is taken off; in ns, negative if nothing. */
function latencyBudgetNs({ maxLatencyNs }: Goal, { wakeDelayNs }: Model): number {
  return USABLE * (maxLatencyNs ?? PATIENCE_NS) - (wakeDelayNs ?? 0);
}

/**
 * How long the first event of a batch may wait for the last one. Some time is always tried: short probes on a busy machine
 * make a wake-up look slower than it is.
 */
function batchingNs(goal: Goal, model: Model): number {
  const least = LEAST_BATCHING * (goal.maxLatencyNs ?? PATIENCE_NS);
  return Math.max(least, latencyBudgetNs(goal, model)) / quantileShare(goal);
}

function thresholdSettings(goal: Goal, model: Model, rings: readonly RingKind[]): Setting[] {
  const list = thresholds(goal, model);
  const settings = list.map((events): Setting => ({
    ...sleeper("perf", ringBytesFor(goal, model.stallNs, events)),
    wakeup: { kind: "events", events },
  }));
  const first = list[0]!;
  const ringBytes = ringBytesFor(goal, model.stallNs, first);
  const watermark = (ring: RingKind): Setting["wakeup"] => ({
    kind: "bytes",
    bytes: first * recordBytes(ring, goal.payloadBytes),
  });
  if (rings.includes("ringbuf")) {
    settings.push({ ...sleeper("ringbuf", ringBytes), wakeup: { kind: "adaptive" } });
    if (first > 1) settings.push({ ...sleeper("ringbuf", ringBytes), wakeup: watermark("ringbuf") });
  }
  if (first > 1) settings.push({ ...sleeper("perf", ringBytes), wakeup: watermark("perf") });
  return settings;
}

/** Readers that look after a time: their wake-ups cost the programs nothing. */
function pacedSettings(goal: Goal, model: Model, rings: readonly RingKind[]): Setting[] {
  const pollMs = pace(goal, model);
  if (pollMs === null) return [];
  const perRound = goal.rate * pollMs / 1000;
  const ringBytes = ringBytesFor(goal, Math.max(model.stallNs, pollMs * 1e6 / PACED_FILL), perRound / 8);
  return rings.map((ring) => ({ ...sleeper(ring, ringBytes), wakeup: { kind: "rare" }, pollMs }));
}

/** Whole ms, which is what epoll_wait takes; null where the goal leaves no time for one. */
function pace(goal: Goal, { wakeupNs }: Model): number | null {
  const { maxLatencyNs, maxCpu } = goal;
  // A wait may last its time and a wake-up more, so half of the limit is what it may be told.
  const most = maxLatencyNs === null ? PATIENCE_NS / 1e6 : Math.floor(maxLatencyNs / 2e6);
  if (most < 1) return null;
  const least = maxCpu === null ? 1 : Math.ceil(wakeupNs / 1e6 / (USABLE * maxCpu));
  return Math.max(1, Math.min(FLUSH_MS, most, maxLatencyNs === null ? Math.max(10, least) : most));
}

/** Readers that spin: for latencies that a wake-up cannot reach, where a core can be given for them. */
function spinSettings(goal: Goal, model: Model, rings: readonly RingKind[]): Setting[] {
  const { maxLatencyNs, maxCpu } = goal;
  if (maxLatencyNs === null) return [];
  const ringBytes = ringBytesFor(goal, model.stallNs, 1);
  const spinning = (ring: RingKind): Setting => ({
    ...sleeper(ring, ringBytes),
    wakeup: { kind: "rare" },
    waiter: "spin",
  });
  const spinSleep: Setting = {
    ...sleeper("perf", ringBytes),
    wakeup: { kind: "events", events: 1 },
    waiter: "spin-sleep",
  };
  // Where it may not take a core, one of them still shows what latency could be had for it.
  const isAffordable = maxCpu === null || maxCpu >= SPIN_CPU;
  return isAffordable ? [...rings.map(spinning), spinSleep] : [spinSleep, spinning("perf")];
}

function sleeper(ring: RingKind, ringBytes: number): Omit<Setting, "wakeup"> {
  return { ring, ringBytes, waiter: "epoll", pollMs: FLUSH_MS, scanner: "ts" };
}

function floorPowerOfTwo(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))));
}

function distinct(settings: readonly Setting[]): Setting[] {
  const byText = new Map(settings.map((setting) => [JSON.stringify(setting), setting]));
  return [...byText.values()];
}
