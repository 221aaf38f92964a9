/** The rings of a perf event array: which CPUs they serve, what they refuse, and what is left when they are closed. */

import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { LoadGenerator } from "../../bench/load_generator.ts";
import { BpfObject, type Event, EventPipe, EventPipeError, PerfSource, SyscallError } from "../../mod.ts";
import { BPF } from "../../src/abi/bpf.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";
import { cstring } from "../../src/ffi/cstring.ts";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { libc } from "../../src/ffi/libc.ts";
import { onlineCpus } from "../../src/source/cpus.ts";
import { kernelTest, testCpus, testProgram } from "./_kernel.ts";
import { openResources } from "./_resources.ts";
import { LoadedPipe, Producers } from "./_load.ts";

const [firstCpu = 0, secondCpu = 1] = testCpus;

/** Registers a handler that notes the CPU of each event. */
function noteCpus(pipe: EventPipe): number[] {
  const seen: number[] = [];
  pipe.register({ name: "note", process: (event) => void seen.push(event.cpu) });
  return seen;
}

kernelTest(
  "unless chosen, the CPUs that are online have a ring each, and events arrive with their CPU",
  () => {
    using load = LoadedPipe.open({ cpus: onlineCpus() });
    using source = new DisposableStack();
    assertEquals(source.adopt(PerfSource.open(), (opened) => opened.close()).cpus, onlineCpus());
    const seen = noteCpus(load.pipe);
    for (const cpu of testCpus) load.emit({ cpu, count: 1 + cpu });
    load.pipe.consume();
    assertEquals(seen, testCpus.flatMap((cpu) => Array(1 + cpu).fill(cpu)));
  },
);

kernelTest("a ring of one CPU alone is found by its CPU's number, and events of others are refused", () => {
  using load = LoadedPipe.open({ cpus: [secondCpu] });
  assertEquals(load.source.cpus, [secondCpu]);
  const seen = noteCpus(load.pipe);
  load.emit({ cpu: secondCpu, count: 4 });
  load.emit({ cpu: firstCpu, count: 3 });
  load.pipe.consume();
  assertEquals(seen, Array(4).fill(secondCpu));
  assertEquals(load.generator.counters(), { produced: 7, refused: { ENOENT: 3 } });
  const { cpus: [ring], lost } = load.pipe.statistics();
  assertEquals([ring?.cpu, ring?.events, lost], [secondCpu, 4, 0]);
}, { twoCpus: true });

kernelTest("rings stand in the order the CPUs were given in", () => {
  using load = LoadedPipe.open({ cpus: [secondCpu, firstCpu] });
  const seen = noteCpus(load.pipe);
  load.emit({ cpu: firstCpu, count: 2 });
  load.emit({ cpu: secondCpu, count: 1 });
  load.pipe.consume();
  assertEquals(seen, [secondCpu, firstCpu, firstCpu]);
  assertEquals(load.pipe.statistics().cpus.map(({ cpu, events }) => [cpu, events]), [[secondCpu, 1], [
    firstCpu,
    2,
  ]]);
}, { twoCpus: true });

for (
  const [what, options, message] of [
    ["no CPU", { cpus: [] }, "at least one CPU"],
    ["a CPU twice", { cpus: [0, 0] }, "each once, current value is [0,0]"],
    ["a CPU this machine cannot have", { cpus: [0, 4000] }, "no CPU 4000"],
    ["a negative CPU", { cpus: [-1] }, "no CPU -1"],
    ["half a CPU", { cpus: [0.5] }, "no CPU 0.5"],
    ["a ring smaller than a page", { ringBytes: 2048 }, "between 4096 (one page)"],
    ["a ring that is no power of two", { ringBytes: 12288 }, "a power of two"],
    ["a ring of 2 GiB", { ringBytes: 2 ** 31 }, "1073741824"],
    ["a threshold of 0 events", { wakeupEvents: 0 }, "wakeupEvents must be"],
    ["a threshold of 1.5 events", { wakeupEvents: 1.5 }, "current value is 1.5"],
  ] as const
) {
  kernelTest(`${what} is a RangeError that says so`, () => {
    assertStringIncludes(assertThrows(() => PerfSource.open(options), RangeError).message, message);
  });
}

