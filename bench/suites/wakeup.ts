/**
 * The suite `wakeup`: what an event and a wake-up cost the program that emits, for several thresholds, beside libbpf in the
 * same run. A third process emits the same events for both and times itself; who waits is woken by each burst.
 *
 * @module
 */

import type { Cell } from "../../src/report/schema.ts";
import { median } from "../measure/median.ts";
import { eventpipeWaitCommand, PEER_LABELS, waitCommand } from "../peers/programs.ts";
import { Emitter, type WaitOutcome, WaitPeer } from "../peers/wait_peer.ts";
import {
  AGAIN,
  compareArms,
  type Launches,
  measureLaunches,
  OURS,
  pairedCells,
  type PairedOutcome,
  type PairedSize,
  startAll,
} from "./paired.ts";
import type { Parties } from "./parties.ts";
import {
  emissionOf,
  eventsPerWakeup,
  thresholdOf,
  WAKEUP_PAYLOAD_BYTES,
  WAKEUP_RING_BYTES,
  type WakeupPlan,
} from "./wakeup_plan.ts";

/** Who is compared with. */
export const WAKEUP_PEER = "wait_perf";

/** What the blocks of a threshold say. */
export interface WakeupOutcome {
  readonly plan: WakeupPlan;
  readonly blocks: Launches<WaitOutcome>;
  readonly paired: PairedOutcome;
}

/**
 * Measures one threshold.
 *
 * @param plan Which.
 * @param size How much.
 * @param parties With what.
 * @returns What the blocks say; null if a program it takes was not built.
 * @throws {Error} If a program fails, or an event was lost.
 */
export async function measureWakeup(
  plan: WakeupPlan,
  size: PairedSize,
  { programs, producerCpu, consumerCpu, random, seed }: Parties,
): Promise<WakeupOutcome | null> {
  const config = {
    producerCpu,
    consumerCpu,
    ringBytes: WAKEUP_RING_BYTES,
    ...thresholdOf(plan),
    waiter: "epoll",
  } as const;
  const theirs = waitCommand(programs, WAKEUP_PEER, config);
  if (theirs === null || programs.emitter === null) return null;
  const ours = eventpipeWaitCommand(programs, { ring: "perf", scanner: "ts" }, config);
  await using emitter = await Emitter.start([programs.emitter, String(producerCpu)]);
  const commands = [[OURS, ours], [AGAIN, ours], [WAKEUP_PEER, theirs]] as const;
  const emission = emissionOf(plan);
  const blocks = await measureLaunches(
    size,
    random,
    (cleanup) =>
      startAll(
        commands.map(([name, argv]) => WaitPeer.start({ name, argv, emitter, emission, samples: 0 })),
        cleanup,
      ),
    (name) => name !== WAKEUP_PEER,
  );
  checkNothingLost(blocks);
  return { plan, blocks, paired: compareArms(blocks, (block) => emitNsOf(plan, block), seed) };
}

/** A refused event costs no room and wakes nobody. */
function checkNothingLost(blocks: Launches<WaitOutcome>): void {
  for (const [name, launches] of blocks) {
    const refused = launches.flat().reduce((sum, block) => sum + block.refused, 0);
    if (refused > 0) {
      throw new Error(
        `Cannot tell what a wake-up costs: ${refused} events found no room in the ring of ${name}`,
      );
    }
  }
}

/**
 * The time of a block.
 *
 * @param plan The threshold, which is what a burst has.
 * @param block The block.
 * @returns The emitter's, in ns per event.
 */
export function emitNsOf({ events }: WakeupPlan, { runNs }: Pick<WaitOutcome, "runNs">): number {
  return runNs / events;
}

/**
 * Makes cells of an outcome: eventpipe over itself, eventpipe over libbpf, and libbpf.
 *
 * @param outcome What was measured.
 * @returns The cells; events per second are those of the emitter, and so are the ratios.
 */
export function wakeupCells({ plan, blocks, paired }: WakeupOutcome): Cell[] {
  const ours = cellOf(plan, blocks.get(OURS)!.flat(), null);
  const theirs = cellOf(plan, blocks.get(WAKEUP_PEER)!.flat(), PEER_LABELS[WAKEUP_PEER]);
  return pairedCells(ours, theirs, paired.over.get(WAKEUP_PEER)!, paired);
}

function cellOf<P extends string | null>(
  plan: WakeupPlan,
  blocks: readonly WaitOutcome[],
  peer: P,
): Cell & { peer: P } {
  const { wakeupEvents, watermarkBytes } = thresholdOf(plan);
  const sumOf = (value: (block: WaitOutcome) => number): number =>
    blocks.reduce((sum, block) => sum + value(block), 0);
  const events = sumOf((block) => block.events);
  return {
    suite: "wakeup",
    source: "kernel",
    ring: "perf",
    scanner: peer === null ? "ts" : null,
    waiter: "epoll",
    peer,
    ringBytes: WAKEUP_RING_BYTES,
    wakeupEvents: wakeupEvents === 0 ? null : wakeupEvents,
    effectiveWakeupEvents: eventsPerWakeup(plan),
    watermarkBytes: watermarkBytes === 0 ? null : watermarkBytes,
    payloadBytes: WAKEUP_PAYLOAD_BYTES,
    cpus: 1,
    rate: null,
    durationMs: sumOf(({ wholeNs }) => wholeNs) / 1e6,
    produced: events,
    dispatched: events,
    unknown: 0,
    lost: 0,
    left: 0,
    corrupt: 0,
    exact: true,
    wakeups: sumOf(({ wakeups }) => wakeups ?? 0),
    eventsPerSecond: 1e9 / median(blocks.map((block) => emitNsOf(plan, block))),
    consumeNsPerEvent: null,
    cpuNsPerEvent: median(blocks.map(({ cpuNs, events }) => cpuNs / events)),
    latency: null,
    ratio: null,
    flags: [],
  };
}
