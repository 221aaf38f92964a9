/**
 * Made-up machines: what a run would measure there, by formulas. Tests of advice run on them.
 */

import type { Goal, Measurement } from "../../../../bench/tune/goal.ts";
import { recordBytes, type Setting } from "../../../../bench/setting.ts";
import { tune, type Tuning, type TuningOptions } from "../../../../bench/tune/tuning.ts";

/** What a machine is like. */
export interface MadeUpMachine {
  /** CPU time of the reader, in ns. */
  readonly eventNs: number;
  readonly wakeupNs: number;
  /** From an output that wakes to the handler, in ns. */
  readonly wakeDelayNs: number;
  /** What outputs cost the program, in ns. */
  readonly outputNs: number;
  readonly outputWakeNs: number;
  /** How long the reader is kept from running now and then, in ns. */
  readonly stallNs: number;
}

/** One like the virtual machines that people have: waking up is dear. */
export const ORDINARY: MadeUpMachine = {
  eventNs: 40,
  wakeupNs: 15_000,
  wakeDelayNs: 60_000,
  outputNs: 300,
  outputWakeNs: 8_000,
  stallNs: 5e6,
};

/** A goal with nothing but a rate. */
export const GOAL: Goal = {
  rate: 200_000,
  payloadBytes: 64,
  maxLatencyNs: null,
  quantile: "p99",
  maxLoss: 0,
  maxCpu: null,
  cpus: 2,
};

/**
 * What a run measures there.
 *
 * @param machine The machine.
 * @param goal Rate and size of events.
 * @param setting The setting.
 * @param durationMs For how long.
 * @returns The measurement.
 */
export function measureMadeUp(
  machine: MadeUpMachine,
  goal: Goal,
  setting: Setting,
  durationMs: number,
): Measurement {
  const { ring, ringBytes, waiter, pollMs, scanner } = setting;
  const ringEvents = ringBytes / recordBytes(ring, goal.payloadBytes);
  const batch = Math.max(1, Math.min(batchOf(setting, goal), ringEvents / 2));
  const paysWakes = waiter !== "spin" && setting.wakeup.kind !== "rare";
  const outputNs = machine.outputNs + (paysWakes ? machine.outputWakeNs / batch : 0);
  const rate = Math.min(goal.rate, 1e9 / outputNs);
  const produced = Math.round(rate * durationMs / 1000);
  const peak = rate * machine.stallNs / 1e9 + batch;
  const lost = peak > ringEvents ? Math.min(produced, Math.ceil(peak - ringEvents)) : 0;
  const waitNs = Math.min((batch - 1) / rate * 1e9, pollMs * 1e6);
  const delayNs = waiter === "spin" ? 1000 : machine.wakeDelayNs;
  const eventNs = machine.eventNs * (scanner === "wasm" ? 1.2 : 1);
  const latency = (share: number, tooFew: number): number | null =>
    produced < tooFew ? null : lost / produced > 1 - share ? Infinity : delayNs + share * waitNs;
  return {
    setting,
    durationMs,
    produced,
    dispatched: produced - lost,
    lost,
    left: 0,
    rate,
    cpuShare: waiter === "spin" ? 1 : Math.min(1, rate * (eventNs + machine.wakeupNs / batch) / 1e9),
    waitShare: 0,
    programWaitShare: 0,
    drains: Math.max(1, Math.round(produced / batch)),
    peakFill: Math.min(1, peak / ringEvents),
    latency: {
      p50: latency(0.5, 20),
      p90: latency(0.9, 100),
      p99: latency(0.99, 1000),
      p999: latency(0.999, 10_000),
    },
    maxLatencyNs: produced === 0 ? null : delayNs + waitNs + machine.stallNs,
  };
}

function batchOf({ ring, wakeup, waiter, pollMs }: Setting, { rate, payloadBytes }: Goal): number {
  if (waiter === "spin") return 1;
  if (wakeup.kind === "events") return Math.min(wakeup.events, rate * pollMs / 1000);
  if (wakeup.kind === "bytes") return wakeup.bytes / recordBytes(ring, payloadBytes);
  return wakeup.kind === "adaptive" ? 2 : rate * pollMs / 1000;
}

/** A tuning on a made-up machine, and what was measured in its course. */
export interface MadeUpTuning {
  readonly tuning: Tuning | null;
  readonly measured: readonly Measurement[];
  readonly said: readonly string[];
}

/**
 * Tunes on a made-up machine.
 *
 * @param goal The goal.
 * @param machine The machine.
 * @param options How it differs from 30 s with both kinds of ring; `measure` may change a measurement.
 * @returns What came of it.
 */
export async function tuneMadeUp(
  goal: Goal,
  machine: MadeUpMachine = ORDINARY,
  options: Partial<TuningOptions> & {
    readonly change?: (measurement: Measurement, run: number) => Measurement;
  } = {},
): Promise<MadeUpTuning> {
  const { change = (measurement: Measurement): Measurement => measurement, ...rest } = options;
  const measured: Measurement[] = [];
  const said: string[] = [];
  const tuning = await tune(goal, {
    measure: (setting, durationMs): Measurement => {
      const measurement = change(measureMadeUp(machine, goal, setting, durationMs), measured.length);
      measured.push(measurement);
      return measurement;
    },
    rings: ["perf", "ringbuf"],
    budgetMs: 30_000,
    say: (line): void => void said.push(line),
    rest: () => Promise.resolve(),
    isInterrupted: (): boolean => false,
    ...rest,
  });
  return { tuning, measured, said };
}
