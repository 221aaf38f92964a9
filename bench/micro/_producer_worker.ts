/**
 * The producer of wait.bench.ts, in a Worker: for each request it outputs one event, some time later. It spins for requests, so
 * that its own wake-up is not measured, and goes back to its event loop when none has come for a while.
 */

import { pinThread } from "../../src/ffi/affinity.ts";
import { MemorySource, type SharedRings } from "../../src/source/memory.ts";
import { LoadProducer } from "../load_generator.ts";

/** What the Worker is sent, once for each ring. */
export interface ProducerOrder {
  /** Shared words: how many events were asked for. */
  readonly requests: Int32Array<SharedArrayBuffer>;
  /** How long after each request its event comes. */
  readonly delayUs: number;
  /** The CPU to run on, which a generator's events go to. */
  readonly cpu: number;
  /** The loaded generator, or memory rings. */
  readonly target: { readonly programFd: number } | { readonly rings: SharedRings };
}

const IDLE_MS = 200;
const PAYLOAD_BYTES = 32;

self.addEventListener("message", async (event) => {
  const { requests, delayUs, cpu, target } = (event as MessageEvent<ProducerOrder>).data;
  pinThread(cpu);
  const output = openOutput(target);
  (self as unknown as Worker).postMessage("ready");
  for (let done = 0;;) {
    await Atomics.waitAsync(requests, 0, done).value;
    for (let last = performance.now(); performance.now() < last + IDLE_MS;) {
      if (Atomics.load(requests, 0) === done) continue;
      last = performance.now();
      while (performance.now() < last + delayUs / 1000);
      output();
      done++;
    }
  }
});

function openOutput(target: ProducerOrder["target"]): () => void {
  if ("rings" in target) {
    const writer = MemorySource.writerOf(target.rings, 0);
    return () => void writer.output(PAYLOAD_BYTES);
  }
  const producer = new LoadProducer(target.programFd);
  producer.prepare({ category: 0, payloadBytes: PAYLOAD_BYTES });
  return () => producer.emit(1);
}
