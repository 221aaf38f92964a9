/** Overwritable kernel rings: the newest events are there when somebody wants to know, however many there were. */

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { type EventPipeOptions, PerfSource, type PerfSourceOptions } from "../../../mod.ts";
import { LOAD_EVENT } from "../../../src/abi/event.ts";
import { EventCheck } from "../../contract/pipe_contract.ts";
import { runChild } from "../_child.ts";
import { kernelTest, testCpus } from "../_kernel.ts";
import { LoadedPipe } from "../_load.ts";

const [cpu = 0, secondCpu = 1] = testCpus;
const RING_BYTES = 4096;

/** The load generator's default event: 36 bytes, a record of 48. */
const RECORD_BYTES = 48;
const HELD = Math.floor(RING_BYTES / RECORD_BYTES);

function open(
  source: PerfSourceOptions = {},
  pipe: Omit<EventPipeOptions, "source"> = {},
): { load: LoadedPipe; seen: number[] } {
  const load = LoadedPipe.open({ ringBytes: RING_BYTES, overwritable: true, cpus: [cpu], ...source }, pipe);
  const seen: number[] = [];
  load.pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
  return { load, seen };
}

/** The numbers from `first` on. */
function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Reads what is in the rings. */
function read({ source, pipe }: LoadedPipe): void {
  source.pause();
  pipe.consume();
  source.resume();
}

kernelTest("one event more than the ring holds: exactly the newest are delivered, the oldest first", () => {
  const { load, seen } = open();
  using _load = load;
  load.emit({ count: HELD + 1 });
  assertEquals(load.generator.counters(), { produced: HELD + 1, refused: {} });
  read(load);
  assertEquals(seen, range(1, HELD));
  assertEquals([load.source.lost(0), load.source.overwrittenBytes(0)], [0, RECORD_BYTES]);
});

kernelTest("events that fill the ring to its last byte are all delivered", () => {
  const { load, seen } = open();
  using _load = load;
  load.emit({ count: RING_BYTES / 64, payloadBytes: 52 });
  read(load);
  assertEquals([seen, load.source.overwrittenBytes(0)], [range(0, RING_BYTES / 64), 0]);
});

kernelTest("a ring that is read while it is written is a TypeError, and reading it paused goes on", () => {
  const { load, seen } = open();
  using _load = load;
  load.emit({ count: 2 });
  assertThrows(
    () => load.pipe.consume(),
    TypeError,
    "Cannot read overwritable rings: they are being written",
  );
  read(load);
  assertThrows(() => load.pipe.consume(), TypeError, "pause the pipe first");
  assertEquals(seen, [0, 1]);
});

kernelTest("an empty ring that is paused has nothing, and resumed it takes events", () => {
  const { load, seen } = open();
  using _load = load;
  load.source.pause();
  load.pipe.consume();
  assertEquals(load.pipe.poll(0), 0);
  load.source.resume();
  load.emit({ count: 1 });
  read(load);
  assertEquals(seen, [0]);
});

kernelTest("a second reading delivers only what is new", () => {
  const { load, seen } = open();
  using _load = load;
  let next = 0;
  for (const count of [5, 0, HELD, 1, HELD + 7, 3]) {
    seen.length = 0;
    load.emit({ count });
    next += count;
    read(load);
    const held = Math.min(count, HELD);
    assertEquals(seen, range(next - held, held));
    read(load);
    assertEquals(seen.length, held);
  }
  assertEquals(load.source.overwrittenBytes(0), 7 * RECORD_BYTES);
});

kernelTest("a paused ring refuses, counts, and tells the loss in front of the next event", () => {
  const told: string[] = [];
  const { load } = open({}, { onLost: (_, count) => void told.push(`lost ${count}`) });
  using _load = load;
  load.pipe.register({
    name: "tell",
    process: (event) => void told.push(`${event.u64(LOAD_EVENT.sequence)}`),
  });
  load.emit({ count: 1, category: 1 });
  load.source.pause();
  load.emit({ count: 7, category: 1 });
  assertEquals(load.generator.counters(), { produced: 8, refused: { ENOSPC: 7 } });
  load.source.resume();
  load.emit({ count: 2, category: 1 });
  read(load);
  assertEquals(told, ["0", "lost 7", "8", "9"]);
  load.pipe.close();
  const { dispatched, lost, left } = load.pipe.statistics();
  assertEquals([dispatched, lost, left], [3, 7, 0]);
});

