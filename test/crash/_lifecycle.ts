/**
 * Run by lifecycle_test.ts: what could end a process that uses the library in a wrong way, or in a legal one that is rare.
 * Prints a line of JSON. Arguments: what happens.
 */

import { LoadGenerator, LoadProducer } from "../../bench/load_generator.ts";
import {
  BpfObject,
  type Event,
  type EventBatch,
  EventPipe,
  EventPipeError,
  layout,
  MemorySource,
  PerfSource,
  RingbufSource,
  type Source,
} from "../../mod.ts";
import { BPF } from "../../src/abi/bpf.ts";
import { cstring } from "../../src/ffi/cstring.ts";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { onCpu, testCpus, testProgram } from "../kernel/_kernel.ts";
import { LoadedPipe } from "../kernel/_load.ts";
import { openResources } from "../kernel/_resources.ts";
import type { Order } from "./_lifecycle_worker.ts";

const [cpu = 0] = testCpus;

/** What a call threw: the code of an EventPipeError, the name of another error; null if nothing. */
function thrownBy(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    return error instanceof EventPipeError ? error.code : (error as Error).name;
  }
}

/** Waits until a thread of this process has ended; the test that runs this has a limit. */
async function threadEnd(tid: number): Promise<void> {
  while (thrownBy(() => Deno.statSync(`/proc/self/task/${tid}`)) === null) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** A Worker of _lifecycle_worker.ts that has begun. */
async function start(order: Order): Promise<{ worker: Worker; tid: number; failure: Promise<void> }> {
  const worker = new Worker(new URL("./_lifecycle_worker.ts", import.meta.url), { type: "module" });
  const failure = new Promise<void>((resolve) => {
    worker.onerror = (event) => {
      event.preventDefault();
      resolve();
    };
  });
  const begun = new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  worker.postMessage(order);
  return { worker, tid: await begun, failure };
}

/** Reads everything that is kept of rings that are gone. */
function readAll(
  buffer: ArrayBufferLike,
  views: { view: DataView; bytes: Uint8Array; words: Int32Array },
): unknown {
  const { view, bytes, words } = views;
  return [
    buffer.byteLength,
    bytes.length,
    bytes[5000] ?? null,
    thrownBy(() => view.getUint32(5000, true)),
    thrownBy(() => view.setUint32(5000, 1, true)),
    thrownBy(() => Atomics.load(words, 1024)),
    thrownBy(() => new Uint8Array(buffer, 4096, 16)),
  ];
}

function viewsOf(buffer: ArrayBufferLike): { view: DataView; bytes: Uint8Array; words: Int32Array } {
  return { view: new DataView(buffer), bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}

/** A consumer Worker that ends as it is told: what is left of it, and whether this isolate can read its map then. */
async function afterWorker(does: "close" | "exit" | "run"): Promise<unknown> {
  const fd = libbpf().bpf_map_create(BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, cstring("events"), 4, 4, 64, null);
  const map = { fd, maxEntries: 64 };
  using generator = new LoadGenerator(fd);
  const producer = new LoadProducer(generator.programFd);
  producer.prepare({ category: 0, payloadBytes: 36 });
  const { worker, tid } = await start({ does, map, cpu });
  if (does === "run") worker.terminate();
  else onCpu(cpu, () => producer.emit(1));
  await threadEnd(tid);
  const { refused } = generator.counters();
  const left = openResources().some((each) => each.includes("perf_event"));
  using pipe = EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }) });
  let events = 0;
  pipe.register({ name: "count", process: () => void events++ });
  onCpu(cpu, () => producer.emit(3));
  pipe.poll(1000);
  return { refused, left, events, lost: pipe.statistics().lost };
}

/** Reads memory rings whose producers end one after the other; each goes on where the last one stood. */
async function consume(dies: boolean): Promise<unknown> {
  const source = MemorySource.open({ ringBytes: 4096, wakeupEvents: 8 });
  using pipe = EventPipe.open({ source });
  const counts: number[] = [];
  pipe.register({
    name: "in order",
    process(event): void {
      const [round, number] = [event.u32(12), event.u32(16)];
      if (round !== counts.length - 1 || number !== counts[round]) throw new Error(`${round}: ${number}`);
      counts[round]!++;
    },
  });
  for (let round = 0; round < 5; round++) {
    counts.push(0);
    const { worker, tid, failure } = await start({ does: "produce", shared: source.share(), round, dies });
    while (counts[round]! < 5000) pipe.poll(10);
    if (dies) await failure;
    worker.terminate();
    await threadEnd(tid);
    pipe.consume();
  }
  pipe.close();
  const { corrupt, unknown, left, exact } = pipe.statistics();
  return {
    isEnough: counts.map((count) => dies ? count === 5000 : count >= 5000),
    corrupt,
    unknown,
    left,
    exact,
  };
}

