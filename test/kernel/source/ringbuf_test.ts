/** BPF ring buffers through a pipe: what arrives, what wakes, what is counted, what a map keeps, and what is refused. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  BpfObject,
  type Event,
  EventPipe,
  EventPipeError,
  type EventPipeOptions,
  PerfSource,
} from "../../../mod.ts";
import { LOAD_EVENT } from "../../../src/abi/event.ts";
import { RINGBUF } from "../../../src/abi/ringbuf.ts";
import { findMount } from "../../../src/cli/mounts.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { openPinnedMap, pinMap } from "../../../src/object/pinned_map.ts";
import { RingbufSource, type RingbufSourceOptions } from "../../../src/source/ringbuf.ts";
import { kernelTest, onCpu, testCpus, testProgram } from "../_kernel.ts";
import { openResources } from "../_resources.ts";
import { EVENT_BYTES, RECORD_BYTES, ringbufTest, RingProgram, RingWorker } from "./_ringbuf.ts";

const { BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP } = RINGBUF;
const [firstCpu = 0] = testCpus;
const lastCpu = testCpus.at(-1) ?? 0;
const RING = 4096;
/** One byte of a ring always stays free. */
const FITS = Math.floor((RING - 1) / RECORD_BYTES);

const worker = await RingWorker.open();

/** A program and a pipe over its ring, with its losses. */
class Loaded implements Disposable {
  readonly program: RingProgram;
  readonly source: RingbufSource;
  readonly pipe: EventPipe;

  constructor(bytes = RING, options: Omit<EventPipeOptions, "source"> = {}) {
    this.program = new RingProgram({ bytes });
    using cleanup = new DisposableStack();
    cleanup.use(this.program);
    this.source = sourceOf(this.program);
    this.pipe = EventPipe.open({ ...options, source: this.source });
    cleanup.move();
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    this.program[Symbol.dispose]();
  }
}

function sourceOf(...programs: readonly RingProgram[]): RingbufSource {
  return RingbufSource.open({
    maps: programs.map(({ object }) => object.map("events")),
    lossCounters: programs.map(({ lossCounter }) => lossCounter),
  });
}

