/** Recording the kernel's own rings: a replay sees the same events and counts, whatever happened in them. */

import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { LoadGenerator } from "../../../bench/load_generator.ts";
import {
  BpfObject,
  type EventHandler,
  EventPipe,
  type EventPipeOptions,
  PerfSource,
  RingbufSource,
  type Source,
  type Statistics,
  TracepointSource,
} from "../../../mod.ts";
import { TestRun } from "../../../src/object/test_run.ts";
import { Replay, RingRecorder, type RingRecorderOptions } from "../../../src/record/mod.ts";
import { kernelTest, onCpu, testCpus, testProgram } from "../_kernel.ts";
import { Producers } from "../_load.ts";

const RING = 16384;
const [firstCpu = 0, secondCpu = firstCpu] = testCpus;
const needs = { programs: ["record"] };

/** More than the size in a record's header can say. */
const OVERSIZE = 70_000;

/** A handler that notes all bytes of the events it sees. */
function noting(name: string, seen: string[]): EventHandler {
  return { name, process: (event) => void seen.push(`${event.cpu}: ${event.bytes(0, event.size).toHex()}`) };
}

/** Counts that a replay must have in common with the recorded pipe: all but how often a waiter woke. */
function comparable(statistics: Statistics): Statistics {
  return { ...statistics, wakeups: 0, cpus: statistics.cpus.map((cpu) => ({ ...cpu, wakeups: 0 })) };
}

/** A pipe that is recorded, and what its handlers of categories 0 and 1 saw. */
class Recorded implements Disposable {
  readonly pipe: EventPipe;
  readonly seen: string[] = [];
  readonly losses: string[] = [];
  readonly path: string;
  readonly #recorder: RingRecorder;
  readonly #folder = Deno.makeTempDirSync({ prefix: "eventpipe-record-" });
  readonly #options: Omit<EventPipeOptions, "source">;

  constructor(
    source: Source,
    options: Omit<RingRecorderOptions, "source">,
    pipeOptions: Omit<EventPipeOptions, "source"> = {},
  ) {
    this.path = `${this.#folder}/test.rings`;
    this.#options = pipeOptions;
    this.#recorder = RingRecorder.create(this.path, { ...options, source });
    this.pipe = EventPipe.open({
      ...pipeOptions,
      source,
      tap: this.#recorder,
      onLost: (cpu, count) => void this.losses.push(`${cpu}: ${count}`),
    });
    for (const name of ["first", "second"]) this.pipe.register(noting(name, this.seen));
  }

  /** Closes the pipe and finishes the recording. What was counted. */
  finish(): Statistics {
    this.pipe.close();
    const statistics = this.pipe.statistics();
    this.#recorder.finish(statistics);
    return statistics;
  }

