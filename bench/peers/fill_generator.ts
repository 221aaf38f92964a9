/**
 * Drives bench/peers/fill.bpf.c for a peer in Deno: lets the kernel emit events on the producer's CPU while this thread
 * stays on its own, as the peers in C do (peer.c).
 *
 * @module
 */

import { BPF_TEST_RUN_OPTS } from "../../src/abi/bpf.ts";
import { errnoName } from "../../src/abi/errno.ts";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { BpfObject } from "../../src/object/bpf_object.ts";
import { CATEGORIES, type PeerConfig } from "./protocol.ts";

/** fill.bpf.c: interrupts are off during a run. */
const EVENTS_PER_RUN = 2000;

/** `struct fill_request` of fill.bpf.c, in u64 words. */
const REQUEST = {
  count: 0,
  sequence: 1,
  seed: 2,
  categories: 3,
  payload_bytes: 4,
  payload_steps: 5,
  words: 6,
} as const;

/** What `struct bpf_test_run_opts` of <bpf/bpf.h> has for a run on another CPU. */
const RUN_ON_CPU = { flags: 68, cpu: 72 } as const;

/** <linux/bpf.h> */
const BPF_F_TEST_RUN_ON_CPU = 1;

/** The generator, loaded. */
export class FillGenerator implements Disposable {
  readonly #object: BpfObject;
  readonly #programFd: number;
  readonly #events: number;
  readonly #request = new BigUint64Array(REQUEST.words);
  /** The same in halves, since BigInts would be garbage in each fill. */
  readonly #halves = new Uint32Array(this.#request.buffer);
  readonly #options = new DataView(new ArrayBuffer(BPF_TEST_RUN_OPTS.size));
  readonly #optionsPointer = Deno.UnsafePointer.of(this.#options);
  // Lifetime: the pointer object keeps the request alive, whose address stands in the options.
  readonly #requestPointer = Deno.UnsafePointer.of(this.#request);

  /**
   * Loads it so that it emits into a perf event array.
   *
   * @param path The compiled generator.
   * @param config The events, and the CPU they are emitted on.
   * @param mapFd The map; null to emit into the ring buffer of the object.
   */
  constructor(path: string, config: PeerConfig, mapFd: number | null) {
    const { producerCpu, payloadBytes, payloadSteps, handlers, events, ringBytes } = config;
    this.#events = events;
    this.#object = BpfObject.open(path);
    try {
      if (mapFd !== null) this.#object.map("events").reuseFd(mapFd);
      this.#object.map("ring").setMaxEntries(ringBytes);
      this.#object.load();
      this.#programFd = this.#object.program(mapFd === null ? "fill_ringbuf" : "fill_perf").fd;
    } catch (error) {
      this.#object.close();
      throw error;
    }
    this.#request[REQUEST.categories] = BigInt(handlers === 0 ? CATEGORIES : handlers);
    this.#request[REQUEST.payload_bytes] = BigInt(payloadBytes);
    this.#request[REQUEST.payload_steps] = BigInt(payloadSteps);
    const { sz, ctx_in, ctx_size_in } = BPF_TEST_RUN_OPTS.offsets;
    this.#options.setBigUint64(sz, BigInt(BPF_TEST_RUN_OPTS.size), true);
    this.#options.setBigUint64(ctx_in, Deno.UnsafePointer.value(this.#requestPointer), true);
    this.#options.setUint32(ctx_size_in, this.#request.byteLength, true);
    this.#options.setUint32(RUN_ON_CPU.flags, BPF_F_TEST_RUN_ON_CPU, true);
    this.#options.setUint32(RUN_ON_CPU.cpu, producerCpu, true);
  }

  /** The file descriptor of the program. */
  get programFd(): number {
    return this.#programFd;
  }

  /** The object, whose map `ring` is the ring buffer. */
  get object(): BpfObject {
    return this.#object;
  }

  /**
   * Fills the ring.
   *
   * @param seed What categories, sizes and values are drawn from.
   * @param sequence The number of the first event.
   * @throws {Error} If the kernel refuses, or an event finds no room.
   */
  fill(seed: number, sequence: number): void {
    this.#put(REQUEST.seed, seed);
    for (let done = 0; done < this.#events;) {
      const count = Math.min(this.#events - done, EVENTS_PER_RUN);
      this.#put(REQUEST.count, count);
      this.#put(REQUEST.sequence, sequence + done);
      const result = libbpf().bpf_prog_test_run_opts(this.#programFd, this.#optionsPointer);
      if (result < 0) throw new Error(`Cannot run the generator: ${errnoName(-result)}`);
      const refused = this.#options.getInt32(BPF_TEST_RUN_OPTS.offsets.retval, true);
      if (refused !== 0) {
        throw new Error(`Cannot fill the ring: it has no room for ${refused} of ${count} events`);
      }
      done += count;
    }
  }

  #put(word: number, value: number): void {
    this.#halves[2 * word] = value;
    this.#halves[2 * word + 1] = Math.floor(value / 2 ** 32);
  }

  /** Unloads it. */
  [Symbol.dispose](): void {
    this.#object.close();
  }
}