/** Registers a handler that notes the sequence of each event. */
function noteSequences(pipe: EventPipe, then: (seen: number) => number | void = () => {}): number[] {
  const seen: number[] = [];
  pipe.register({
    name: "note",
    process(event): number | void {
      seen.push(event.u64(LOAD_EVENT.sequence));
      return then(seen.length);
    },
  });
  return seen;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Every event the program tried is in one term. */
function assertAccounted(pipe: EventPipe, ...programs: readonly RingProgram[]): void {
  const { dispatched, unknown, lost, left, cpus, exact } = pipe.statistics();
  const sum = (key: "produced" | "discarded"): number =>
    programs.reduce((total, program) => total + program.counters()[key], 0);
  const skipped = cpus.reduce((total, ring) => total + ring.skipped, 0);
  assertEquals(skipped, sum("discarded"));
  assertEquals(dispatched + unknown + lost + left, sum("produced") - sum("discarded"));
  assert(exact);
}

ringbufTest("events of all CPUs arrive in one ring, in the order in which they were reserved", () => {
  using load = new Loaded();
  const cpus: number[] = [];
  const seen = noteSequences(load.pipe);
  load.pipe.register({ name: "cpu", process: (event) => void cpus.push(event.cpu) });
  for (let i = 0; i < 10; i++) {
    onCpu(i % 2 === 0 ? firstCpu : lastCpu, () => load.program.emit({ count: 3 }));
  }
  load.program.emit({ category: 1 });
  assertEquals(load.pipe.poll(0), 0);
  assertEquals([seen, cpus], [range(0, 30), [-1]]);
  assertEquals(load.source.cpus, [-1]);
  assertAccounted(load.pipe, load.program);
});

ringbufTest("an event is whole, from its category on, with its true length", () => {
  using load = new Loaded();
  const seen: unknown[] = [];
  load.pipe.register({ name: "other", process: () => assert(false) });
  load.pipe.register({
    name: "note",
    process(event: Event): void {
      const { sequence, payload_bytes } = LOAD_EVENT;
      seen.push([event.category, event.size, event.u64(sequence), event.u32(payload_bytes)]);
      assertGreater(event.time, 0);
    },
  });
  load.program.emit({ category: 1 });
  for (const dataBytes of [40, 41, 47, 48, 1000]) load.program.emit({ category: 1, dataBytes });
  load.pipe.poll(0);
  assertEquals(seen, [[1, 36, 0, 36], ...[40, 41, 47, 48, 1000].map((n, i) => [1, n - 4, i + 1, n - 4])]);
});

for (const dataBytes of [40, 41, 44, 48, 56, 132, 1028, RING - 16]) {
  ringbufTest(`events of ${dataBytes} bytes arrive whole and in order, around the ring and around`, () => {
    using load = new Loaded();
    let next = 0;
    load.pipe.register({ name: "check", process: (event) => assertWhole(event, next++, dataBytes) });
    const fits = Math.floor((RING - 1) / (8 * Math.ceil((8 + dataBytes) / 8)));
    for (let lap = 0; lap < 20; lap++) {
      load.program.emit({ dataBytes, count: Math.max(1, fits - lap % 3), fill: true });
      load.pipe.consume();
      assertEquals(next, load.program.counters().produced);
    }
    assertAccounted(load.pipe, load.program);
  });
}

/** Compares every byte behind the head of an event with what the program filled it with. */
function assertWhole(event: Event, sequence: number, dataBytes: number): void {
  const words = (dataBytes - EVENT_BYTES + 4) >> 3;
  const fill = BigUint64Array.from(
    { length: words },
    (_, index) => BigInt.asUintN(64, BigInt(sequence) * 0x9e3779b97f4a7c15n + BigInt(index)),
  );
  const length = Math.min(fill.byteLength, event.size - LOAD_EVENT.fill);
  assertEquals([event.u64(LOAD_EVENT.sequence), event.size], [sequence, dataBytes - 4]);
  assertEquals(event.bytes(LOAD_EVENT.fill, length), new Uint8Array(fill.buffer, 0, length));
}

ringbufTest("records of any length keep it, and one too short for a category is unknown", () => {
  const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17];
  for (const dispatchBy of ["all", "category"] as const) {
    const unknown: number[] = [];
    using load = new Loaded(RING, {
      dispatchBy,
      unknown: { name: "unknown", process: (event) => void unknown.push(event.size) },
    });
    const sizes: number[] = [];
    load.pipe.register({ name: "note", process: (event) => void sizes.push(event.size) });
    for (const dataBytes of lengths) load.program.emit({ dataBytes });
    load.pipe.poll(0);
    if (dispatchBy === "all") assertEquals([sizes, unknown], [lengths, []]);
    else assertEquals([sizes, unknown], [[4, 5, 12, 13], [0, 0, 0, 0, 1, 3]]);
    assertAccounted(load.pipe, load.program);
  }
});

for (
  const [what, count, discards, skipped] of [
    ["none of one", 1, 0n, 0],
    ["the second of three", 3, 0b010n, 1],
    ["every even one of five", 5, 0b10101n, 3],
    ["all", 7, -1n, 7],
    ["the last ones", 7, 0b1100000n, 2],
  ] as const
) {
  ringbufTest(`of reserved events ${what} are discarded, and counted as skipped`, () => {
    using load = new Loaded();
    const seen = noteSequences(load.pipe);
    load.program.emit({ count, discards: BigInt.asUintN(64, discards) });
    assertEquals(load.pipe.poll(0), 0);
    assertEquals(seen, range(0, count).filter((n) => (discards >> BigInt(n) & 1n) === 0n));
    assertEquals(load.pipe.statistics().cpus[0]!.skipped, skipped);
    assertEquals(load.pipe.statistics().wakeups, 1, "a discarded record wakes as any other");
    assertAccounted(load.pipe, load.program);
  });
}

ringbufTest("discarded records behind the event that ended a drain are counted once", () => {
  using load = new Loaded();
  const seen = noteSequences(load.pipe, (count) => count === 2 ? 5 : 0);
  load.program.emit({ count: 10, discards: 0b1101101101n });
  assertEquals(load.pipe.poll(0), 5);
  assertEquals([seen, load.pipe.statistics().cpus[0]!.skipped], [[1, 4], 3]);
  assertEquals(load.pipe.poll(0), 0);
  assertEquals([seen, load.pipe.statistics().cpus[0]!.skipped], [[1, 4, 7], 7]);
  assertAccounted(load.pipe, load.program);
});

