/**
 * Measures one setting: opens the rings as it says, lets the bench's producer emit at the goal's rate from another CPU, and
 * reads as it says on this thread.
 *
 * @module
 */

import { LOAD_EVENT } from "../../src/abi/event.ts";
import { monotonicNs } from "../../src/ffi/clock.ts";
import type { Event } from "../../src/pipe/event.ts";
import { onlineCpus } from "../../src/source/cpus.ts";
import { accountBetween, readAccounts, shareBetween } from "../cell/account.ts";
import { Crew } from "../cell/crew.ts";
import { openRig } from "../cell/rig.ts";
import { pinnedThread, runDelayNs } from "../cell/run_delay.ts";
import { recordBytes, type Setting } from "../setting.ts";
import type { Goal, Measurement } from "./goal.ts";
import { SampledLatencies } from "./latencies.ts";

/** Who takes part in the measurements. */
export interface Parties {
  /** The Worker of bench/producer_worker.ts. */
  readonly producer: Worker;
  /** The CPU it runs on. */
  readonly producerCpu: number;
  /** The compiled generator for BPF ring buffers; null where it could not be compiled. */
  readonly ringbufLoad: string | null;
  /** Whether the user wants an end. */
  readonly isInterrupted: () => boolean;
}

/**
 * Measures one setting. Blocks this thread.
 *
 * @param setting The setting.
 * @param goal The rate and size of the events.
 * @param durationMs For how long.
 * @param parties Who takes part.
 * @returns What was measured; fewer events if it was interrupted.
 * @throws {EventPipeError} If the kernel refuses.
 * @throws {Error} If the producer fails, or events do not add up.
 */
export function measure(setting: Setting, goal: Goal, durationMs: number, parties: Parties): Measurement {
  const { rate, payloadBytes } = goal;
  const { producer, producerCpu, ringbufLoad } = parties;
  const cpus = ringCpus(producerCpu, goal.cpus);
  using rig = openRig({ source: "kernel", setting, cpus, ringbufLoad });
  const { pipe } = rig;
  const reader = new Reader(rate, durationMs);
  const category = pipe.register(reader);
  const crew = new Crew(
    [{ worker: producer, cpu: producerCpu }],
    () => ({ target: rig.target(0), category, payloadBytes, rate }),
  );

  let drains = 0;
  const programThread = pinnedThread(producerCpu);
  const programWaitBefore = programThread === null ? null : runDelayNs(programThread);
  const before = readAccounts();
  const start = monotonicNs();
  crew.go();
  const end = start + durationMs * 1e6;
  while (crew.isGoing && monotonicNs() < end && !parties.isInterrupted()) {
    pipe.poll(setting.pollMs);
    reader.endDrain();
    drains++;
  }
  // The account is closed before the producer is told: what follows is not paced by the setting any more.
  const durationNs = monotonicNs() - start;
  const { cpuNs, waitShare } = accountBetween(before, readAccounts(), durationNs);
  const programWaitAfter = programThread === null ? null : runDelayNs(programThread);
  reader.closeWindow();
  crew.stop();
  while (crew.isStopping) pipe.poll(0);
  const reports = crew.finish();
  const producingNs = monotonicNs() - start;
  pipe.consume();
  pipe.close();

  const { produced, refused } = rig.accounts(reports);
  const counts = pipe.statistics();
  const { dispatched, unknown, left, corrupt } = counts;
  const lost = counts.lost + refused;
  if (corrupt > 0 || produced !== dispatched + unknown + lost + left) {
    throw new Error(
      `Cannot trust the measurement: ${produced} events were produced, but ${dispatched} dispatched, ${unknown} unknown, ${lost} lost and ${left} left; ${corrupt} corrupt`,
    );
  }
  const ringEvents = setting.ringBytes / recordBytes(setting.ring, payloadBytes);
  return {
    setting,
    durationMs: durationNs / 1e6,
    produced,
    dispatched,
    lost,
    left,
    rate: produced / (producingNs / 1e9),
    cpuShare: cpuNs / durationNs,
    waitShare,
    programWaitShare: shareBetween(programWaitBefore, programWaitAfter, durationNs),
    drains,
    peakFill: lost > 0 ? 1 : Math.min(1, reader.peak / ringEvents),
    latency: reader.latencies.quantiles(produced === 0 ? 0 : lost / produced),
    maxLatencyNs: reader.latencies.max,
  };
}

/** The CPUs to have a ring each: the producer's, and others up to the number that the goal speaks of, all idle. */
function ringCpus(producerCpu: number, count: number): number[] {
  return [producerCpu, ...onlineCpus().filter((cpu) => cpu !== producerCpu)].slice(0, count);
}

/** The handler: it reads one u64 of each event, and the clock for some of them. */
class Reader {
  readonly name = "tune";
  readonly latencies: SampledLatencies;
  /** The most events that one drain found. */
  peak = 0;
  #sequence = 0;
  #inDrain = 0;
  #open = true;

  constructor(rate: number, durationMs: number) {
    this.latencies = new SampledLatencies(rate, durationMs);
  }

  process(event: Event): void {
    this.#sequence = event.u64(LOAD_EVENT.sequence);
    this.#inDrain++;
    if (this.#open && this.latencies.isNext()) this.latencies.record(monotonicNs() - event.time);
  }

  /** Behind each poll. */
  endDrain(): void {
    if (this.#inDrain > this.peak) this.peak = this.#inDrain;
    this.#inDrain = 0;
  }

  /** Events delivered from now on were not waited for as the setting says. */
  closeWindow(): void {
    this.#open = false;
  }
}
