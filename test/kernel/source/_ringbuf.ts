/**
 * Producers for BPF ring buffers: the object of test/bpf/ringbuf.bpf.c with its counters, run on this thread, or in a Worker
 * while this thread reads.
 */

import { assertEquals } from "@std/assert";
import { BpfObject } from "../../../mod.ts";
import { TestRun } from "../../../src/object/test_run.ts";
import { possibleCpus } from "../../../src/source/cpus.ts";
import type { LossCounter } from "../../../src/source/ringbuf.ts";
import { kernelTest, type Needs, testProgram } from "../_kernel.ts";
import type { Order } from "./_ringbuf_worker.ts";

/** `struct ring_request` of test/bpf/ringbuf.bpf.c, in u64 words. */
export const REQUEST = {
  count: 0,
  category: 1,
  data_bytes: 2,
  sequence: 3,
  discards: 4,
  flags: 5,
  fill: 6,
  words: 7,
} as const;

/** Keys of its map `counters`, and the state that opens its map `gate`. */
const COUNTER = { produced: 0, refused: 1, discarded: 2 } as const;
const GATE_SHUT = 1;
const GATE_OPEN = 2;

/** Preemption is off during a run. */
const MAX_EVENTS_PER_RUN = 2000;

/** `struct load_event` of bpf/event.h: what is reserved. Its record has 8 bytes more. */
export const EVENT_BYTES = 40;
export const RECORD_BYTES = 48;

/** What to emit. */
export interface RingEmission {
  /** How many events; 1 unless given. */
  readonly count?: number;
  /** Their category; 0 unless given. */
  readonly category?: number;
  /** Copy events of so many bytes, the leading size included; unless given they are reserved and written in place. */
  readonly dataBytes?: number;
  /** Whether to fill the payload with words made from the sequence. */
  readonly fill?: boolean;
  /** Discard a reserved event if the bit of its sequence modulo 64 is set. */
  readonly discards?: bigint;
  /** BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP. */
  readonly flags?: number;
}

/** The loaded object. */
export class RingProgram implements Disposable {
  readonly object: BpfObject;
  #sequence = 0;

  /**
   * @param ring The size of its ring, or the descriptor of a map to put into the ring's place.
   */
  constructor(ring: { readonly bytes: number } | { readonly mapFd: number }) {
    this.object = BpfObject.open(testProgram("ringbuf"));
    try {
      const events = this.object.map("events");
      if ("bytes" in ring) events.setMaxEntries(ring.bytes);
      else events.reuseFd(ring.mapFd);
      this.object.load();
    } catch (error) {
      this.object.close();
      throw error;
    }
  }

  /** The counter of refused events, a value per CPU. */
  get lossCounter(): LossCounter {
    return { map: this.object.map("counters"), key: COUNTER.refused };
  }

  /** Emits events on this thread's CPU. Their sequence counts 0, 1, 2, ... */
  emit(emission: RingEmission = {}): void {
    const { count = 1, dataBytes } = emission;
    const run = new TestRun(
      this.object.program(dataBytes === undefined ? "reserve" : "output").fd,
      REQUEST.words,
    );
    for (let done = 0; done < count;) {
      const n = Math.min(count - done, MAX_EVENTS_PER_RUN);
      run.context.set(this.#request({ ...emission, count: n }));
      assertEquals(run.run(), 0);
      this.#sequence += n;
      done += n;
    }
  }

  /** What it counted, on all CPUs. */
  counters(): { produced: number; refused: number; discarded: number } {
    const values = new BigUint64Array(possibleCpus().length);
    const read = (key: number): number => {
      this.object.map("counters").lookup(Uint8Array.of(key, 0, 0, 0), new Uint8Array(values.buffer));
      return Number(values.reduce((sum, value) => sum + value, 0n));
    };
    const { produced, refused, discarded } = COUNTER;
    return { produced: read(produced), refused: read(refused), discarded: read(discarded) };
  }

  /** Starts `hold` in the Worker and returns once it holds its record. */
  hold(worker: RingWorker): void {
    worker.start({ ...this.#order("hold", { count: 1 }), runs: 1 });
    const gate = new BigUint64Array(1);
    do this.object.map("gate").lookup(new Uint8Array(4), new Uint8Array(gate.buffer)); while (
      gate[0] !== BigInt(GATE_SHUT)
    );
    this.#sequence++;
  }

  /** Lets `hold` submit its record; returns once it has. */
  release(worker: RingWorker): void {
    const open = BigUint64Array.of(BigInt(GATE_OPEN));
    this.object.map("gate").update(new Uint8Array(4), new Uint8Array(open.buffer));
    worker.wait();
  }

  /** Emits single events in the Worker, one per run. */
  emitElsewhere(worker: RingWorker, runs: number): void {
    worker.start({ ...this.#order("reserve", { count: 1 }), runs });
    this.#sequence += runs;
  }

  /** Unloads it. */
  [Symbol.dispose](): void {
    this.object.close();
  }

  #order(program: string, emission: RingEmission): Omit<Order, "runs" | "done"> {
    return { programFd: this.object.program(program).fd, context: [...this.#request(emission)] };
  }

  #request(
    { count = 1, category = 0, dataBytes = 0, fill, discards = 0n, flags = 0 }: RingEmission,
  ): bigint[] {
    const words = fill ? (dataBytes - EVENT_BYTES + 4) >> 3 : 0;
    return [count, category, dataBytes, this.#sequence, discards, flags, words].map(BigInt);
  }
}

/** Runs programs while this thread reads. One per file, started outside of its tests: a Worker has files of its own. */
export class RingWorker {
  readonly #worker = new Worker(new URL("./_ringbuf_worker.ts", import.meta.url), { type: "module" });
  #done = new Int32Array(new SharedArrayBuffer(4));

  /** Starts the Worker. */
  static async open(): Promise<RingWorker> {
    const worker = new RingWorker();
    await new Promise((resolve) => worker.#worker.onmessage = resolve);
    return worker;
  }

  /** Gives it something to run. */
  start(order: Omit<Order, "done">): void {
    this.#done = new Int32Array(new SharedArrayBuffer(4));
    this.#worker.postMessage({ ...order, done: this.#done } satisfies Order);
  }

  /** Waits until it has. */
  wait(): void {
    Atomics.wait(this.#done, 0, 0);
  }
}

/** The mappings of BPF maps this process has. */
function mappings(): string[] {
  return Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) => line.includes("bpf-map"));
}

/** Declares a kernel test with the programs of test/bpf/ringbuf.bpf.c, which leaves no mapping of a map behind. */
export function ringbufTest(name: string, body: () => void | Promise<void>, needs: Needs = {}): void {
  kernelTest(name, async () => {
    const before = mappings();
    await body();
    assertEquals(mappings(), before, "the test left mappings of BPF maps");
  }, { ...needs, programs: ["ringbuf"] });
}
