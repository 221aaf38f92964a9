/**
 * eventpipe as a peer that waits for events, through its public API: `eventpipe_wait.ts RING SCANNER` and the arguments of
 * every such peer; see wait_protocol.ts.
 *
 * @module
 */

import { pinThread } from "../../src/ffi/affinity.ts";
import { monotonicNs, threadCpuNs } from "../../src/ffi/clock.ts";
import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { Event } from "../../src/pipe/event.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";
import { PerfSource, type PerfSourceOptions } from "../../src/source/perf.ts";
import { RingbufSource } from "../../src/source/ringbuf.ts";
import { Samples } from "../measure/samples.ts";
import { FillGenerator } from "./fill_generator.ts";
import { answer, requests, runPeer } from "./lines.ts";
import {
  type OwnWaiting,
  readWaitArguments,
  readWaitRequest,
  type WaitBlock,
  type WaitConfig,
} from "./wait_protocol.ts";

/** Events below the threshold get this old at the most. */
const POLL_MS = 10;

/** So long without an event, and the rest was lost. */
const IDLE_NS = 1e9;

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

function main([ring, scanner, ...args]: readonly string[]): void {
  const { object, config } = readWaitArguments(args);
  pinThread(config.consumerCpu);
  using rig = openRig(object, config, ring as OwnWaiting["ring"], scanner as ScannerKind);
  const adder = new Adder();
  rig.pipe.register(adder);
  answer({ program: programId(rig.programFd) });
  for (const line of requests()) {
    const request = readWaitRequest(line);
    answer(waitFor(rig.pipe, adder, request.events, request.samples));
  }
}

/** A pipe and what emits into its ring. */
interface Rig extends Disposable {
  readonly pipe: EventPipe;
  readonly programFd: number;
}

function openRig(object: string, config: WaitConfig, ring: OwnWaiting["ring"], scanner: ScannerKind): Rig {
  const { producerCpu, consumerCpu, ringBytes, waiter } = config;
  const events = { payloadBytes: 32, payloadSteps: 1, handlers: 1, events: 1, rings: 1 };
  const generatorConfig = { producerCpu, consumerCpu, ringBytes, ...events };
  using cleanup = new DisposableStack();
  const load = (mapFd: number | null): FillGenerator =>
    cleanup.use(new FillGenerator(object, generatorConfig, mapFd));
  if (ring === "ringbuf") {
    const generator = load(null);
    const source = RingbufSource.open({ maps: [generator.object.map("ring")], scanner });
    const pipe = cleanup.use(EventPipe.open({ source, waiter }));
    return rigOf(pipe, generator.object.program("wake_ringbuf").fd, cleanup.move());
  }
  const source = PerfSource.open({ ringBytes, cpus: [producerCpu], scanner, ...wakeupOf(config) });
  const pipe = cleanup.use(EventPipe.open({ source, waiter }));
  return rigOf(pipe, load(source.mapFd).programFd, cleanup.move());
}

function rigOf(pipe: EventPipe, programFd: number, cleanup: DisposableStack): Rig {
  return { pipe, programFd, [Symbol.dispose]: () => cleanup.dispose() };
}

function wakeupOf(
  { wakeupEvents, watermarkBytes }: WaitConfig,
): Pick<PerfSourceOptions, "wakeupEvents" | "watermarkBytes"> {
  return watermarkBytes === 0 ? { wakeupEvents } : { watermarkBytes };
}

function waitFor(pipe: EventPipe, adder: Adder, events: number, samples: number): WaitBlock {
  adder.begin(samples);
  const { wakeups } = pipe.statistics();
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
  const ns = monotonicNs() - start;
  const cpuNs = threadCpuNs() - cpuStart;
  return {
    ns,
    cpuNs,
    wakeups: pipe.statistics().wakeups - wakeups,
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
