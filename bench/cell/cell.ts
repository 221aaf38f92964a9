/**
 * Measures one cell: opens a rig, lets the producers produce, consumes on this thread, and closes the accounts. Every event
 * must be in one of them.
 *
 * @module
 */

import { monotonicNs } from "../../src/ffi/clock.ts";
import type { Cell } from "../../src/report/schema.ts";
import type { Interrupt } from "../interrupt.ts";
import type { CellPlan, Load } from "../plan/cell_plan.ts";
import type { ProducerOrder } from "../producer_worker.ts";
import { effectiveEvents } from "../setting.ts";
import { type Account, accountBetween, readAccounts } from "./account.ts";
import { Crew, type CrewMember } from "./crew.ts";
import { flagsOf } from "./flags.ts";
import { AnsweringReader, CountingReader, type Reader, StageReader } from "./readers.ts";
import { openRig } from "./rig.ts";
import { Stamps, stampScanner } from "./stages.ts";

/** An open loop that reaches less of its rate measures a queue that grows, and no latency. */
const SATURATED = 0.95;

/** Standard deviations that the number of random arrivals may be below its mean. */
const CHANCE = 4;

/** Who takes part in a cell. */
export interface Parties {
  /** The producers; a cell takes as many as it needs, from the first on. */
  readonly producers: readonly CrewMember[];
  /** The CPU of the calling thread. */
  readonly consumerCpu: number;
  /** The compiled generator for BPF ring buffers; null where it could not be compiled. */
  readonly ringbufLoad: string | null;
  /** Ends the cell before its time. */
  readonly interrupt: Pick<Interrupt, "isSet">;
  /** Repeats the planned times of random arrivals. */
  readonly seed: number;
}

/**
 * Measures one cell. Blocks this thread for the cell's duration.
 *
 * @param plan The configuration.
 * @param parties Who takes part.
 * @returns The cell, its accounts closed.
 * @throws {EventPipeError} If the kernel refuses.
 * @throws {Error} If a producer fails.
 */
export function measureCell(plan: CellPlan, parties: Parties): Cell {
  const { source, setting, load, payloadBytes } = plan;
  const { interrupt, ringbufLoad } = parties;
  const members = parties.producers.slice(0, plan.cpus);
  const stamps = new Stamps();
  using rig = openRig({
    source,
    setting,
    ringbufLoad,
    cpus: members.map(({ cpu }) => cpu),
    ...(load.kind === "saturating" ? {} : { onSource: (opened) => stampScanner(opened, stamps) }),
  });
  const { pipe } = rig;
  const durationMs = plan.durationMs;
  const reader = readerOf(load, durationMs, stamps, () => crew.answer());
  const category = pipe.register(reader);
  const crew = new Crew(members, (index) => ({
    target: rig.target(index),
    category,
    payloadBytes,
    ...offer(load, members.length, parties.seed + index),
  }));

  const before = readAccounts();
  const start = monotonicNs();
  crew.go();
  const half = start + durationMs * 0.5e6;
  const end = start + durationMs * 1e6;
  let isPastHalf = false;
  while (crew.isGoing) {
    const now = monotonicNs();
    if (!isPastHalf && now >= half) {
      isPastHalf = true;
      reader.atHalf(now - start);
    }
    if (now >= end || interrupt.isSet) {
      crew.stop();
    } else {
      stamps.beforePoll();
      pipe.poll(setting.pollMs);
    }
  }
  while (crew.isStopping) {
    stamps.beforePoll();
    pipe.poll(0);
  }
  const reports = crew.finish();
  reader.closeWindow(monotonicNs() - start);
  pipe.consume();
  const durationNs = monotonicNs() - start;
  const account = accountBetween(before, readAccounts(), durationNs);

  pipe.close();
  const { produced, refused } = rig.accounts(reports);
  const counts = pipe.statistics();
  const lost = counts.lost + refused;
  const isSaturated = load.kind === "rate" &&
    produced < leastProduced(load.rate, durationNs / 1e9, load.arrivals);
  const latency = isSaturated ? null : reader.latency(lost);
  const cell: Cell = {
    suite: plan.suite,
    source,
    ring: setting.ring,
    scanner: setting.scanner,
    waiter: setting.waiter,
    peer: null,
    ringBytes: setting.ringBytes,
    wakeupEvents: setting.wakeup.kind === "events" ? setting.wakeup.events : null,
    effectiveWakeupEvents: effectiveEvents(setting, payloadBytes),
    watermarkBytes: setting.wakeup.kind === "bytes" ? setting.wakeup.bytes : null,
    payloadBytes,
    cpus: members.length,
    rate: load.kind === "rate" ? load.rate : null,
    ...(load.kind === "saturating" ? {} : { arrivals: load.kind === "rate" ? load.arrivals : "pingpong" }),
    ...(load.kind === "rate" && load.share !== undefined ? { loadShare: load.share } : {}),
    durationMs: durationNs / 1e6,
    produced,
    dispatched: counts.dispatched,
    unknown: counts.unknown,
    lost,
    left: counts.left,
    corrupt: counts.corrupt,
    exact: counts.exact,
    wakeups: counts.wakeups,
    eventsPerSecond: counts.dispatched / (durationNs / 1e9),
    consumeNsPerEvent: null,
    ...costs(account, counts.dispatched),
    latency,
    ratio: null,
    flags: [],
  };
  const shares = members.some(({ cpu }) => cpu === parties.consumerCpu);
  const isSteady = interrupt.isSet || isSaturated || reader.isSteady;
  cell.flags = flagsOf(cell, { isSaturated, isSteady, isInterrupted: interrupt.isSet, shares });
  return cell;
}

function readerOf(load: Load, durationMs: number, stamps: Stamps, answer: () => void): Reader {
  switch (load.kind) {
    case "saturating":
      return new CountingReader();
    case "pingpong":
      return new AnsweringReader(durationMs, stamps, answer);
    case "rate":
      return new StageReader(load, durationMs, stamps);
  }
}

/** How one of so many producers offers its part. */
function offer(
  load: Load,
  producers: number,
  seed: number,
): Pick<ProducerOrder, "rate" | "arrivals" | "seed"> {
  if (load.kind === "saturating") return { rate: null };
  if (load.kind === "pingpong") return { rate: null, arrivals: "pingpong" };
  return { rate: load.rate / producers, arrivals: load.arrivals, seed };
}

/** With fewer events the rate was not reached. */
function leastProduced(rate: number, seconds: number, arrivals: string): number {
  const planned = rate * seconds;
  return SATURATED * planned - (arrivals === "poisson" ? CHANCE * Math.sqrt(planned) : 0);
}

function costs({ cpuNs, userNs, systemNs, switches, stealShare, waitShare }: Account, events: number): Pick<
  Cell,
  "cpuNsPerEvent" | "userNsPerEvent" | "systemNsPerEvent" | "switches" | "stealShare" | "waitShare"
> {
  const perEvent = (ns: number): number | null => events === 0 ? null : ns / events;
  return {
    cpuNsPerEvent: perEvent(cpuNs),
    userNsPerEvent: perEvent(userNs),
    systemNsPerEvent: perEvent(systemNs),
    switches: { ...switches },
    stealShare,
    waitShare,
  };
}