  /** Finishes the recording and expects its replay to be the same. What was counted. */
  assertReplay(): Statistics {
    const statistics = this.finish();
    using replay = Replay.open(this.path);
    assertEquals(replay.end, { state: "complete" });
    const [seen, losses]: [string[], string[]] = [[], []];
    using pipe = EventPipe.open({
      ...this.#options,
      source: replay.source,
      onLost: (cpu, count) => void losses.push(`${cpu}: ${count}`),
    });
    for (const name of ["first", "second"]) pipe.register(noting(name, seen));
    assertEquals(replay.run(pipe), 0);
    pipe.close();
    assertEquals(seen, this.seen);
    assertEquals(losses, this.losses);
    assertEquals(pipe.statistics(), comparable(statistics));
    return statistics;
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    this.#recorder.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

kernelTest("a run with losses, unknown events and an oversize output is replayed as it was", () => {
  const source = PerfSource.open({
    ringBytes: RING,
    cpus: [...new Set([firstCpu, secondCpu])],
    wakeupEvents: 64,
  });
  using recorded = new Recorded(source, { ringBytes: RING });
  using generator = new LoadGenerator(source.mapFd);
  using object = BpfObject.open(testProgram("record"));
  object.map("events").reuseFd(source.mapFd);
  object.load();
  object.map("payload").update(new Uint8Array(4), new Uint8Array(80_000).fill(0xcc));
  const oversize = new TestRun(object.program("oversize").fd, 1);
  const producers = new Producers(generator);
  const emit = (cpu: number, category: number, count: number, payloadBytes: number): void =>
    producers.emit({ cpu, category, count, payloadBytes, fill: true });

  for (let round = 0; round < 6; round++) {
    emit(firstCpu, 0, 100 + 100 * round, 36 + 4 * round);
    emit(secondCpu, round % 3, 70, 100);
    emit(firstCpu, 1, 3, 2000);
    recorded.pipe.consume();
  }
  // Its size is cut to 16 bits: the ring's unread records are overwritten, and the head stands among them.
  emit(firstCpu, 0, 50, 36);
  oversize.context[0] = BigInt(OVERSIZE);
  assertEquals(onCpu(firstCpu, () => oversize.run()), 0);
  recorded.pipe.consume();
  emit(firstCpu, 0, 20, 36);
  emit(secondCpu, 0, 20, 36);
  recorded.pipe.poll(0);
  emit(firstCpu, 0, 1000, 36); // losses behind the last event, which stand in no record
  recorded.pipe.consume();

  const { dispatched, unknown, lost, left, corrupt, exact } = recorded.assertReplay();
  assertGreater(Math.min(dispatched, unknown, lost, corrupt), 0);
  assertEquals([left, exact], [0, false]);
}, needs);

kernelTest("events left in the rings at close are left in the rings of the replay", () => {
  const source = PerfSource.open({ ringBytes: RING, cpus: [firstCpu] });
  using recorded = new Recorded(source, { ringBytes: RING });
  using generator = new LoadGenerator(source.mapFd);
  const producers = new Producers(generator);
  producers.emit({ cpu: firstCpu, count: 10 });
  recorded.pipe.consume();
  producers.emit({ cpu: firstCpu, count: 5 });
  const { dispatched, left } = recorded.assertReplay();
  assertEquals([dispatched, left], [10, 5]);
});

kernelTest("a BPF ring buffer with discarded records is replayed as it was", () => {
  using object = BpfObject.open(testProgram("record"));
  object.load();
  const map = object.map("calls");
  const source = RingbufSource.open({ maps: [map] });
  using recorded = new Recorded(source, { ringBytes: map.maxEntries });
  const call = new TestRun(object.program("call").fd, 1);
  for (let i = 0; i < 5000; i++) {
    call.context[0] = BigInt(i);
    assertEquals(call.run(), 0);
    if (i % 700 === 0) recorded.pipe.consume();
  }
  recorded.pipe.consume();
  const { dispatched, unknown, cpus: [ring] } = recorded.assertReplay();
  assertEquals([dispatched + unknown, ring!.skipped], [3750, 1250]);
}, needs);

kernelTest("samples of tracepoints are replayed whole", async () => {
  const id = Number(await Deno.readTextFile("/sys/kernel/tracing/events/sched/sched_process_exec/id"));
  const source = TracepointSource.open({ ids: [id], ringBytes: 65536, watermarkBytes: 4096 });
  using recorded = new Recorded(
    source,
    { ringBytes: 65536, samples: "whole", dispatchBy: "all" },
    { dispatchBy: "all" },
  );
  await new Deno.Command("/bin/true", { stdin: "null", stdout: "null", stderr: "null" }).output();
  recorded.pipe.consume();
  assertGreater(recorded.assertReplay().dispatched, 0);
}, { tracefs: true });

kernelTest("the header tells the kernel, its page size and the time of day of its clock", () => {
  const source = PerfSource.open({ ringBytes: RING, cpus: [firstCpu] });
  using recorded = new Recorded(source, { ringBytes: RING });
  using generator = new LoadGenerator(source.mapFd);
  let time = 0;
  const category = recorded.pipe.register({ name: "time", process: (event) => void (time = event.time) });
  const before = Date.now();
  new Producers(generator).emit({ cpu: firstCpu, count: 1, category });
  const after = Date.now();
  recorded.pipe.consume();
  recorded.finish();
  using replay = Replay.open(recorded.path);
  const { source: kind, ring, rings, kernel, pageBytes, wallOffsetNs } = replay.header;
  assertEquals([kind, ring, rings], ["kernel", "perf", [{ cpu: firstCpu, bytes: RING }]]);
  assertEquals(kernel, Deno.osRelease());
  assertEquals(pageBytes % 4096, 0);
  const wallMs = Number((BigInt(time) + wallOffsetNs!) / 1_000_000n);
  assert(wallMs >= before - 2 && wallMs <= after + 2, `${wallMs} is not between ${before} and ${after}`);
});

kernelTest("what was recorded survives a process that dies, up to the last flush", async () => {
  const script = fileURLToPath(new URL("_dying.ts", import.meta.url));
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-record-" });
  try {
    const { signal } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, `${folder}/a`],
      stdin: "null",
    }).output();
    assertEquals(signal, "SIGKILL");
    using replay = Replay.open(`${folder}/a`);
    assertStringIncludes(replay.end.state, "cut");
    using pipe = EventPipe.open({ source: replay.source });
    const seen: string[] = [];
    pipe.register(noting("any", seen));
    assertEquals([replay.run(pipe), seen.length, replay.statistics], [0, 40, null]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
