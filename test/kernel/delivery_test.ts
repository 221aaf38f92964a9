/** What a program outputs on any CPU arrives there, once and in its place; nobody else is heard of. */

import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { LoadGenerator } from "../../bench/load_generator.ts";
import { BpfObject, EventPipe, type EventPipeOptions, PerfSource } from "../../mod.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";
import { SYSCONF } from "../../src/abi/linux.ts";
import { libc } from "../../src/ffi/libc.ts";
import { TestRun } from "../../src/object/test_run.ts";
import { onlineCpus } from "../../src/source/cpus.ts";
import { kernelTest, onCpu, testCpus, testProgram } from "./_kernel.ts";
import { LoadedPipe, Producers } from "./_load.ts";
import { RingWorker } from "./source/_ringbuf.ts";

const [cpu = 0] = testCpus;

/** An event ends a wait long before; one that ends by itself has no wake-up in the statistics, or ends the test. */
const MANY_MS = 10_000;

const worker = await RingWorker.open();

/** A ring of the first CPU, and a program that outputs events of any size into it. */
class RawRing implements Disposable {
  readonly pipe: EventPipe;
  /** The sizes of events, and the losses between them. */
  readonly told: (number | string)[] = [];
  readonly #object: BpfObject;
  readonly #run: TestRun;

  constructor(ringBytes: number) {
    const source = PerfSource.open({ ringBytes, cpus: [cpu] });
    const onLost: EventPipeOptions["onLost"] = (_, count) => void this.told.push(`${count} lost`);
    this.pipe = EventPipe.open({ source, dispatchBy: "all", onLost });
    this.pipe.register({ name: "sizes", process: (event) => void this.told.push(event.size) });
    this.#object = BpfObject.open(testProgram("raw_output"));
    this.#object.map("events").reuseFd(source.mapFd);
    this.#object.load();
    this.#run = new TestRun(this.#object.program("raw_output").fd, 1);
  }

