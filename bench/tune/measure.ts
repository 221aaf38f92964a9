/**
 * Measures one setting: opens the rings as it says, lets the bench's producer emit at the goal's rate from another CPU, and
 * reads as it says on this thread.
 *
 * @module
 */

import { LOAD_EVENT } from "../../src/abi/event.ts";
import { SAMPLE_RAW } from "../../src/abi/perf_event.ts";
import { RINGBUF } from "../../src/abi/ringbuf.ts";
import { monotonicNs, threadCpuNs } from "../../src/ffi/clock.ts";
import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { Event } from "../../src/pipe/event.ts";
import { EVENT_SIZE_BYTES } from "../../src/ring/ringbuf_geometry.ts";
import { onlineCpus } from "../../src/source/cpus.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { RingbufSource } from "../../src/source/ringbuf.ts";
import type { Source } from "../../src/source/source.ts";
import { Control, PHASE } from "../control.ts";
import { LoadGenerator } from "../load_generator.ts";
import type { ProducerOrder } from "../producer_worker.ts";
import type { Goal, Measurement } from "./goal.ts";
import { SampledLatencies } from "./latencies.ts";
import { RingbufLoad } from "./ringbuf_load.ts";
import { pinnedThread, runDelayNs } from "./run_delay.ts";
import { RARE_WAKEUP_EVENTS, type RingKind, type Setting } from "./setting.ts";

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

/** A pipe with what its producer runs and counts. */
interface Rig extends Disposable {
  readonly pipe: EventPipe;
  readonly programFd: number;
  /** Outputs that were tried. */
  produced(): number;
}

/**
 * The bytes that an event takes in a ring, its header and padding included.
 *
 * @param ring The kind of ring.
 * @param payloadBytes Bytes from the category on.
 * @returns Bytes, a multiple of 8.
 */
export function recordBytes(ring: RingKind, payloadBytes: number): number {
  const head = ring === "perf" ? SAMPLE_RAW.data : RINGBUF.BPF_RINGBUF_HDR_SZ + EVENT_SIZE_BYTES;
  return (head + payloadBytes + 7) & ~7;
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
  using rig = setting.ring === "perf"
    ? perfRig(setting, ringCpus(parties.producerCpu, goal.cpus))
    : ringbufRig(setting, parties.ringbufLoad);
  const { pipe } = rig;
  const reader = new Reader(rate, durationMs);
  const control = new Control();
  const order: ProducerOrder = {
    control: control.buffer,
    cpu: parties.producerCpu,
    target: { programFd: rig.programFd },
    category: pipe.register(reader),
    payloadBytes,
    rate,
  };
  parties.producer.postMessage(order);
  control.await(PHASE.ready);

  let drains = 0;
  const programThread = pinnedThread(parties.producerCpu);
  const waitBefore = runDelayNs("/proc/thread-self");
  const programWaitBefore = programThread === null ? null : runDelayNs(programThread);
  const cpuBefore = threadCpuNs();
  const start = monotonicNs();
  control.phase = PHASE.go;
  const end = start + durationMs * 1e6;
  while (control.phase === PHASE.go && monotonicNs() < end && !parties.isInterrupted()) {
    pipe.poll(setting.pollMs);
    reader.endDrain();
    drains++;
  }
  // The account is closed before the producer is told: what follows is not paced by the setting any more.
  const cpuNs = threadCpuNs() - cpuBefore;
  const durationNs = monotonicNs() - start;
  const waitAfter = runDelayNs("/proc/thread-self");
  const programWaitAfter = programThread === null ? null : runDelayNs(programThread);
  reader.closeWindow();
  control.stop();
  while (control.phase === PHASE.stop) pipe.poll(0);
  control.await(PHASE.done);
  const producingNs = monotonicNs() - start;
  pipe.consume();
  pipe.close();

  const produced = rig.produced();
  const { dispatched, unknown, lost, left, corrupt } = pipe.statistics();
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
    waitShare: shareBetween(waitBefore, waitAfter, durationNs),
    programWaitShare: shareBetween(programWaitBefore, programWaitAfter, durationNs),
    drains,
    peakFill: lost > 0 ? 1 : Math.min(1, reader.peak / ringEvents),
    latency: reader.latencies.quantiles(produced === 0 ? 0 : lost / produced),
    maxLatencyNs: reader.latencies.max,
  };
}

function shareBetween(before: number | null, after: number | null, durationNs: number): number | null {
  return before === null || after === null ? null : (after - before) / durationNs;
}

/** The CPUs to have a ring each: the producer's, and others up to the number that the goal speaks of, all idle. */
function ringCpus(producerCpu: number, count: number): number[] {
  return [producerCpu, ...onlineCpus().filter((cpu) => cpu !== producerCpu)].slice(0, count);
}

/** A reader looks into all rings, so there are idle ones beside the producer's. */
function perfRig(setting: Setting, cpus: readonly number[]): Rig {
  const { ringBytes, wakeup, waiter, scanner } = setting;
  const source = PerfSource.open({
    cpus,
    ringBytes,
    scanner,
    ...(wakeup.kind === "bytes"
      ? { watermarkBytes: wakeup.bytes }
      : { wakeupEvents: wakeup.kind === "events" ? wakeup.events : RARE_WAKEUP_EVENTS }),
  });
  return rigOf(source, waiter, () => {
    const generator = new LoadGenerator(source.mapFd);
    return { generator, produced: () => generator.counters().produced };
  });
}

function ringbufRig(setting: Setting, path: string | null): Rig {
  if (path === null) throw new Error("Cannot measure a BPF ring buffer: its generator was not compiled");
  using cleanup = new DisposableStack();
  const generator = cleanup.use(new RingbufLoad(path, setting));
  const source = RingbufSource.open({
    maps: [generator.map],
    lossCounters: [generator.losses],
    scanner: setting.scanner,
  });
  const rig = rigOf(source, setting.waiter, () => ({ generator, produced: () => generator.produced }));
  cleanup.move();
  return rig;
}

/** The pipe will own the source; until then it is closed here if loading fails. */
function rigOf(
  source: Source,
  waiter: Setting["waiter"],
  load: () => { generator: Disposable & { programFd: number }; produced: () => number },
): Rig {
  using cleanup = new DisposableStack();
  cleanup.defer(() => source.close());
  const { generator, produced } = load();
  cleanup.use(generator);
  const pipe = cleanup.use(EventPipe.open({ source, waiter }));
  const owned = cleanup.move();
  return { pipe, programFd: generator.programFd, produced, [Symbol.dispose]: () => owned.dispose() };
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