for (const count of [0, 1, FITS / 2 | 0, FITS - 1, FITS, FITS + 1, 8 * FITS]) {
  ringbufTest(`of ${count} events as many arrive as a ring of 4096 bytes holds, and the rest is lost`, () => {
    using load = new Loaded();
    const seen = noteSequences(load.pipe);
    const odd = 0xaaaaaaaaaaaaaaaan;
    load.program.emit({ count, discards: odd });
    load.pipe.consume();
    const fits = Math.min(count, FITS);
    assertEquals(seen, range(0, fits).filter((n) => n % 2 === 0));
    assertEquals(load.program.counters(), {
      produced: count,
      refused: count - fits,
      discarded: Math.floor(fits / 2),
    });
    assertEquals(load.pipe.statistics().lost, count - fits);
    load.pipe.consume();
    assertEquals(seen.length, Math.ceil(fits / 2), "and nothing more");
    assertAccounted(load.pipe, load.program);
  });
}

ringbufTest("the longest event a ring ever takes is what the source says", () => {
  for (const bytes of [4096, 8192]) {
    using load = new Loaded(bytes);
    const sizes: number[] = [];
    load.pipe.register({ name: "note", process: (event) => void sizes.push(event.size) });
    const longest = load.source.maxPayloadBytes;
    assertEquals(longest, bytes - 20);
    for (let lap = 1; lap <= 5; lap++) {
      load.program.emit({ dataBytes: longest + 4 });
      load.program.emit({ dataBytes: 0 });
      assertEquals(load.program.counters().refused, 2 * lap - 1, "nothing fits beside it");
      load.pipe.consume();
      load.program.emit({ dataBytes: longest + 5 });
      assertEquals(load.program.counters().refused, 2 * lap);
      assertEquals(sizes, Array(lap).fill(longest));
    }
  }
});

ringbufTest(
  "losses are what the program counted since the source was opened, whatever the map of the counter",
  () => {
    using program = new RingProgram({ bytes: RING });
    program.emit({ count: FITS + 7 });
    for (const counter of [program.lossCounter, { map: program.object.map("refused") }]) {
      const source = RingbufSource.open({ maps: [program.object.map("events")], lossCounters: [counter] });
      using pipe = EventPipe.open({ source });
      assertEquals([source.countsLosses, source.lost(0)], [true, 0]);
      onCpu(firstCpu, () => program.emit({ count: 5 }));
      onCpu(lastCpu, () => program.emit({ count: 6 }));
      assertEquals(source.lost(0), 11);
      pipe.close();
      assertEquals([pipe.statistics().lost, pipe.statistics().left], [11, FITS]);
    }
  },
);

ringbufTest("a run with overruns, discards, unknown categories and a rest accounts for every event", () => {
  using load = new Loaded(8192);
  const seen = noteSequences(load.pipe, (count) => count % 97 === 0 ? 1 : 0);
  for (let lap = 0; lap < 60; lap++) {
    load.program.emit({ count: 100 + lap, discards: 0x8421n });
    load.program.emit({ count: lap % 7, category: 3 });
    load.program.emit({ count: 3, dataBytes: 60 + 40 * lap });
    load.pipe.poll(0);
  }
  load.program.emit({ count: 30 });
  load.pipe.close();
  const { lost, left, unknown } = load.pipe.statistics();
  for (const term of [lost, left, unknown, seen.length]) assertGreater(term, 0);
  assertEquals(load.program.counters().refused, lost);
  assertAccounted(load.pipe, load.program);
});

ringbufTest("without a counter losses are not known, and source and statistics say so", () => {
  using program = new RingProgram({ bytes: RING });
  const source = RingbufSource.open({ maps: [program.object.map("events")] });
  using pipe = EventPipe.open({ source });
  const seen = noteSequences(pipe);
  program.emit({ count: FITS + 1 });
  pipe.consume();
  assertEquals(source.countsLosses, false);
  assertEquals(assertThrows(() => source.lost(0), EventPipeError, "lossCounters").code, "NOT_SUPPORTED");
  assertEquals([seen.length, pipe.statistics().exact], [FITS, false]);
});

ringbufTest("records from before the pipe was opened are the first that are read", () => {
  using program = new RingProgram({ bytes: RING });
  program.emit({ count: 3 });
  using pipe = EventPipe.open({ source: sourceOf(program) });
  const seen = noteSequences(pipe);
  assertEquals(pipe.poll(-1), 0);
  assertEquals([seen, pipe.statistics().wakeups], [range(0, 3), 1]);
});

