/**
 * Measures one cell: opens a pipe over the source, lets the Worker produce, consumes on this thread, and closes the
 * accounts. Every event must be in one of them.
 *
 * @module
 */

import { LOAD_EVENT } from "../src/abi/event.ts";
import { monotonicNs, threadCpuNs } from "../src/ffi/clock.ts";
import { EventPipe } from "../src/pipe/event_pipe.ts";
import type { Event } from "../src/pipe/event.ts";
import { latencyStage } from "../src/report/percentiles.ts";
import type { Cell } from "../src/report/schema.ts";
import { effectiveWakeupEvents } from "../src/ring/geometry.ts";
import { MemorySource } from "../src/source/memory.ts";
import { PerfSource } from "../src/source/perf.ts";
import { Control, PHASE } from "./control.ts";
import type { Interrupt } from "./interrupt.ts";
import { LoadGenerator } from "./load_generator.ts";
import type { CellPlan } from "./plan.ts";
import type { ProducerOrder } from "./producer_worker.ts";

/** How long one poll waits: events below the wake-up threshold get this old at the most. */
const POLL_MS = 100;

/** An open loop that reaches less of its rate measures a queue that grows, and no latency. */
const SATURATED = 0.95;

/** Below this share of `wakeup_events` the half-ring watermark has a say in the wake-ups worth a flag. */
const WATERMARK_SHARE = 0.8;

/** Who takes part in a cell. */
export interface Parties {
  /** The Worker of bench/producer_worker.ts. */
  readonly producer: Worker;
  /** The CPU it runs on. */
  readonly producerCpu: number;
  /** Ends the cell before its time. */
  readonly interrupt: Interrupt;
}

/** A source with what its producer needs and what its accounts are. */
interface Rig extends Disposable {
  readonly pipe: EventPipe;
  readonly target: ProducerOrder["target"];
  /** Outputs tried, and those refused that the ring does not count. */
  accounts(control: Control): { produced: number; refused: number };
}

/**
 * Measures one cell. Blocks this thread for the cell's duration.
 *
 * @param plan The configuration.
 * @param parties Who takes part.
 * @returns The cell, its accounts closed.
 * @throws {EventPipeError} If the kernel refuses.
 * @throws {Error} If the producer fails.
 */
export function measureCell(plan: CellPlan, { producer, producerCpu, interrupt }: Parties): Cell {
  using rig = plan.source === "kernel" ? kernelRig(plan, producerCpu) : memoryRig(plan, producerCpu);
  const { pipe } = rig;
  const recorder = plan.rate === null
    ? new SequenceReader()
    : new LatencyRecorder(plan.rate, plan.durationMs);
  const category = pipe.register(recorder);
  const control = new Control();
  const { payloadBytes, rate } = plan;
  const order: ProducerOrder = {
    control: control.buffer,
    cpu: producerCpu,
    target: rig.target,
    category,
    payloadBytes,
    rate,
  };
  producer.postMessage(order);
  control.await(PHASE.ready);

  const cpuBefore = threadCpuNs();
  const start = monotonicNs();
  control.phase = PHASE.go;
  const end = start + plan.durationMs * 1e6;
  while (control.phase === PHASE.go) {
    if (monotonicNs() >= end || interrupt.isSet) control.stop();
    else pipe.poll(POLL_MS);
  }
  while (control.phase === PHASE.stop) pipe.poll(0);
  control.await(PHASE.done);
  recorder.closeWindow();
  pipe.consume();
  const durationNs = monotonicNs() - start;
  const cpuNs = threadCpuNs() - cpuBefore;

  pipe.close();
  const { produced, refused } = rig.accounts(control);
  const counts = pipe.statistics();
  const effective = effectiveWakeupEvents(plan.ringBytes, plan.wakeupEvents, payloadBytes);
  const flags: string[] = [];
  if (effective < WATERMARK_SHARE * plan.wakeupEvents) flags.push("watermark");
  if (counts.lost + refused > 0) flags.push("lossy");
  if (control.report.late > 0.01 * produced) flags.push("lagged");
  const isSaturated = rate !== null && produced < SATURATED * rate * durationNs / 1e9;
  if (isSaturated) flags.push("saturated");
  if (interrupt.isSet) flags.push("interrupted");
  const latency = isSaturated ? null : recorder.latency();
  if (latency?.some((stage) => stage.p99 === null)) flags.push("n-small");
  return {
    suite: plan.suite,
    source: plan.source,
    ring: "perf",
    scanner: "ts",
    waiter: plan.source === "kernel" ? "epoll" : "atomics",
    peer: null,
    ringBytes: plan.ringBytes,
    wakeupEvents: plan.wakeupEvents,
    effectiveWakeupEvents: effective,
    watermarkBytes: null,
    payloadBytes,
    cpus: 1,
    rate,
    durationMs: durationNs / 1e6,
    produced,
    dispatched: counts.dispatched,
    unknown: counts.unknown,
    lost: counts.lost + refused,
    left: counts.left,
    corrupt: counts.corrupt,
    exact: counts.exact,
    wakeups: counts.wakeups,
    eventsPerSecond: counts.dispatched / (durationNs / 1e9),
    consumeNsPerEvent: null,
    cpuNsPerEvent: counts.dispatched === 0 ? null : cpuNs / counts.dispatched,
    latency,
    ratio: null,
    flags,
  };
}