kernelTest("a map with too few slots for a CPU is a RangeError that names both", () => {
  using object = BpfObject.open(testProgram("raw_output"));
  object.map("events").setMaxEntries(1);
  object.load();
  const map = object.map("events");
  const error = assertThrows(() => PerfSource.open({ map, cpus: [secondCpu] }), RangeError);
  assertStringIncludes(error.message, `CPU ${secondCpu}: the map has 1 slots`);
  PerfSource.open({ map, cpus: [0] }).close();
}, { programs: ["raw_output"], twoCpus: true });

kernelTest("a map of another type is an error that names the type, and nothing is written into it", () => {
  using object = BpfObject.open(testProgram("raw_output"));
  object.load();
  const map = object.map("payload");
  const before = openResources();
  const error = assertThrows(
    () => EventPipe.open({ source: PerfSource.open({ map, cpus: [0] }) }),
    TypeError,
  );
  assertStringIncludes(error.message, "BPF_MAP_TYPE_PERF_EVENT_ARRAY");
  assertEquals(openResources(), before);
  const value = new Uint8Array(8192);
  map.lookup(new Uint8Array(4), value);
  assertEquals(value.indexOf(1), -1);
  assert(value.every((byte) => byte === 0));
}, { programs: ["raw_output"] });

kernelTest("a file that is no map is an error that says so", () => {
  const fd = libc().eventfd(0, 0);
  try {
    const error = assertThrows(() => PerfSource.open({ map: { fd, maxEntries: 64 } }), TypeError);
    assertStringIncludes(error.message, `file descriptor ${fd} is no BPF map`);
  } finally {
    libc().close(fd);
  }
  const error = assertThrows(() => PerfSource.open({ map: { fd, maxEntries: 64 } }), EventPipeError);
  assertInstanceOf(error.cause, SyscallError);
  assertEquals(error.cause.code, "EBADF");
});

kernelTest("a pipe that cannot be opened closes its source", () => {
  const source = PerfSource.open({ cpus: [0] });
  assertThrows(() => EventPipe.open({ source, waiter: "atomics" }), TypeError, "epoll");
  assertEquals(source.buffer.byteLength, 0);
});

kernelTest("events are refused before a pipe is open, after stop, and after close", () => {
  const source = PerfSource.open({ cpus: [firstCpu] });
  using generator = new LoadGenerator(source.mapFd);
  const producers = new Producers(generator);
  producers.emit({ cpu: firstCpu, count: 1 });
  assertEquals(generator.counters(), { produced: 1, refused: { ENOENT: 1 } });
  using pipe = EventPipe.open({ source });
  const seen = noteCpus(pipe);
  producers.emit({ cpu: firstCpu, count: 10 });
  assertEquals(generator.counters(), { produced: 11, refused: { ENOENT: 1 } });
  source.stop();
  producers.emit({ cpu: firstCpu, count: 100 });
  assertEquals(generator.counters(), { produced: 111, refused: { ENOENT: 101 } });
  pipe.consume();
  assertEquals(seen.length, 10, "what was in the ring is still delivered");
  source.stop();
  pipe.close();
  producers.emit({ cpu: firstCpu, count: 1000 });
  assertEquals(generator.counters(), { produced: 1111, refused: { ENOENT: 1101 } });
});

kernelTest("a source that cannot fill all slots leaves none filled", () => {
  const fd = libbpf().bpf_map_create(
    BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
    cstring("small"),
    4,
    4,
    secondCpu,
    null,
  );
  using generator = new LoadGenerator(fd);
  const cpus = [firstCpu, secondCpu];
  const source = PerfSource.open({ map: { fd, maxEntries: 64 }, cpus }); // it has fewer
  const error = assertThrows(() => source.start(), EventPipeError);
  assertStringIncludes(error.message, `Cannot put the ring of CPU ${secondCpu} into its map`);
  new Producers(generator).emit({ cpu: firstCpu, count: 1 });
  assertEquals(generator.counters(), { produced: 1, refused: { ENOENT: 1 } });
  source.close();
  libc().close(fd);
}, { twoCpus: true });