kernelTest("events of every length are whole over many laps, wherever the end of the ring cuts them", () => {
  using load = LoadedPipe.open({ ringBytes: RING_BYTES, overwritable: true, cpus: [cpu] });
  const check = new EventCheck(true);
  load.pipe.register({ name: "check", process: (event) => check.check(event, 0) });
  let held = 0;
  for (let payloadBytes = 36; payloadBytes <= 1036; payloadBytes += 8) {
    const count = payloadBytes % 3 === 0 ? 130 : 5;
    load.emit({ count, payloadBytes, fill: true });
    read(load);
    held += Math.min(count, Math.floor(RING_BYTES / (payloadBytes + 12)));
  }
  assertEquals(check.events, held);
  load.pipe.close();
  assertEquals(load.pipe.statistics().corrupt, 0);
});

kernelTest("the longest event a ring can take is delivered, and one that overwrites itself is not", () => {
  const { load, seen } = open();
  using _load = load;
  load.emit({ count: 2, payloadBytes: load.source.maxPayloadBytes });
  read(load);
  assertEquals(seen, [1]);
  load.emit({ count: 1, payloadBytes: RING_BYTES + 4 });
  load.source.pause();
  load.pipe.consume();
  assertEquals(seen, [1]);
  load.source.resume();
  load.emit({ count: 200 });
  read(load);
  assertEquals(seen.slice(1), range(203 - HELD, HELD));
});

kernelTest("each CPU has a ring of its own that overwrites its own", () => {
  using load = LoadedPipe.open({ ringBytes: RING_BYTES, overwritable: true, cpus: [cpu, secondCpu] });
  const seen: Record<number, number[]> = { [cpu]: [], [secondCpu]: [] };
  load.pipe.register({
    name: "note",
    process: (event) => void seen[event.cpu]!.push(event.u64(LOAD_EVENT.sequence)),
  });
  load.emit({ cpu, count: HELD + 10 });
  load.emit({ cpu: secondCpu, count: 4 });
  read(load);
  assertEquals(seen, { [cpu]: range(10, HELD), [secondCpu]: range(0, 4) });
  assertEquals([0, 1].map((ring) => load.source.overwrittenBytes(ring)), [10 * RECORD_BYTES, 0]);
}, { twoCpus: true });

kernelTest("a handler that ends the reading leaves the rest for the next one, also behind a resume", () => {
  using load = LoadedPipe.open({ ringBytes: RING_BYTES, overwritable: true, cpus: [cpu] });
  const seen: number[] = [];
  load.pipe.register({
    name: "stop",
    process(event): number {
      seen.push(event.u64(LOAD_EVENT.sequence));
      return seen.length % 10 === 0 ? 1 : 0;
    },
  });
  load.emit({ count: 40 });
  load.source.pause();
  assertEquals([load.pipe.consume(), load.pipe.consume(), seen], [1, 1, range(0, 20)]);
  load.source.resume();
  load.emit({ count: 70 }); // overwrites 0 to 24
  load.source.pause();
  while (load.pipe.consume() !== 0);
  assertEquals(seen, [...range(0, 20), ...range(25, HELD)]);
  assertEquals(load.source.overwrittenBytes(0), 5 * RECORD_BYTES);
});

kernelTest("a pipe that is closed without a pause counts what is left", () => {
  const { load } = open();
  using _load = load;
  load.emit({ count: 3 * HELD });
  load.pipe.close();
  const { dispatched, left, lost } = load.pipe.statistics();
  assertEquals([dispatched, left, lost], [0, HELD, 0]);
});

kernelTest("rings can be read after stop as after pause", () => {
  const { load, seen } = open();
  using _load = load;
  load.emit({ count: 2 });
  load.source.stop();
  load.pipe.consume();
  assertEquals(seen, [0, 1]);
});