  /** Outputs an event; whether there was room. */
  output(payloadBytes: number): boolean {
    this.#run.context[0] = BigInt(payloadBytes);
    const result = onCpu(cpu, () => this.#run.run()) | 0;
    assert(result === 0 || result === -28, `the helper returned ${result}`);
    return result === 0;
  }

  [Symbol.dispose](): void {
    this.pipe.close();
    this.#object.close();
  }
}

const raw = { programs: ["raw_output"] };

kernelTest(
  "two short events in a ring of one page are read together, and behind them a wait finds nothing",
  () => {
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    using ring = new RawRing(pageBytes);
    for (let i = 0; i < 2; i++) assert(ring.output(5));
    assertEquals([ring.pipe.poll(MANY_MS), ring.told, ring.pipe.statistics().wakeups], [0, [12, 12], 1]);
    const start = performance.now();
    assertEquals(ring.pipe.poll(4), 0);
    assertGreaterOrEqual(performance.now() - start, 4);
    assertEquals(ring.told.length, 2);
  },
  raw,
);

kernelTest("two events of one run of a program are read together", () => {
  using load = LoadedPipe.open({ ringBytes: 4096, cpus: [cpu], wakeupEvents: 2 });
  const seen: number[] = [];
  load.pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
  load.emit({ count: 2 });
  assertEquals([load.pipe.poll(MANY_MS), seen, load.pipe.statistics().wakeups], [0, [0, 1], 1]);
});

for (const ringBytes of [4096, 8192, 16384, 65536]) {
  kernelTest(
    `of records of 192 bytes that fill ${ringBytes} bytes one more is lost, and told in front of a short one that fits`,
    () => {
      using ring = new RawRing(ringBytes);
      // 64 or 128 bytes stay free, less the one that always does: no room for 192, but for 24 of the loss and 32.
      const fits = Math.floor(ringBytes / 192);
      for (let i = 0; i < fits; i++) assert(ring.output(180));
      assert(!ring.output(180));
      assert(ring.output(20));
      ring.pipe.poll(0);
      assertEquals(ring.told, [...Array(fits).fill(180), "1 lost", 20]);
      assertEquals(ring.pipe.statistics().lost, 1);
    },
    raw,
  );
}

kernelTest(
  "on every CPU the ring's number is the one that the event carries, through poll and consume",
  () => {
    const cpus = onlineCpus();
    using load = LoadedPipe.open({ cpus });
    const seen: [ring: number, carried: number][] = [];
    for (let category = 0; category <= Math.max(...cpus); category++) {
      load.pipe.register({
        name: `CPU ${category}`,
        process: (event) => void seen.push([event.cpu, event.category]),
      });
    }
    const { readiness } = load.source;
    assert(readiness.kind === "fds");
    assertEquals([load.source.cpus, new Set(readiness.fds).size], [cpus, cpus.length]);
    for (const each of testCpus) {
      load.emit({ cpu: each, category: each });
      load.pipe.poll(100);
      assertEquals(seen.splice(0), [[each, each]]);
    }
    for (const each of testCpus) {
      for (let times = 0; times < 2; times++) {
        for (const emitting of testCpus) load.emit({ cpu: emitting, category: emitting });
        load.pipe.consume(cpus.indexOf(each));
        assertEquals(seen.splice(0), [[each, each]], "the other rings are left alone");
        load.pipe.consume();
        assertEquals(seen.splice(0).length, testCpus.length - 1);
      }
    }
  },
);

for (const dispatchBy of ["category", "all"] as const) {
  kernelTest(`one event on one CPU is one event in all, and nothing is lost, by ${dispatchBy}`, () => {
    using load = LoadedPipe.open({ cpus: onlineCpus() }, { dispatchBy });
    let seen = 0;
    load.pipe.register({ name: "count", process: () => void seen++ });
    load.emit({ cpu: testCpus.at(-1)! });
    load.pipe.poll(MANY_MS);
    load.pipe.consume();
    load.pipe.close();
    const { dispatched, unknown, lost, left, cpus } = load.pipe.statistics();
    assertEquals([seen, dispatched, unknown, lost, left], [1, 1, 0, 0, 0]);
    assertEquals(cpus.filter(({ events }) => events > 0).map((each) => each.cpu), [testCpus.at(-1)!]);
  });
}

kernelTest("a map whose object is closed before the first poll is read by poll and consume as ever", () => {
  const owner = BpfObject.open(testProgram("raw_output"));
  owner.load();
  const source = PerfSource.open({ map: owner.map("events"), cpus: [cpu] });
  owner.close();
  using pipe = EventPipe.open({ source });
  using generator = new LoadGenerator(source.mapFd);
  const producers = new Producers(generator);
  const seen: number[] = [];
  pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
  producers.emit({ cpu, count: 2 });
  assertEquals([pipe.poll(MANY_MS), seen, pipe.statistics().wakeups], [0, [0, 1], 1]);
  producers.emit({ cpu, count: 1 });
  assertEquals([pipe.consume(), seen], [0, [0, 1, 2]]);
}, raw);

kernelTest("a watermark of one byte wakes at each event", () => {
  using load = LoadedPipe.open({ ringBytes: 4096, watermarkBytes: 1, cpus: [cpu] });
  let seen = 0;
  load.pipe.register({ name: "count", process: () => void seen++ });
  for (let event = 1; event <= 100; event++) {
    load.emit({});
    load.pipe.poll(MANY_MS);
    assertEquals([seen, load.pipe.statistics().wakeups], [event, event]);
  }
});

for (const waiter of ["epoll", "poll"] as const) {
  kernelTest(
    `${waiter}: a reader that waits is never left asleep while another thread hammers 20,000 events`,
    () => {
      using load = LoadedPipe.open({ ringBytes: 4096, cpus: onlineCpus() }, { waiter });
      const next = new Map<number, number>();
      let events = 0;
      load.pipe.register({
        name: "check",
        process(event): void {
          const sequence = event.u64(LOAD_EVENT.sequence);
          assert(sequence >= (next.get(event.cpu) ?? 0), "an event came twice or out of its order");
          next.set(event.cpu, sequence + 1);
          events++;
        },
      });
      const total = 20_000;
      // bpf/load.bpf.c `struct load_request`: one event of category 0 and 36 bytes per run; the Worker counts its sequence.
      const context = [1n, 0n, 36n, ...Array(9).fill(0n)];
      worker.start({ programFd: load.generator.programFd, context, runs: total });
      const lost = (): number => load.cpus.reduce((sum, _, ring) => sum + load.source.lost(ring), 0);
      while (events + lost() < total) {
        const start = performance.now();
        load.pipe.poll(MANY_MS);
        assertLess(performance.now() - start, MANY_MS, "an event was there and nothing woke the reader");
      }
      worker.wait();
      load.pipe.close();
      const { dispatched, unknown, left } = load.pipe.statistics();
      assertEquals([dispatched, unknown, left], [events, 0, 0]);
      assertEquals(load.produced(), total);
    },
    { twoCpus: true },
  );
}
