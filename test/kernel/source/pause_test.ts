/** Pausing kernel rings: outputs are refused and counted, what is in the rings stays readable. */

import { assertEquals, assertThrows } from "@std/assert";
import { LoadGenerator } from "../../../bench/load_generator.ts";
import { EventPipe, EventPipeError, PerfSource, TracepointSource } from "../../../mod.ts";
import { LOAD_EVENT } from "../../../src/abi/event.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import { kernelTest, onCpu, testCpus } from "../_kernel.ts";
import { LoadedPipe, Producers } from "../_load.ts";

const [cpu = 0, secondCpu = 1] = testCpus;

/** Registers a handler that notes the sequence of each event. */
function noteSequences(pipe: EventPipe): number[] {
  const seen: number[] = [];
  pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
  return seen;
}

kernelTest("a paused ring refuses with ENOSPC and counts each output, and what is in it can be read", () => {
  const losses: number[] = [];
  using load = LoadedPipe.open({ ringBytes: 65536, cpus: [cpu] }, {
    onLost: (_, count) => void losses.push(count),
  });
  const seen = noteSequences(load.pipe);
  load.emit({ count: 3 });
  load.source.pause();
  load.emit({ count: 5 });
  assertEquals(load.generator.counters(), { produced: 8, refused: { ENOSPC: 5 } });
  assertEquals([load.source.paused, load.source.lost(0)], [true, 5]);
  load.pipe.consume();
  assertEquals([seen, losses], [[0, 1, 2], []]);
  load.source.resume();
  load.emit({ count: 2 });
  load.pipe.consume();
  assertEquals([seen, losses], [[0, 1, 2, 8, 9], [5]]);
  load.pipe.close();
  const { dispatched, lost, left, exact } = load.pipe.statistics();
  assertEquals([dispatched, lost, left, exact], [5, 5, 0, true]);
});

kernelTest("pausing what is paused and resuming what is not have no effect", () => {
  using load = LoadedPipe.open({ cpus: [cpu] });
  const seen = noteSequences(load.pipe);
  load.source.resume();
  load.emit({ count: 1 });
  load.source.pause();
  load.source.pause();
  load.emit({ count: 1 });
  load.source.resume();
  assertEquals(load.source.paused, false);
  load.emit({ count: 1 });
  load.source.resume();
  load.pipe.consume();
  assertEquals([seen, load.source.lost(0)], [[0, 2], 1]);
});

kernelTest("all rings of a source are paused, and those of another source are not", () => {
  using load = LoadedPipe.open({ cpus: [cpu, secondCpu] });
  using other = LoadedPipe.open({ cpus: [cpu] });
  const [seen, seenByOther] = [noteSequences(load.pipe), noteSequences(other.pipe)];
  load.source.pause();
  for (const each of [cpu, secondCpu]) load.emit({ cpu: each, count: 4 });
  other.emit({ count: 2 });
  load.pipe.consume();
  other.pipe.consume();
  assertEquals([seen, seenByOther], [[], [0, 1]]);
  assertEquals([load.source.lost(0), load.source.lost(1), other.source.lost(0)], [4, 4, 0]);
}, { twoCpus: true });

kernelTest("a source that is paused before its pipe is opened counts until it is resumed", () => {
  const source = PerfSource.open({ cpus: [cpu] });
  using generator = new LoadGenerator(source.mapFd);
  const producers = new Producers(generator);
  source.pause();
  using pipe = EventPipe.open({ source });
  const seen = noteSequences(pipe);
  producers.emit({ cpu, count: 6 });
  source.resume();
  producers.emit({ cpu, count: 1 });
  pipe.consume();
  assertEquals([seen, source.lost(0)], [[6], 6]);
});

kernelTest("a source that is stopped while it is paused refuses with ENOENT, and nobody counts", () => {
  using load = LoadedPipe.open({ cpus: [cpu] });
  load.source.pause();
  load.source.stop();
  load.emit({ count: 4 });
  assertEquals(load.generator.counters(), { produced: 4, refused: { ENOENT: 4 } });
  assertEquals(load.source.lost(0), 0);
  load.source.start();
  load.emit({ count: 2 });
  assertEquals(load.source.lost(0), 2, "it is paused still");
});

kernelTest("a closed source is refused with CLOSED", () => {
  const source = PerfSource.open({ cpus: [cpu] });
  source.close();
  for (const call of [() => source.pause(), () => source.resume()]) {
    assertEquals(assertThrows(call, EventPipeError, "the perf source is closed").code, "CLOSED");
  }
});

kernelTest("tracepoints of a paused ring are refused and counted, all of them", () => {
  const library = Deno.dlopen("libc.so.6", {
    /** `int dup(int oldfd)`: of a file that is not open it is a call without effect. */
    dup: { parameters: ["i32"], result: "i32" },
    getppid: { parameters: [], result: "i32" },
  });
  const { dup, getppid } = library.symbols;
  const catalog = Catalog.open();
  const source = TracepointSource.open({
    ids: ["sys_enter_dup", "sys_enter_getppid"].map((name) => catalog.id(`syscalls:${name}`)),
    ringBytes: 65536,
    watermarkBytes: 16384,
    cpus: [cpu],
    pid: Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1)),
  });
  using pipe = EventPipe.open({ source, dispatchBy: "all" });
  let seen = 0;
  pipe.register({ name: "count", process: () => void seen++ });
  const call = (dups: number, getppids: number): void =>
    onCpu(cpu, () => {
      for (let i = 0; i < dups; i++) dup(999_999);
      for (let i = 0; i < getppids; i++) getppid();
    });
  call(1, 1);
  source.pause();
  call(10, 100);
  pipe.consume();
  assertEquals([seen, source.paused, source.lost(0)], [2, true, 110]);
  source.resume();
  call(3, 4);
  pipe.consume();
  assertEquals([seen, source.paused, source.lost(0)], [9, false, 110]);
  pipe.close();
  for (const use of [() => source.pause(), () => source.resume()]) {
    assertEquals(assertThrows(use, EventPipeError, "the tracepoint source is closed").code, "CLOSED");
  }
  library.close();
}, { tracefs: true });