ringbufTest("a wait that finds nothing ends after its time, again and again, and then with an event", () => {
  using load = new Loaded();
  const seen = noteSequences(load.pipe);
  for (const timeoutMs of [0, 1, 0, 1]) assertEquals(load.pipe.poll(timeoutMs), 0);
  assertEquals(load.pipe.statistics().wakeups, 0);
  load.program.emit();
  load.pipe.poll(-1);
  assertEquals([seen, load.pipe.statistics().wakeups], [[0], 1]);
});

for (const waiter of ["epoll", "poll"] as const) {
  ringbufTest(`${waiter}: events submitted with NO_WAKEUP wake nobody, and are read after the wait`, () => {
    using load = new Loaded(RING, { waiter });
    const seen = noteSequences(load.pipe);
    load.program.emit({ count: 2, flags: BPF_RB_NO_WAKEUP });
    load.pipe.poll(1);
    assertEquals(seen, [0, 1]);
    // poll(2) looks at the ring when it is called; epoll knows only what it was told.
    assertEquals(load.pipe.statistics().wakeups, waiter === "epoll" ? 0 : 1);
  });
}

ringbufTest(
  "events behind one that woke nobody wake nobody either, until one is submitted with FORCE_WAKEUP",
  () => {
    using load = new Loaded();
    const seen = noteSequences(load.pipe);
    load.program.emit({ count: 1, flags: BPF_RB_NO_WAKEUP });
    load.program.emit({ count: 2 });
    load.pipe.poll(1);
    assertEquals([seen, load.pipe.statistics().wakeups], [range(0, 3), 0]);

    load.program.emit({ count: 1, flags: BPF_RB_NO_WAKEUP });
    load.program.emit({ count: 4 });
    load.program.emit({ count: 1, flags: BPF_RB_FORCE_WAKEUP });
    load.pipe.poll(-1);
    assertEquals([seen, load.pipe.statistics().wakeups], [range(0, 9), 1]);
  },
);

ringbufTest("a reader that has caught up is woken once for a burst, and by the next event", () => {
  using load = new Loaded();
  const seen = noteSequences(load.pipe);
  for (let burst = 1; burst <= 20; burst++) {
    load.program.emit({ count: burst });
    load.pipe.poll(-1);
    assertEquals(load.pipe.statistics().wakeups, burst);
  }
  assertEquals(seen, range(0, 210));
});

ringbufTest(
  "a number that a handler returns ends the drain behind its event, and the next one goes on there",
  () => {
    using load = new Loaded();
    const seen = noteSequences(load.pipe, (count) => count === 3 ? -7 : 0);
    load.program.emit({ count: FITS });
    assertEquals(load.pipe.poll(-1), -7);
    assertEquals(seen, [0, 1, 2]);
    load.program.emit({ count: 4 });
    assertEquals(load.source.lost(0), 1, "three records were given back");
    assertEquals(load.pipe.poll(-1), 0);
    assertEquals(seen, [...range(0, FITS), ...range(FITS, FITS + 3)]);
  },
);

ringbufTest(
  "a reserved record holds back those behind it, and comes before them once it is submitted",
  () => {
    using load = new Loaded();
    const seen = noteSequences(load.pipe);
    load.program.emit({ count: 2 });
    load.program.hold(worker);
    load.program.emit({ count: 3 });
    load.pipe.poll(0);
    assertEquals([seen, load.pipe.statistics().wakeups], [[0, 1], 1]);
    load.pipe.consume();
    assertEquals(seen, [0, 1]);
    load.program.release(worker);
    load.pipe.poll(-1);
    assertEquals(seen, range(0, 6));
    assertAccounted(load.pipe, load.program);
  },
  { twoCpus: true },
);

ringbufTest("several maps of different sizes are the rings of one pipe", () => {
  using first = new RingProgram({ bytes: 4096 });
  using second = new RingProgram({ bytes: 16384 });
  using third = new RingProgram({ bytes: 8192 });
  const source = sourceOf(first, second, third);
  using pipe = EventPipe.open({ source });
  const seen = noteSequences(pipe);
  const others = noteSequences(pipe);
  assertEquals([source.cpus, source.maxPayloadBytes], [[-1, -1, -1], 4096 - 20]);
  second.emit({ count: 300 });
  third.emit({ count: 2, category: 1 });
  pipe.poll(-1);
  assertEquals([seen, others], [range(0, 300), [0, 1]]);
  first.emit({ count: 200 });
  third.emit({ count: 1, category: 1 });
  pipe.poll(-1);
  assertEquals([seen, others], [[...range(0, 300), ...range(0, FITS)], [0, 1, 2]]);
  first.emit({ count: 1 });
  third.emit({ count: 7 });
  pipe.close();
  assertEquals(
    pipe.statistics().cpus.map(({ events, lost, left, wakeups }) => [events, lost, left, wakeups]),
    [[FITS, 200 - FITS, 1, 1], [300, 0, 0, 1], [3, 0, 7, 2]],
  );
  assertAccounted(pipe, first, second, third);
});