function kernelRig({ ringBytes, wakeupEvents }: CellPlan, cpu: number): Rig {
  using cleanup = new DisposableStack();
  const source = PerfSource.open({ ringBytes, wakeupEvents, cpus: [cpu] });
  const generator = cleanup.use(loadFor(source));
  const pipe = cleanup.use(EventPipe.open({ source }));
  const owned = cleanup.move();
  return {
    pipe,
    target: { programFd: generator.programFd },
    accounts(): { produced: number; refused: number } {
      const { produced, refused } = generator.counters();
      const uncounted = Object.entries(refused).filter(([error]) => error !== "ENOSPC");
      return { produced, refused: uncounted.reduce((sum, [, count]) => sum + count, 0) };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The pipe will own the source; until then it is closed here if loading fails. */
function loadFor(source: PerfSource): LoadGenerator {
  try {
    return new LoadGenerator(source.mapFd);
  } catch (error) {
    source.close();
    throw error;
  }
}

function memoryRig({ ringBytes, wakeupEvents }: CellPlan, cpu: number): Rig {
  const source = MemorySource.open({ ringBytes, wakeupEvents, cpus: [cpu] });
  const pipe = EventPipe.open({ source });
  return {
    pipe,
    target: { rings: source.share() },
    accounts: (control) => control.report,
    [Symbol.dispose]: () => pipe.close(),
  };
}

/** What a cell's handler has in common: the pipe calls `process`, the cell asks for `latency` in the end. */
interface Recorder {
  readonly name: string;
  process(event: Event): void;
  /** Events delivered from now on were flushed at the end, not waited for. */
  closeWindow(): void;
  latency(): Cell["latency"];
}

/** The handler that saturates: it reads one u64 of each event. */
class SequenceReader implements Recorder {
  readonly name = "sequence";
  #last = 0;

  process(event: Event): void {
    this.#last = event.u64(LOAD_EVENT.sequence);
  }

  closeWindow(): void {}

  latency(): null {
    return null;
  }
}

/** The handler that takes times: appends to arrays that were touched before, so that it neither allocates nor faults. */
class LatencyRecorder implements Recorder {
  readonly name = "latency";
  readonly #fromPlanned: Float64Array;
  readonly #fromEmitted: Float64Array;
  #count = 0;
  #open = true;

  constructor(rate: number, durationMs: number) {
    const capacity = Math.ceil(rate * durationMs / 1000) + 10_000; // those of a late end
    this.#fromPlanned = new Float64Array(capacity).fill(1);
    this.#fromEmitted = new Float64Array(capacity).fill(1);
  }

  process(event: Event): void {
    if (!this.#open || this.#count === this.#fromPlanned.length) return;
    const now = monotonicNs();
    // By halves: u64() refuses what lies above 2^53, which the clock reaches after 104 days of uptime.
    const planned = event.u32(LOAD_EVENT.planned_ns) + event.u32(LOAD_EVENT.planned_ns + 4) * 2 ** 32;
    this.#fromPlanned[this.#count] = now - planned;
    this.#fromEmitted[this.#count] = now - event.time;
    this.#count++;
  }

  closeWindow(): void {
    this.#open = false;
  }

  latency(): Cell["latency"] {
    const stage = (from: "planned" | "emitted", samples: Float64Array): ReturnType<typeof latencyStage> =>
      latencyStage({ stage: "handled", from, samples, count: this.#count });
    return [stage("planned", this.#fromPlanned), stage("emitted", this.#fromEmitted)];
  }
}
