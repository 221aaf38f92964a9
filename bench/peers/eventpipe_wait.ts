/**
 * eventpipe as a peer that waits for events, through its public API; see wait_protocol.ts.
 *
 * @module
 */

import { pinThread } from "../../src/ffi/affinity.ts";
import { monotonicNs, threadCpuNs } from "../../src/ffi/clock.ts";
import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { Event } from "../../src/pipe/event.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { Samples } from "../measure/samples.ts";
import { FillGenerator } from "./fill_generator.ts";
import { answer, requests, runPeer } from "./lines.ts";
import { readWaitArguments, readWaitRequest, type WaitBlock } from "./wait_protocol.ts";

/** Events below the threshold get this old at the most. */
const POLL_MS = 50;

/** So long without an event, and the rest was lost. */
const IDLE_NS = 1e9;

/** Of the generator's BPF ring buffer, which is not used. */
const UNUSED_RING_BYTES = 4096;

/** Behind the category, fill.bpf.c `struct fill_event`. */
const FILL_EVENT = { sequence: 12, value: 20 } as const;

/** The one handler: adds up, and keeps latencies while there is room. */
class Adder {
  readonly name = "adder";
  seen = 0;
  /** The sum of the u32s modulo 2^32, in an integer, and that of the u64s. */
  readonly #words = new Int32Array(1);
  readonly #sums = new Float64Array(1);
  #left = 0;
  #samples = new Samples(1);

  /**
   * Begins a block.
   *
   * @param samples How many latencies to keep.
   */
  begin(samples: number): void {
    this.seen = 0;
    this.#words.fill(0);
    this.#sums.fill(0);
    this.#left = samples;
    this.#samples = new Samples(Math.max(1, samples));
  }

  process(event: Event): void {
    this.seen++;
    if (this.#left > 0) {
      this.#left--;
      this.#samples.add(monotonicNs() - event.time);
    }
    this.#words[0] = (this.#words[0]! + event.u32(FILL_EVENT.value)) | 0;
    this.#sums[0]! += event.u64(FILL_EVENT.sequence);
  }

  /** The sum that all peers agree on, modulo 2^32. */
  get check(): number {
    return ((this.#words[0]! >>> 0) + this.#sums[0]! % 2 ** 32) % 2 ** 32;
  }

  /** The latencies of the block. */
  get samples(): Float64Array {
    return this.#samples.values;
  }
}

function main(args: readonly string[]): void {
  const { object, config: { producerCpu, consumerCpu, ringBytes, wakeupEvents, waiter } } = readWaitArguments(
    args,
  );
  pinThread(consumerCpu);
  const source = PerfSource.open({ ringBytes, cpus: [producerCpu], wakeupEvents });
  using pipe = EventPipe.open({ source, waiter });
  const events = { payloadBytes: 32, payloadSteps: 1, handlers: 1, events: 1, rings: 1 };
  const config = { producerCpu, consumerCpu, ringBytes: UNUSED_RING_BYTES, ...events };
  using generator = new FillGenerator(object, config, source.mapFd);
  const adder = new Adder();
  pipe.register(adder);
  answer({ program: programId(generator.programFd) });
  for (const line of requests()) {
    const request = readWaitRequest(line);
    answer(waitFor(pipe, adder, request.events, request.samples));
  }
}

function waitFor(pipe: EventPipe, adder: Adder, events: number, samples: number): WaitBlock {
  adder.begin(samples);
  const start = monotonicNs();
  const cpuStart = threadCpuNs();
  let last = 0;
  let end = start + IDLE_NS;
  while (adder.seen < events) {
    pipe.poll(POLL_MS);
    const now = monotonicNs();
    if (adder.seen !== last) end = now + IDLE_NS;
    else if (now > end) break;
    last = adder.seen;
  }
  return {
    ns: monotonicNs() - start,
    cpuNs: threadCpuNs() - cpuStart,
    events: adder.seen,
    check: adder.check,
    samples: [...adder.samples],
  };
}

/** The kernel tells a program's number to whoever looks at its file: kernel/bpf/syscall.c bpf_prog_show_fdinfo(). */
function programId(fd: number): number {
  const match = /^prog_id:\s*(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`));
  if (match === null) throw new Error("Cannot tell the generator's number: /proc does not say");
  return Number(match[1]);
}

runPeer(main);
