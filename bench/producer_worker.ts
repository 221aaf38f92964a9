/**
 * The producer's Worker: pins itself to its CPU and, for each cell it is sent, emits events until it is told to stop.
 *
 * @module
 */

import { pinThread } from "../src/ffi/affinity.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import { MemorySource, type SharedRings } from "../src/source/memory.ts";
import { type Arrivals, PoissonTimes } from "./arrivals.ts";
import { Control, PHASE } from "./control.ts";
import { LoadProducer, MAX_PLANNED_PER_RUN } from "./load_generator.ts";
import { MemoryProducer } from "./memory_producer.ts";

/** What the Worker is sent for each cell. */
export interface ProducerOrder {
  /** The control words. */
  readonly control: SharedArrayBuffer;
  /** The CPU to run on: on perf rings of the kernel, the one whose ring receives the events. */
  readonly cpu: number;
  /** The loaded generator program, or the shared memory rings with the index of the one to write. */
  readonly target:
    | { readonly programFd: number }
    | { readonly rings: SharedRings; readonly ring: number };
  readonly category: number;
  readonly payloadBytes: number;
  /** Offered events per second; null to saturate, and for a ping-pong. */
  readonly rate: number | null;
  /** How they are offered: `fixed` unless given. A `pingpong` emits each event when the one before was answered. */
  readonly arrivals?: Arrivals | "pingpong";
  /** Repeats the planned times of a Poisson process; 1 unless given. */
  readonly seed?: number;
}

/** Events per call at the most: enough to be at full speed, few enough to stop at once. */
const BURST = 500;

interface Producer {
  emit(count: number, plannedNs?: number, intervalNs?: number): void;
  emitAt(times: Float64Array, count: number): void;
}

self.addEventListener("message", (event) => {
  const { data } = event as MessageEvent<ProducerOrder>;
  const control = new Control(data.control);
  try {
    produce(data, control);
  } catch (error) {
    console.error(`producer: ${error instanceof Error ? error.message : error}`);
    control.phase = PHASE.failed;
  }
});

function produce(order: ProducerOrder, control: Control): void {
  pinThread(order.cpu);
  const { target, category, payloadBytes } = order;
  if ("programFd" in target) {
    const producer = new LoadProducer(target.programFd);
    producer.prepare({ category, payloadBytes });
    drive(producer, order, control);
    control.report = { produced: 0, refused: 0 };
  } else {
    const writer = MemorySource.writerOf(target.rings, target.ring);
    const producer = new MemoryProducer(writer, category, payloadBytes);
    drive(producer, order, control);
    control.report = { produced: producer.produced, refused: producer.refused };
  }
  control.phase = PHASE.done;
}

function drive(producer: Producer, { rate, arrivals, seed = 1 }: ProducerOrder, control: Control): void {
  control.phase = PHASE.ready;
  control.awaitEnd(PHASE.ready); // go, or stop at once
  if (arrivals === "pingpong") pingPong(producer, control);
  else if (rate === null) saturate(producer, control);
  else if (arrivals === "poisson") poisson(producer, new PoissonTimes(monotonicNs(), rate, seed), control);
  else evenly(producer, rate, control);
}

function saturate(producer: Producer, control: Control): void {
  while (control.phase === PHASE.go) producer.emit(BURST);
}

/** Emits each event at its planned time, whatever became of those before; late ones keep their planned time. */
function evenly(producer: Producer, rate: number, control: Control): void {
  const intervalNs = 1e9 / rate;
  const start = monotonicNs();
  let emitted = 0;
  while (control.phase === PHASE.go) {
    const now = monotonicNs();
    const due = Math.floor((now - start) / intervalNs) + 1 - emitted;
    if (due <= 0) continue;
    const count = Math.min(due, BURST);
    producer.emit(count, start + emitted * intervalNs, intervalNs);
    emitted += count;
  }
}

/**
 * The same with planned times at random distances. What bounds its rate is a call per event, some 1.5 us, as long as it is
 * in time; behind its plan a call emits up to ten, at some 0.25 us each.
 */
function poisson(producer: Producer, plan: PoissonTimes, control: Control): void {
  const times = new Float64Array(MAX_PLANNED_PER_RUN);
  while (control.phase === PHASE.go) {
    const count = plan.takeDue(monotonicNs(), times);
    if (count > 0) producer.emitAt(times, count);
  }
}

/** Emits an event, planned for the moment in which it is asked for, each time the one before was answered. */
function pingPong(producer: Producer, control: Control): void {
  for (let asked = 0; control.phase === PHASE.go;) {
    producer.emit(1, monotonicNs());
    asked = (asked + 1) | 0;
    while (control.answered !== asked && control.phase === PHASE.go) Atomics.pause();
  }
}

(self as unknown as Worker).postMessage("ready");