/** What happens, by name; each returns what is printed. */
const SCENARIOS: Readonly<Record<string, () => unknown>> = {
  views(): unknown {
    const load = LoadedPipe.open({ ringBytes: 4096, cpus: [cpu] });
    const { buffer } = load.source;
    const views = viewsOf(buffer);
    const kept: Event[] = [];
    const batches: EventBatch[] = [];
    const { get } = layout({ word: "u32" });
    load.pipe.register({ name: "single", process: (event) => void kept.push(event) });
    load.pipe.register({ name: "batch", processBatch: (events) => void batches.push(events) });
    load.emit({ category: 0 });
    load.emit({ category: 1 });
    load.pipe.poll(1000);
    const { pipe } = load;
    load[Symbol.dispose]();
    return {
      kept: [() => kept[0]!.u32(0), () => kept[0]!.copy(), () => get.word(kept[0]!)].map(thrownBy),
      batch: [() => batches[0]!.length, () => batches[0]!.at(0)].map(thrownBy),
      pipe: [() => pipe.poll(0), () => pipe.dispatch(kept[0]!)].map(thrownBy),
      memory: readAll(buffer, views),
    };
  },

  transferred(): unknown {
    const load = LoadedPipe.open({ ringBytes: 4096, cpus: [cpu] });
    load.pipe.register({ name: "count", process: () => {} });
    const buffer = load.source.buffer as ArrayBuffer;
    const elsewhere = structuredClone(buffer, { transfer: [buffer] });
    load.emit({ count: 2 });
    const polled = thrownBy(() => load.pipe.poll(0));
    load[Symbol.dispose]();
    return { polled, readable: new Uint8Array(elsewhere).some((byte) => byte !== 0) };
  },

  "closed in a handler"(): unknown {
    const load = LoadedPipe.open({ ringBytes: 4096, cpus: [cpu] });
    const read: (string | null)[] = [];
    load.pipe.register({
      name: "close",
      process(event): void {
        load.source.close();
        read.push(thrownBy(() => event.u32(12)));
      },
    });
    load.emit({ count: 3 });
    const polled = [() => load.pipe.poll(0), () => load.pipe.poll(0)].map(thrownBy);
    load[Symbol.dispose]();
    const { dispatched, exact } = load.pipe.statistics();
    return { read, polled, dispatched, exact };
  },

  "write ringbuf"(): unknown {
    return write(RingbufSource.open({ ringBytes: 4096 }));
  },

  "write overwritable"(): unknown {
    return write(PerfSource.open({ ringBytes: 4096, overwritable: true }));
  },

  "worker close": () => afterWorker("close"),

  "worker exit": () => afterWorker("exit"),

  "worker run": () => afterWorker("run"),

  "producers are terminated": () => consume(false),

  "producers throw": () => consume(true),

  "short values"(): unknown {
    using object = BpfObject.open(Deno.readFileSync(new URL("../../bpf/load.bpf.o", import.meta.url)));
    object.load();
    const map = object.map("scratch");
    const key = new Uint8Array(4);
    const values = [
      new ArrayBuffer(1),
      new DataView(new ArrayBuffer(1)),
      { length: 2 ** 31 },
      new Uint8Array(1),
    ];
    return values.map((value) => thrownBy(() => map.lookup(key, value as Uint8Array)));
  },

  "forgotten link"(): unknown {
    using object = BpfObject.open(testProgram("misses"));
    object.setRodata({ pid: Deno.pid });
    object.load();
    const skipped = object.program("skipped");
    (() => {
      skipped.attach();
      object.program("sender").attach();
    })();
    (globalThis as unknown as { gc(): void }).gc();
    const before = skipped.missedRuns();
    const { symbols, close } = bindGetppid();
    for (let i = 0; i < 10; i++) symbols.getppid();
    close();
    return { goesOn: skipped.missedRuns() > before };
  },
};

function bindGetppid(): { symbols: { getppid(): number }; close(): void } {
  const library = Deno.dlopen("libc.so.6", { getppid: { parameters: [], result: "i32" } });
  return { symbols: library.symbols, close: () => library.close() };
}

/** Writes into the middle of a buffer over rings that only the kernel may write. */
function write({ buffer }: Source): unknown {
  const bytes = new Uint8Array(buffer);
  console.log(JSON.stringify({ writes: true }));
  bytes[6000] = 1;
  return { written: true };
}

console.log(JSON.stringify(await SCENARIOS[Deno.args[0]!]!()));
