/**
 * Run by forgotten_test.ts with an explicit garbage collector: opens sources and pipes, forgets them without closing them,
 * and prints what is left of them, one line of JSON per case.
 */

import { LoadGenerator, LoadProducer } from "../../../bench/load_generator.ts";
import {
  EventPipe,
  type EventPipeOptions,
  PerfSource,
  RingbufSource,
  TracepointSource,
} from "../../../mod.ts";
import { BPF } from "../../../src/abi/bpf.ts";
import { pinThread } from "../../../src/ffi/affinity.ts";
import { cstring } from "../../../src/ffi/cstring.ts";
import { libbpf } from "../../../src/ffi/libbpf.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { openResources } from "../_resources.ts";

const [cpu = 0, tracepoint = 0] = Deno.args.map(Number);
const collect = (globalThis as unknown as { gc(): void }).gc;

/** Lets the garbage collector find what was forgotten, and lets it tell. */
async function collectAll(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Runs a case and prints what it returned, and how much is open in the end that was not before. */
async function report(name: string, body: () => unknown): Promise<void> {
  const before = openResources();
  const result = (await body()) ?? null;
  await collectAll();
  console.log(JSON.stringify({ name, result, left: openResources().length - before.length }));
}

function openMap(): number {
  return libbpf().bpf_map_create(BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, cstring("given"), 4, 4, 64, null);
}

function openPipe(waiter: NonNullable<EventPipeOptions["waiter"]>): void {
  const pipe = EventPipe.open({ source: PerfSource.open({ ringBytes: 4096 }), waiter });
  pipe.register({ name: "forgotten", process: () => pipe.close() }); // a circle
}

/** Opens a pipe over a map, and forgets it with its slots filled. */
function openOver(map: { fd: number; maxEntries: number }): void {
  EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }) });
}

/** Views that outlive their source. */
function keepViews(): { buffer: ArrayBuffer; view: DataView; bytes: Uint8Array; words: Int32Array } {
  const buffer = PerfSource.open({ ringBytes: 4096, overwritable: true }).buffer as ArrayBuffer;
  return { buffer, view: new DataView(buffer), bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}

/** Runs a pipe that nobody else knows, until its first event. */
function run(resolve: (size: number) => void): void {
  const pipe = EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }) });
  pipe.register({
    name: "resolve",
    process(event): number {
      resolve(event.size);
      return 1;
    },
  });
  void pipe.run();
}

/** Opens and closes a pipe. */
function openAndClose(): number[] {
  const source = PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] });
  const { mapFd, readiness } = source;
  EventPipe.open({ source }).close();
  return [mapFd, ...readiness.kind === "fds" ? readiness.fds : []];
}

function nameOf(body: () => unknown): string | null {
  try {
    body();
    return null;
  } catch (error) {
    return (error as Error).name;
  }
}

// Binds all functions, so that no library's own files are taken for leaks.
pinThread(cpu);
PerfSource.open({ ringBytes: 4096 }).close();
EventPipe.open({ source: PerfSource.open({ ringBytes: 4096 }) }).close();
const map = { fd: openMap(), maxEntries: 64 };
const generator = new LoadGenerator(map.fd);
const producer = new LoadProducer(generator.programFd);
producer.prepare({ category: 0, payloadBytes: 36 });

await report("a source", () => void PerfSource.open({ ringBytes: 4096 }));
await report(
  "overwritable",
  () => void PerfSource.open({ ringBytes: 4096, overwritable: true }).openScanner(),
);
await report("ringbuf", () => void RingbufSource.open({ ringBytes: 4096 }));
await report("tracepoints", () => {
  TracepointSource.open({ ids: [tracepoint, tracepoint], ringBytes: 4096, watermarkBytes: 1024 });
});
await report("a pipe with epoll", () => openPipe("epoll"));
await report("a pipe with poll", () => openPipe("poll"));

await report("a given map", async () => {
  openOver(map);
  producer.emit(2);
  const taken = nameOf(() => PerfSource.open({ map, cpus: [cpu] }));
  await collectAll();
  producer.emit(3);
  PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }).close();
  return { taken, ...generator.counters() };
});

await report("views", async () => {
  const { buffer, view, bytes, words } = keepViews();
  const before = [buffer.detached, view.getUint32(1024, true), bytes[1024], bytes.length > 0];
  await collectAll();
  return {
    before,
    after: [buffer.detached, bytes[1024], bytes.length],
    thrown: [() => view.getUint32(1024, true), () => Atomics.load(words, 256)].map(nameOf),
  };
});

await report("kept", async () => {
  const source = PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] });
  const pipe = EventPipe.open({ source });
  let events = 0;
  pipe.register({ name: "count", process: () => void events++ });
  await collectAll();
  producer.emit(5);
  pipe.poll(0);
  pipe.close();
  return events;
});

await report("running", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  run(resolve);
  await collectAll();
  producer.emit(1);
  return await promise;
});

await report("closed", async () => {
  const numbers = openAndClose();
  // Other files have the numbers now; collecting the closed source must not close them.
  const others = Array.from({ length: 8 }, () => libc().eventfd(0, 0));
  await collectAll();
  const isReused = numbers.every((fd) => others.includes(fd));
  return [isReused, ...others.map((fd) => libc().close(fd))];
});

generator[Symbol.dispose]();
libc().close(map.fd);