kernelTest("a second stop leaves slots alone that somebody else has filled", () => {
  const source = PerfSource.open({ cpus: [firstCpu] });
  using generator = new LoadGenerator(source.mapFd);
  source.start();
  source.stop();
  const { readiness } = source;
  assert(readiness.kind === "fds");
  const [key, value] = [Uint32Array.of(firstCpu), Int32Array.from(readiness.fds)];
  assertEquals(libbpf().bpf_map_update_elem(source.mapFd, key, value, BigInt(BPF.BPF_ANY)), 0);
  source.stop();
  new Producers(generator).emit({ cpu: firstCpu, count: 1 });
  assertEquals(generator.counters(), { produced: 1, refused: {} });
  source.close();
});

kernelTest(
  "losses are what the helper refused for want of room, those behind the last record included",
  () => {
    using load = LoadedPipe.open({ ringBytes: 4096, cpus: [firstCpu] });
    noteCpus(load.pipe);
    load.emit({ count: 2500 });
    assertEquals(load.source.lost(0), 2500 - 85);
    load.pipe.consume();
    load.emit({ count: 100 });
    load.pipe.close();
    const { lost, dispatched, left } = load.pipe.statistics();
    assertEquals(load.generator.counters(), { produced: 2600, refused: { ENOSPC: lost } });
    assertEquals(dispatched + left + lost, 2600);
  },
);

kernelTest("two pipes are open at once and know nothing of each other", () => {
  using first = LoadedPipe.open({ ringBytes: 4096, cpus: [firstCpu] });
  using second = LoadedPipe.open({ ringBytes: 4096, cpus: [firstCpu] });
  const [seenFirst, seenSecond] = [noteCpus(first.pipe), noteCpus(second.pipe)];
  first.emit({ count: 200 });
  second.emit({ count: 7 });
  assertEquals(second.pipe.poll(-1), 0);
  assertEquals([seenFirst.length, seenSecond.length], [0, 7]);
  first.pipe.close();
  second.emit({ count: 5 });
  second.pipe.poll(-1);
  assertEquals(seenSecond.length, 12);
  assertEquals([first.pipe.statistics().lost, second.pipe.statistics().lost], [200 - 85, 0]);
});

kernelTest("after close the rings' buffer is detached, and what was kept of it throws", () => {
  const kept: Event[] = [];
  const load = LoadedPipe.open({ ringBytes: 4096 });
  using _load = load;
  const buffer = load.source.buffer as ArrayBuffer;
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  load.pipe.register({ name: "keep", process: (event) => void kept.push(event, event.copy()) });
  load.emit({ count: 1 });
  load.pipe.consume();
  assertEquals(view.getBigUint64(1024, true), 48n);
  load.pipe.close();

  assertEquals([buffer.byteLength, buffer.detached, load.source.buffer.byteLength], [0, true, 0]);
  assertThrows(() => view.getBigUint64(1024, true), TypeError);
  assertEquals([bytes.length, bytes[1024]], [0, undefined]);
  const [event, copy] = kept;
  assertEquals(assertThrows(() => event!.u32(0), EventPipeError).code, "STALE_EVENT");
  assertEquals(copy!.u64(LOAD_EVENT.sequence), 0, "a copy stays");
  load.source.close();
});

kernelTest("closing a source that was never given to a pipe releases all of it, at every call", () => {
  const before = openResources();
  const source = PerfSource.open();
  source.close();
  assertEquals(openResources(), before);
  source.close();
  source.stop();
  assertEquals(openResources(), before);
});

kernelTest("a threshold of 2,147,483,647 events never wakes before half a ring", () => {
  using load = LoadedPipe.open({ ringBytes: 4096, cpus: [firstCpu], wakeupEvents: 2 ** 31 - 1 });
  noteCpus(load.pipe);
  load.emit({ count: 42 });
  load.pipe.poll(0);
  assertEquals(load.pipe.statistics().wakeups, 0);
  load.emit({ count: 1 });
  load.pipe.poll(0);
  assertEquals(load.pipe.statistics().wakeups, 1);
});

kernelTest("a threshold of 4,294,967,295 events never wakes before half a ring", () => {
  using load = LoadedPipe.open({ ringBytes: 4096, cpus: [firstCpu], wakeupEvents: 2 ** 32 - 1 });
  noteCpus(load.pipe);
  load.emit({ count: 42 });
  load.pipe.poll(0);
  assertEquals(load.pipe.statistics().wakeups, 0);
});