kernelTest("stop after close does nothing", () => {
  const source = PerfSource.open({ overwritable: true, cpus: [cpu] });
  source.close();
  source.stop();
});

kernelTest("the mapping is read-only, and a lap of the ring wakes the reader once", () => {
  const { load } = open();
  using _load = load;
  const rings = Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) =>
    line.includes("perf_event")
  );
  assertEquals(rings.length, 1);
  assertMatch(rings[0]!, / r--s /);
  const wakeups: number[] = [];
  for (const count of [HELD, 1, HELD, 1]) {
    load.emit({ count });
    load.source.pause();
    load.pipe.poll(0);
    load.source.resume();
    wakeups.push(load.pipe.statistics().wakeups);
  }
  assertEquals(wakeups, [0, 1, 2, 2]);
});

kernelTest("thresholds make no sense and are a TypeError, other rings are not overwritable", () => {
  for (const options of [{ wakeupEvents: 1 }, { watermarkBytes: 1024 }]) {
    assertStringIncludes(
      assertThrows(() => PerfSource.open({ overwritable: true, ...options }), TypeError).message,
      "leave wakeupEvents and watermarkBytes out",
    );
  }
  assertThrows(
    () => PerfSource.open({ overwritable: 1 as unknown as boolean }),
    TypeError,
    "overwritable must be true or false, current value is 1",
  );
  for (const overwritable of [true, false]) {
    const source = PerfSource.open({ cpus: [cpu], overwritable });
    assertEquals([source.overwritable, source.overwrittenBytes(0)], [overwritable, 0]);
    source.close();
  }
});

kernelTest("events are merged by time over the rings of a snapshot", () => {
  using load = LoadedPipe.open({ ringBytes: RING_BYTES, overwritable: true, cpus: [cpu, secondCpu] }, {
    merge: { windowMs: 1000 },
  });
  const times: number[] = [];
  load.pipe.register({ name: "note", process: (event) => void times.push(event.time) });
  for (let i = 0; i < 20; i++) load.emit({ cpu: i % 2 === 0 ? cpu : secondCpu, count: 3 });
  load.source.pause();
  load.pipe.consume();
  assertEquals(times.length, 60);
  assertEquals(times, times.toSorted((a, b) => a - b));
}, { twoCpus: true });

kernelTest("a pipe does not wait for rings it may not read, and handlers cannot resume them", () => {
  using load = LoadedPipe.open({ ringBytes: RING_BYTES, overwritable: true, cpus: [cpu] });
  load.pipe.register({ name: "resume", process: () => load.pipe.resume() });
  assertThrows(() => load.pipe.poll(-1), TypeError, "pause the pipe first");
  load.emit({ count: 1 });
  load.pipe.pause();
  assertThrows(() => load.pipe.consume(), TypeError, "Cannot resume: a handler is being called");
  assertEquals([load.source.paused, load.pipe.consume()], [true, 0]);
});

kernelTest("the statistics tell what was overwritten, and a tap sees all that was read", () => {
  let bytes = 0;
  const positions: number[] = [];
  const tap: EventPipeOptions["tap"] = {
    onScanned(_ring, range): void {
      bytes += range.bytes;
      positions.push(range.position);
    },
  };
  const { load } = open({}, { tap });
  using _load = load;
  for (let round = 0; round < 2; round++) {
    load.emit({ count: 200 });
    read(load);
  }
  const held = HELD * RECORD_BYTES;
  assertEquals([bytes, positions], [2 * held, [200, 400].map((count) => count * RECORD_BYTES - held)]);
  load.pipe.close();
  const { exact, overwrittenBytes, cpus } = load.pipe.statistics();
  assertEquals([exact, overwrittenBytes], [false, 2 * (200 - HELD) * RECORD_BYTES]);
  assertEquals(cpus[0]!.overwrittenBytes, overwrittenBytes);
});

kernelTest("no output that was under way when the ring was paused overwrites what is read", async () => {
  const cpus = [cpu, secondCpu].map(String);
  const { code, lines, stderr } = await runChild("source/_pause_under_fire.ts", cpus);
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(lines[0]!), { moved: 0 });
}, { twoCpus: true });
