/**
 * The suite `latency` beside libbpf: both wait for events that a third process emits at a fixed rate on the other CPU.
 *
 * @module
 */

import { effectiveWakeupEvents } from "../../src/ring/geometry.ts";
import { reached } from "../../src/report/goals.ts";
import { latencyStage } from "../../src/report/percentiles.ts";
import type { Cell, Goal, LatencyStage } from "../../src/report/schema.ts";
import { median } from "../measure/median.ts";
import { eventpipeWaitCommand, PEER_LABELS, waitCommand } from "../peers/programs.ts";
import { Emitter, type WaitOutcome, WaitPeer } from "../peers/wait_peer.ts";
import type { LatencyPlan, LatencySize } from "./latency_plan.ts";
import {
  AGAIN,
  compareArms,
  type Launches,
  measureLaunches,
  OURS,
  pairedCells,
  type PairedOutcome,
  startAll,
} from "./paired.ts";
import type { Parties } from "./parties.ts";

const PEER = "wait_perf";

/** bench/peers/emit.c */
const PAYLOAD_BYTES = 32;

/** More late bursts than this share, and latencies are those of a generator that was kept from its CPU. */
const LAGGED = 0.01;

/** What the blocks of a plan say. */
export interface LatencyOutcome {
  readonly plan: LatencyPlan;
  readonly paired: PairedOutcome;
  readonly blocks: Launches<WaitOutcome>;
}

/**
 * Measures one plan.
 *
 * @param plan What.
 * @param size How much.
 * @param parties With what.
 * @returns What the blocks say; null if a program it takes was not built.
 * @throws {Error} If a program fails.
 */
export async function measureLatency(
  plan: LatencyPlan,
  size: LatencySize,
  { programs, producerCpu, consumerCpu, random, seed }: Parties,
): Promise<LatencyOutcome | null> {
  const { waiter, wakeupEvents, ringBytes, emission, warmUpRounds, samples, scanner } = plan;
  const config = { producerCpu, consumerCpu, ringBytes, wakeupEvents, watermarkBytes: 0, waiter };
  const theirs = waitCommand(programs, PEER, config);
  if (theirs === null || programs.emitter === null) return null;
  const ours = eventpipeWaitCommand(programs, { ring: "perf", scanner }, config);
  await using emitter = await Emitter.start([programs.emitter, String(producerCpu)]);
  const start = (cleanup: AsyncDisposableStack): Promise<WaitPeer[]> =>
    startAll(
      [[OURS, ours] as const, [AGAIN, ours] as const, [PEER, theirs] as const].map(([name, argv]) =>
        WaitPeer.start({ name, argv, emitter, emission, samples })
      ),
      cleanup,
    );
  const blocks = await measureLaunches({ ...size, warmUpRounds }, random, start, (name) => name !== PEER);
  return { plan, blocks, paired: compareArms(blocks, samples > 0 ? p50Of : cpuOf, seed) };
}

function p50Of({ samples }: WaitOutcome): number {
  return median(samples);
}

function cpuOf({ cpuNs, events }: WaitOutcome): number {
  return cpuNs / events;
}

/**
 * Makes cells of an outcome: eventpipe over itself, eventpipe over libbpf, and libbpf.
 *
 * @param outcome What was measured.
 * @returns The cells.
 */
export function latencyCells({ plan, blocks, paired }: LatencyOutcome): Cell[] {
  const ours = cellOf(plan, blocks.get(OURS)!.flat(), null);
  const theirs = cellOf(plan, blocks.get(PEER)!.flat(), PEER_LABELS[PEER]);
  return pairedCells(ours, theirs, paired.over.get(PEER)!, paired);
}

function cellOf<P extends string | null>(
  plan: LatencyPlan,
  blocks: readonly WaitOutcome[],
  peer: P,
): Cell & { peer: P } {
  const { waiter, wakeupEvents, ringBytes, scanner, emission: { events, burst, intervalNs } } = plan;
  const sumOf = (value: (block: WaitOutcome) => number): number =>
    blocks.reduce((sum, block) => sum + value(block), 0);
  const dispatched = sumOf((block) => block.events);
  const lost = sumOf(({ refused }) => refused);
  const durationNs = sumOf(({ ns }) => ns);
  const flags: string[] = [];
  if (sumOf(({ late }) => late) > LAGGED * blocks.length * events / burst) flags.push("lagged");
  if (lost > 0) flags.push("lossy");
  const neverWakes = waiter === "spin";
  return {
    suite: "latency",
    source: "kernel",
    ring: "perf",
    scanner: peer === null ? scanner : null,
    waiter,
    peer,
    ringBytes,
    wakeupEvents: neverWakes ? null : wakeupEvents,
    effectiveWakeupEvents: neverWakes ? null : effectiveWakeupEvents(ringBytes, wakeupEvents, PAYLOAD_BYTES),
    watermarkBytes: null,
    payloadBytes: PAYLOAD_BYTES,
    cpus: 1,
    rate: burst * 1e9 / intervalNs,
    durationMs: durationNs / 1e6,
    produced: blocks.length * events,
    dispatched,
    unknown: 0,
    lost,
    left: 0,
    corrupt: 0,
    exact: true,
    wakeups: null,
    eventsPerSecond: dispatched / (durationNs / 1e9),
    consumeNsPerEvent: null,
    cpuNsPerEvent: median(blocks.map(cpuOf)),
    latency: latencyOf(blocks),
    ratio: null,
    flags,
  };
}

function latencyOf(blocks: readonly WaitOutcome[]): LatencyStage[] | null {
  const samples = Float64Array.from(blocks.flatMap((block) => block.samples));
  if (samples.length === 0) return null;
  const lost = blocks.reduce((sum, { refused }) => sum + refused, 0);
  return [latencyStage({ stage: "handled", from: "emitted", samples, lost })];
}

/**
 * Makes rows of the table of goals.
 *
 * @param plans All plans of the suite.
 * @param outcomes Those that were measured.
 * @returns A row per plan.
 */
export function latencyGoals(plans: readonly LatencyPlan[], outcomes: readonly LatencyOutcome[]): Goal[] {
  return plans.map(({ what, atMost, goal, ...plan }) => {
    const bounds = { what, over: PEER_LABELS[PEER], atMost, goal };
    const compared = outcomes.find((outcome) => outcome.plan.what === what)?.paired.over.get(PEER);
    const { median: value = null, low = null, high = null, launchMedians } = compared?.ratio ?? {};
    const worstLaunch = launchMedians === undefined ? null : Math.max(...launchMedians);
    return {
      ...bounds,
      cell: compared === undefined ? null : cellText(plan),
      value,
      low,
      high,
      worstLaunch,
      verdict: compared?.verdict ?? null,
      reached: reached({ ...bounds, value, worstLaunch }),
    };
  });
}

function cellText(
  { waiter, emission: { burst, intervalNs } }: Pick<LatencyPlan, "waiter" | "emission">,
): string {
  return `perf, ${waiter}, ${burst * 1e9 / intervalNs} events/s`;
}