ringbufTest("the caller may close his maps once the source is open", () => {
  const program = new RingProgram({ bytes: RING });
  const other = BpfObject.open(testProgram("ringbuf"));
  other.map("events").reuseFd(program.object.map("events").fd);
  other.map("counters").reuseFd(program.object.map("counters").fd);
  other.load();
  using _other = other;
  program.emit({ count: 2 });
  const source = sourceOf(program);
  program[Symbol.dispose]();
  using pipe = EventPipe.open({ source });
  const seen = noteSequences(pipe);
  assertEquals(pipe.poll(-1), 0);
  assertEquals(seen, [0, 1]);
  assertEquals(pipe.statistics().lost, 0);
});

ringbufTest("a map of the source's own is put into an object's place before it is loaded", () => {
  const source = RingbufSource.open({ ringBytes: 8192 });
  using pipe = EventPipe.open({ source, dispatchBy: "all", unknown: "throw" });
  using program = new RingProgram({ mapFd: source.mapFd });
  let events = 0;
  pipe.register({ name: "count", process: (event) => void (events += event.size === EVENT_BYTES ? 1 : 0) });
  program.emit({ count: 1000 });
  pipe.consume();
  assertEquals(events, Math.floor(8191 / RECORD_BYTES));
});

ringbufTest("what was not read stays in the map for its next reader", () => {
  using program = new RingProgram({ bytes: RING });
  const seen: number[][] = [];
  for (let reader = 0; reader < 3; reader++) {
    using pipe = EventPipe.open({ source: sourceOf(program) });
    program.emit({ count: 4 });
    seen.push(noteSequences(pipe, (count) => count === 3 ? 1 : 0));
    assertEquals(pipe.poll(-1), 1);
    pipe.close();
    assertEquals(pipe.statistics().left, reader + 1);
  }
  assertEquals(seen, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
});

const bpffs = findMount("bpffs");

ringbufTest("a pinned map that is opened again goes on mid-stream", () => {
  const path = `${bpffs}/eventpipe_test_${Deno.pid}`;
  using cleanup = new DisposableStack();
  using program = new RingProgram({ bytes: RING });
  pinMap(program.object.map("events"), path);
  cleanup.defer(() => Deno.removeSync(path));
  const read = (): { seen: number[]; result: number } => {
    using map = openPinnedMap(path);
    assertEquals(map.maxEntries, RING);
    const source = RingbufSource.open({ maps: [map], lossCounters: [program.lossCounter] });
    using pipe = EventPipe.open({ source });
    const seen = noteSequences(pipe, (count) => count === 2 ? 9 : 0);
    const result = pipe.poll(-1);
    return { seen, result };
  };
  program.emit({ count: 4 });
  assertEquals(read(), { seen: [0, 1], result: 9 });
  program.emit({ count: 2 });
  assertEquals(read(), { seen: [2, 3], result: 9 });
  using map = openPinnedMap(path);
  using pipe = EventPipe.open({
    source: RingbufSource.open({ maps: [map], lossCounters: [program.lossCounter] }),
  });
  const seen = noteSequences(pipe);
  pipe.poll(-1);
  assertEquals(seen, [4, 5], "exactly the two that were left and the two new ones");
}, { trait: bpffs === null ? "bpffs is not mounted" : null });

ringbufTest("a writer that hammers never leaves a reader that waits asleep", () => {
  for (const waiter of ["epoll", "poll"] as const) {
    using load = new Loaded(65536, { waiter });
    let [events, next] = [0, 0];
    load.pipe.register({
      name: "check",
      process(event): void {
        const sequence = event.u64(LOAD_EVENT.sequence);
        assert(sequence >= next);
        next = sequence + 1;
        events++;
      },
    });
    const total = 20_000;
    const limitMs = 10_000;
    load.program.emitElsewhere(worker, total);
    while (events + load.source.lost(0) < total) {
      const start = performance.now();
      load.pipe.poll(limitMs);
      assertLess(performance.now() - start, limitMs, "an event was there and nothing woke the reader");
    }
    worker.wait();
    assertGreater(load.pipe.statistics().wakeups, 0);
    assertAccounted(load.pipe, load.program);
  }
}, { twoCpus: true });

ringbufTest("run delivers events of a ring as they come", async () => {
  using load = new Loaded();
  const ended = new AbortController();
  const seen = noteSequences(load.pipe, (count) => count === 5 ? ended.abort() : undefined);
  const running = load.pipe.run({ signal: ended.signal });
  load.program.emit({ count: 5 });
  assertEquals(await running, 0);
  assertEquals(seen, range(0, 5));
});

ringbufTest("4 GiB go through a ring of 1 MiB: the positions pass 2^32 and the kernel goes on", () => {
  using load = new Loaded(1024 * 1024);
  let events = 0;
  load.pipe.register({ name: "count", process: () => void events++ });
  const dataBytes = 16384 - 8; // records of 16 KiB
  for (let emitted = 0; emitted < 2 ** 18 + 128; emitted += 64 - 1) {
    load.program.emit({ count: 64 - 1, dataBytes });
    load.pipe.consume();
  }
  assertEquals(load.program.counters(), { produced: events, refused: 0, discarded: 0 });
  assertGreater(events, 2 ** 18);
  load.program.emit({ count: 100, dataBytes });
  assertEquals(load.source.lost(0), 100 - 63);
});

ringbufTest("after close the rings' buffer is detached, and what was kept of it throws", () => {
  using load = new Loaded();
  const kept: Event[] = [];
  load.pipe.register({ name: "keep", process: (event) => void kept.push(event, event.copy()) });
  load.program.emit();
  load.pipe.poll(-1);
  const buffer = load.source.buffer as ArrayBuffer;
  const view = new DataView(buffer);
  assertEquals(view.getBigUint64(0, true), BigInt(RECORD_BYTES), "the consumer's position");
  load.pipe.close();
  assertEquals([buffer.byteLength, buffer.detached, load.source.buffer.byteLength], [0, true, 0]);
  assertThrows(() => view.getBigUint64(0, true), TypeError);
  assertEquals(assertThrows(() => kept[0]!.u32(0), EventPipeError).code, "STALE_EVENT");
  assertEquals(kept[1]!.u64(LOAD_EVENT.sequence), 0, "a copy stays");
});

ringbufTest("events behind the close are in no count, and stay in the map", () => {
  using load = new Loaded();
  const seen = noteSequences(load.pipe);
  load.program.emit({ count: 2 });
  load.pipe.close();
  const closed = load.pipe.statistics();
  assertEquals([closed.left, seen], [2, []]);
  load.program.emit({ count: FITS });
  assertEquals(load.program.counters(), { produced: FITS + 2, refused: 2, discarded: 0 });
  assertEquals(load.pipe.statistics(), closed);
});

ringbufTest("a closed source is released, at every call, and refuses to be used", () => {
  using program = new RingProgram({ bytes: RING });
  const before = openResources();
  const source = sourceOf(program);
  source.close();
  source.close();
  source.stop();
  assertEquals(openResources(), before);
  for (
    const use of [
      () => source.start(),
      () => source.mapFd,
      () => source.readiness,
      () => source.openScanner(),
      () => source.lost(0),
    ]
  ) {
    assertEquals(assertThrows(use, EventPipeError).code, "CLOSED");
  }
});

ringbufTest("a ring cannot be paused, which is a TypeError that says so", () => {
  using load = new Loaded();
  assertThrows(() => load.source.pause(), TypeError, "Cannot pause a BPF ring buffer");
  load.source.resume();
  assertEquals([load.source.paused, load.source.overwritable], [false, false]);
});

ringbufTest("a map that a source reads is refused to another, until the first one is closed", () => {
  using program = new RingProgram({ bytes: RING });
  const map = program.object.map("events");
  const before = openResources();
  assertThrows(() => RingbufSource.open({ maps: [map, map] }), TypeError, "another source reads it");
  assertEquals(openResources(), before);
  const source = RingbufSource.open({ maps: [map] });
  assertThrows(() => RingbufSource.open({ maps: [map] }), TypeError, "another source reads it");
  source.close();
  RingbufSource.open({ maps: [map] }).close();
});

ringbufTest("a map of another type is a TypeError that names the type", () => {
  using program = new RingProgram({ bytes: RING });
  const perf = PerfSource.open({ cpus: [firstCpu] });
  try {
    for (
      const [map, message] of [
        [{ fd: perf.mapFd, maxEntries: RING }, "BPF_MAP_TYPE_PERF_EVENT_ARRAY (4); open it with PerfSource"],
        [
          { fd: program.object.map("refused").fd, maxEntries: RING },
          "BPF_MAP_TYPE_RINGBUF (27), its type is 2",
        ],
      ] as const
    ) {
      const before = openResources();
      const maps = [program.object.map("events"), map];
      assertStringIncludes(assertThrows(() => RingbufSource.open({ maps }), TypeError).message, message);
      assertEquals(openResources(), before);
    }
  } finally {
    perf.close();
  }
});

kernelTest("a file that is no map is an error that says so", () => {
  const fd = libc().eventfd(0, 0);
  const maps = [{ fd, maxEntries: RING }];
  try {
    assertThrows(() => RingbufSource.open({ maps }), TypeError, `file descriptor ${fd} is no BPF map`);
    assertThrows(() => pinMap({ fd }, "/sys/fs/bpf/none"), TypeError, "it is no BPF map");
  } finally {
    libc().close(fd);
  }
  assertThrows(() => RingbufSource.open({ maps }), EventPipeError, "EBADF");
  assertThrows(
    () => RingbufSource.open({ maps: [{ fd: 0.5, maxEntries: RING }] }),
    RangeError,
    "0.5 is no file",
  );
});

for (
  const [what, options, error, message] of [
    ["a ring smaller than a page", { ringBytes: 2048 }, RangeError, "between 4096 (one page) and 536870912"],
    ["a ring that is no power of two", { ringBytes: 12288 }, RangeError, "a power of two"],
    ["a ring of 1 GiB", { ringBytes: 2 ** 30 }, RangeError, "536870912"],
    ["no map", { maps: [] }, TypeError, "an array of at least one map"],
    [
      "a map in the place of several",
      { maps: { fd: 0, maxEntries: 4096 } },
      TypeError,
      "such as [object.map",
    ],
    ["maps and a size", { maps: [{ fd: 0, maxEntries: 4096 }], ringBytes: 4096 }, TypeError, "not both"],
    ["a map of a wrong size", { maps: [{ fd: 0, maxEntries: 4095 }] }, RangeError, "a power of two"],
    ["too many counters", { lossCounters: [{ map: { fd: 0 } }, { map: { fd: 0 } }] }, TypeError, "1 rings"],
    ["too few counters", { lossCounters: [] }, TypeError, "current value has 0"],
  ] as const
) {
  kernelTest(`${what} is a ${error.name} that says so`, () => {
    const open = (): RingbufSource => RingbufSource.open(options as unknown as RingbufSourceOptions);
    assertStringIncludes(assertThrows(open, error).message, message);
  });
}

ringbufTest("a size that is not the map's is a RangeError that names both", () => {
  using program = new RingProgram({ bytes: 8192 });
  const { fd } = program.object.map("events");
  const open = (): RingbufSource => RingbufSource.open({ maps: [{ fd, maxEntries: 4096 }] });
  assertThrows(open, RangeError, "its ring has 8192 bytes, but maxEntries is 4096");
});

ringbufTest("a counter of losses that is none is an error that says so", () => {
  using program = new RingProgram({ bytes: RING });
  const { object } = program;
  const before = openResources();
  for (
    const [map, key, error, message] of [
      [object.map("scratch"), 0, TypeError, "its type is 6 and its values have 16384"],
      [object.map("events"), 0, TypeError, "values of 8 bytes, its type is 27"],
      [object.map("counters"), 3, RangeError, "key must be an integer from 0 to 2, current value is 3"],
      [object.map("counters"), 0.5, RangeError, "current value is 0.5"],
      [object.map("refused"), -1, RangeError, "from 0 to 0, current value is -1"],
      [{ fd: -1 }, 0, RangeError, "-1 is no file descriptor"],
    ] as const
  ) {
    const open = (): RingbufSource =>
      RingbufSource.open({ maps: [object.map("events")], lossCounters: [{ map, key }] });
    assertStringIncludes(assertThrows(open, error).message, message);
    assertEquals(openResources(), before);
  }
});
