/**
 * The producer's Worker: pins itself to its CPU and, for each cell it is sent, emits events until it is told to stop.
 *
 * @module
 */

import { pinThread } from "../src/ffi/affinity.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import { MemorySource, type SharedRings } from "../src/source/memory.ts";
import { Control, PHASE } from "./control.ts";
import { LoadProducer } from "./load_generator.ts";
import { MemoryProducer } from "./memory_producer.ts";

/** What the Worker is sent for each cell. */
export interface ProducerOrder {
  /** The control words. */
  readonly control: SharedArrayBuffer;
  /** The CPU to run on: on the kernel source, the one whose ring receives the events. */
  readonly cpu: number;
  /** The loaded generator program, or the shared memory rings. */
  readonly target: { readonly programFd: number } | { readonly rings: SharedRings };
  readonly category: number;
  readonly payloadBytes: number;
  /** Offered events per second; null to saturate. */
  readonly rate: number | null;
}

/** Events per call at the most: enough to be at full speed, few enough to stop at once. */
const BURST = 500;

interface Producer {
  emit(count: number, plannedNs?: number, intervalNs?: number): void;
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
  const { target, category, payloadBytes, rate } = order;
  if ("programFd" in target) {
    const producer = new LoadProducer(target.programFd);
    producer.prepare({ category, payloadBytes });
    const late = drive(producer, rate, control);
    control.report = { produced: 0, refused: 0, late };
  } else {
    const producer = new MemoryProducer(MemorySource.writerOf(target.rings, 0), category, payloadBytes);
    const late = drive(producer, rate, control);
    control.report = { produced: producer.produced, refused: producer.refused, late };
  }
  control.phase = PHASE.done;
}

function drive(producer: Producer, rate: number | null, control: Control): number {
  control.phase = PHASE.ready;
  control.awaitEnd(PHASE.ready); // go, or stop at once
  return rate === null ? saturate(producer, control) : openLoop(producer, rate, control);
}

function saturate(producer: Producer, control: Control): number {
  while (control.phase === PHASE.go) producer.emit(BURST);
  return 0;
}

/** Emits each event at its planned time, whatever became of those before; late ones keep their planned time. */
function openLoop(producer: Producer, rate: number, control: Control): number {
  const intervalNs = 1e9 / rate;
  const start = monotonicNs();
  let emitted = 0;
  let late = 0;
  while (control.phase === PHASE.go) {
    const now = monotonicNs();
    const due = Math.floor((now - start) / intervalNs) + 1 - emitted;
    if (due <= 0) continue;
    const count = Math.min(due, BURST);
    producer.emit(count, start + emitted * intervalNs, intervalNs);
    emitted += count;
    late += Math.min(count, due - 1);
  }
  return late;
}

(self as unknown as Worker).postMessage("ready");
