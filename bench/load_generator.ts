/**
 * Drives bpf/load.bpf.c: makes the kernel emit an exact number of events on the calling thread's CPU, and reads how many
 * were produced and refused. The suites and the kernel tests produce their events with it.
 *
 * @module
 */

import { errnoName } from "../src/abi/errno.ts";
import { LOAD_EVENT } from "../src/abi/event.ts";
import { MAX_PAYLOAD_BYTES } from "../src/abi/perf_event.ts";
import { BpfObject } from "../src/object/bpf_object.ts";
import { TestRun } from "../src/object/test_run.ts";
import { possibleCpus } from "../src/source/cpus.ts";

/** bpf/load.bpf.c LOAD_MAX_EVENTS: preemption is off during a run. */
export const MAX_EVENTS_PER_RUN = 2000;

/** bpf/load.bpf.c `struct load_request`, in u64 words. */
const REQUEST = {
  count: 0,
  category: 1,
  payload_bytes: 2,
  sequence: 3,
  planned_ns: 4,
  interval_ns: 5,
  flags: 6,
  words: 12,
} as const;
const LOAD_FILL = 1n;
const LOAD_OFFSETS = 2n;

/** bpf/load.bpf.c: `offset_ns` of the request stands behind its flags, two to a word. */
const OFFSETS_WORD = 7;

/** bpf/load.bpf.c LOAD_MAX_OFFSETS: events of a run that have a planned time each. */
export const MAX_PLANNED_PER_RUN = 10;

/** Offsets are u32s of ns. */
const MAX_OFFSET_NS = 0xffffffff;

/** bpf/load.bpf.c LOAD_MAX_ERRNO, and `struct load_counters` in u64 words. */
const MAX_ERRNO = 128;
const COUNTER_WORDS = 1 + MAX_ERRNO;

/** What to emit. */
export interface LoadRequest {
  /** The category of the events. */
  readonly category: number;
  /** Bytes of each event from the category on: 32 to 65516. */
  readonly payloadBytes: number;
  /** Fill the payload with words made from the sequence; costs the producer time. */
  readonly fill?: boolean;
}

/** What was emitted. */
export interface LoadCounters {
  /** Calls of the output helper. */
  readonly produced: number;
  /** Of these, how many the helper refused, by error name. A full ring refuses with ENOSPC and counts it as lost. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Emits events on the calling thread's CPU. One per thread. */
export class LoadProducer {
  readonly #run: TestRun;
  readonly #offsets: Uint32Array<ArrayBuffer>;
  #flags = 0n;
  #sequence = 0;

  /** @param programFd The file descriptor of the program `load`; see {@linkcode LoadGenerator.programFd}. */
  constructor(programFd: number) {
    this.#run = new TestRun(programFd, REQUEST.words);
    this.#offsets = new Uint32Array(this.#run.context.buffer, OFFSETS_WORD * 8, MAX_PLANNED_PER_RUN);
  }

  /** The sequence number of the next event. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Chooses what is emitted from now on.
   *
   * @param request Category and size.
   */
  prepare({ category, payloadBytes, fill }: LoadRequest): void {
    if (
      !Number.isInteger(payloadBytes) || payloadBytes < LOAD_EVENT.bytes || payloadBytes > MAX_PAYLOAD_BYTES
    ) {
      throw new RangeError(
        `Cannot emit events: payloadBytes must be between ${LOAD_EVENT.bytes} and ${MAX_PAYLOAD_BYTES}, current value is ${payloadBytes}`,
      );
    }
    const { context } = this.#run;
    context[REQUEST.category] = BigInt(category);
    context[REQUEST.payload_bytes] = BigInt(payloadBytes);
    this.#flags = fill ? LOAD_FILL : 0n;
  }

  /**
   * Emits events. Their time is taken in the kernel.
   *
   * @param count How many.
   * @param plannedNs When an open loop wanted the first one; 0 means when it is emitted.
   * @param intervalNs The time between planned events.
   */
  emit(count: number, plannedNs = 0, intervalNs = 0): void {
    const { context } = this.#run;
    // Whole ns within a call; each call begins at its exact planned time, so nothing adds up.
    context[REQUEST.interval_ns] = BigInt(Math.round(intervalNs));
    context[REQUEST.flags] = this.#flags;
    for (let done = 0; done < count;) {
      const n = Math.min(count - done, MAX_EVENTS_PER_RUN);
      context[REQUEST.count] = BigInt(n);
      context[REQUEST.sequence] = BigInt(this.#sequence);
      context[REQUEST.planned_ns] = plannedNs === 0 ? 0n : BigInt(Math.round(plannedNs + done * intervalNs));
      this.#emit(n);
      done += n;
    }
  }

  /**
   * Emits events that were planned at times of their own.
   *
   * @param times The planned times in ns, ascending; those that are emitted stand in front.
   * @param count How many.
   */
  emitAt(times: Float64Array, count: number): void {
    const { context } = this.#run;
    context[REQUEST.flags] = this.#flags | LOAD_OFFSETS;
    for (let done = 0; done < count;) {
      const first = Math.round(times[done]!);
      let n = 0;
      while (n < MAX_PLANNED_PER_RUN && done + n < count) {
        const offset = Math.round(times[done + n]!) - first;
        if (offset > MAX_OFFSET_NS) break;
        this.#offsets[n++] = offset;
      }
      context[REQUEST.count] = BigInt(n);
      context[REQUEST.sequence] = BigInt(this.#sequence);
      context[REQUEST.planned_ns] = BigInt(first);
      this.#emit(n);
      done += n;
    }
  }

  #emit(count: number): void {
    if (this.#run.run() !== 0) {
      throw new Error("Cannot emit events: the load program found no scratch for this CPU");
    }
    this.#sequence += count;
  }
}

/** The loaded generator. */
export class LoadGenerator implements Disposable {
  readonly #object: BpfObject;
  readonly #cpus: number;

  /**
   * Loads the generator so that it emits into a map.
   *
   * @param mapFd The perf event array, such as a `PerfSource`'s `mapFd`.
   */
  constructor(mapFd: number) {
    this.#cpus = Math.max(...possibleCpus()) + 1;
    const path = new URL("../bpf/load.bpf.o", import.meta.url);
    this.#object = BpfObject.open(Deno.readFileSync(path));
    try {
      this.#object.map("events").reuseFd(mapFd);
      this.#object.map("scratch").setMaxEntries(this.#cpus);
      this.#object.load();
    } catch (error) {
      this.#object.close();
      throw error;
    }
  }

  /** The file descriptor of the program; producers in Workers run it. */
  get programFd(): number {
    return this.#object.program("load").fd;
  }

  /**
   * What was emitted so far by all producers.
   *
   * @returns The sums over all CPUs.
   */
  counters(): LoadCounters {
    const possible = possibleCpus().length;
    const words = new BigUint64Array(COUNTER_WORDS * possible);
    this.#object.map("counters").lookup(new Uint8Array(4), new Uint8Array(words.buffer));
    const sum = (index: number): number => {
      let total = 0n;
      for (let cpu = 0; cpu < possible; cpu++) total += words[cpu * COUNTER_WORDS + index]!;
      return Number(total);
    };
    const refused: Record<string, number> = {};
    for (let error = 1; error < MAX_ERRNO; error++) {
      const count = sum(1 + error);
      if (count > 0) refused[error === MAX_ERRNO - 1 ? "other" : errnoName(error)] = count;
    }
    return { produced: sum(0), refused };
  }

  /** Unloads the generator. */
  [Symbol.dispose](): void {
    this.#object.close();
  }
}
