/**
 * What is closed, taken away or killed while it reads kernel rings, and what processes share of them: legal or not, it ends
 * in order or in an error that says what was wrong. What could end the process is tested in test/crash.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { LoadGenerator } from "../../bench/load_generator.ts";
import {
  BpfObject,
  EventPipe,
  EventPipeError,
  type EventPipeOptions,
  PerfSource,
  pinMap,
  RingbufSource,
  type Source,
  StopToken,
  TracepointSource,
} from "../../mod.ts";
import { BPF } from "../../src/abi/bpf.ts";
import { findMount } from "../../src/cli/mounts.ts";
import { cstring } from "../../src/ffi/cstring.ts";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { libc } from "../../src/ffi/libc.ts";
import { Catalog } from "../../src/trace/catalog.ts";
import { Trace } from "../../src/trace/mod.ts";
import { scriptPath } from "./_child.ts";
import { kernelTest, testCpus } from "./_kernel.ts";
import { LoadedPipe, Producers } from "./_load.ts";

const [cpu = 0] = testCpus;
const EXEC = "sched:sched_process_exec";

/** A child that has not done what it was told by then never will. */
const LIMIT_MS = 30_000;

/** Rings of a tracepoint. */
function openTracepoint(): TracepointSource {
  return TracepointSource.open({ ids: [Catalog.open().id(EXEC)], ringBytes: 4096, watermarkBytes: 1024 });
}

function assertClosed(calls: readonly (() => unknown)[]): void {
  for (const call of calls) assertEquals(assertThrows(call, EventPipeError).code, "CLOSED", String(call));
}

kernelTest("TracepointSource refuses to be used after close, so that no file of others is touched", () => {
  const source = openTracepoint();
  source.close();
  source.close();
  source.stop();
  assertClosed([
    () => source.start(),
    () => source.pause(),
    () => source.resume(),
    () => source.lost(0),
    () => source.readiness,
    () => source.fds,
    () => source.openScanner(),
    () => EventPipe.open({ source, dispatchBy: "all" }),
  ]);
  assertEquals(source.buffer.byteLength, 0);
}, { tracefs: true });

kernelTest("a walk over the keys of a map ends with CLOSED once its object is closed", () => {
  const object = BpfObject.open(Deno.readFileSync(new URL("../../bpf/tracepoint.bpf.o", import.meta.url)));
  for (const name of object.programNames) object.program(name).setAutoload(false);
  object.map("targets").setMaxEntries(64);
  object.load();
  const keys = object.map("targets").keys();
  assertEquals(keys.next().value?.length, 4);
  object.close();
  assertClosed([() => keys.next()]);
});

kernelTest("a stop token that was closed is stopped, and every use of it does nothing more", () => {
  const token = StopToken.create();
  const shared = token.share();
  token.close();
  using load = LoadedPipe.open({ ringBytes: 4096 }, { stop: token });
  assertEquals(load.pipe.poll(-1), 0);
  for (const each of [token, StopToken.of(shared)]) {
    each.close();
    each.stop();
    each.interrupt();
    assertEquals(each.isStopped, true);
  }
});

kernelTest(
  "a trace that is finished is not iterated over again, and may be finished, stopped and closed",
  async () => {
    const trace = Trace.open([EXEC]);
    const summary = trace.finish();
    trace.stop();
    trace[Symbol.dispose]();
    assertEquals(trace.finish(), summary);
    const iterator = trace[Symbol.asyncIterator]();
    const error: unknown = await iterator.next().catch((thrown) => thrown);
    assertEquals(error instanceof EventPipeError && error.code, "CLOSED");
  },
  { tracefs: true },
);

for (
  const [what, open, needs] of [
    ["PerfSource", () => PerfSource.open({ ringBytes: 4096 }), {}],
    ["RingbufSource", () => RingbufSource.open({ ringBytes: 4096 }), {}],
    ["TracepointSource", openTracepoint, { tracefs: true }],
  ] as readonly [string, () => Source, { tracefs?: boolean }][]
) {
  kernelTest(`a pipe whose ${what} was closed by its opener refuses to read, and can be closed`, () => {
    const source = open();
    using pipe = EventPipe.open({ source, dispatchBy: "all" });
    pipe.register({ name: "count", process: () => {} });
    source.close();
    assertClosed([() => pipe.poll(0), () => pipe.consume(), () => pipe.consume(0)]);
    pipe.close();
    assertEquals(pipe.statistics().exact, false);
  }, needs);
}

kernelTest(
  "a window that is longer than a system call can wait holds events back, and an interruption ends the wait",
  () => {
    for (const waiter of ["epoll", "poll", "spin-sleep"] as const) {
      using load = LoadedPipe.open({ ringBytes: 4096 }, { waiter, merge: { windowMs: 2 ** 40 } });
      let events = 0;
      load.pipe.register({ name: "count", process: () => void events++ });
      load.emit({ count: 2 });
      for (const timeoutMs of [0, -1, 2 ** 40]) {
        load.pipe.interrupt();
        assertEquals(load.pipe.poll(timeoutMs), 0);
      }
      load.pipe.consume();
      assertEquals(events, 2);
    }
  },
);

kernelTest("two pipes on two maps get their own events, and may poll each other from their handlers", () => {
  using first = LoadedPipe.open({ ringBytes: 4096, cpus: [cpu] });
  using second = LoadedPipe.open({ ringBytes: 8192, cpus: [cpu] });
  const seen: string[] = [];
  first.pipe.register({
    name: "first",
    process(event): void {
      seen.push(`first ${event.size}`);
      second.pipe.poll(1000);
    },
  });
  second.pipe.register({
    name: "second",
    process(event): void {
      seen.push(`second ${event.size}`);
      assertThrows(() => first.pipe.poll(0), TypeError, "a handler of this pipe is being called");
    },
  });
  first.emit({ payloadBytes: 36 });
  second.emit({ payloadBytes: 44 });
  second.emit({ payloadBytes: 52 });
  first.pipe.poll(1000);
  assertEquals(seen, ["first 36", "second 44", "second 52"]);
});

kernelTest(
  "a child process inherits no file of rings, maps, programs and wait sets, and disturbs none",
  async () => {
    const waiters: NonNullable<EventPipeOptions["waiter"]>[] = ["epoll", "poll"];
    for (const waiter of waiters) {
      using token = StopToken.create();
      using load = LoadedPipe.open({ ringBytes: 4096, cpus: [cpu] }, { waiter, stop: token });
      using ringbuf = EventPipe.open({ source: RingbufSource.open({ ringBytes: 4096 }) });
      let events = 0;
      load.pipe.register({ name: "count", process: () => void events++ });
      load.emit({ count: 2 });
      const { code, stdout } = await new Deno.Command("ls", { args: ["-l", "/proc/self/fd"] }).output();
      const files = new TextDecoder().decode(stdout);
      assertEquals([code, /anon_inode|bpf|perf/.exec(files)], [0, null], files);
      load.emit({ count: 3 });
      assertEquals([load.pipe.poll(1000), ringbuf.poll(0), events], [0, 0, 5]);
    }
  },
  { commands: ["ls"] },
);

/** Reads a child's lines one by one. */
async function* linesOf(child: Deno.ChildProcess): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Whether the kernel still has a program of this number; a freed one goes some time after its last file. */
async function isProgramGone(id: string): Promise<boolean> {
  const end = performance.now() + LIMIT_MS;
  while (performance.now() < end) {
    const { success } = await new Deno.Command("bpftool", { args: ["prog", "show", "id", id] }).output();
    if (!success) return true;
  }
  return false;
}

const bpffs = findMount("bpffs");

kernelTest(
  "a process that is killed leaves no program, and a map whose slots are empty, for the next reader",
  async () => {
    const path = `${bpffs}/eventpipe_killed_${Deno.pid}`;
    using cleanup = new DisposableStack();
    const fd = libbpf().bpf_map_create(BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, cstring("events"), 4, 4, 64, null);
    cleanup.defer(() => libc().close(fd));
    const map = { fd, maxEntries: 64 };
    pinMap(map, path);
    cleanup.defer(() => Deno.removeSync(path));
    using generator = new LoadGenerator(fd);
    const producers = new Producers(generator);
    const first = cleanup.use(
      EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }) }),
    );
    let events = 0;
    first.register({ name: "count", process: () => void events++ });

    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", scriptPath("_holder.ts"), path, `${cpu}`],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).spawn();
    const lines = linesOf(child);
    const id = (await lines.next()).value;
    assertMatch(`${id}`, /^\d+$/);
    // The slots have what was put into them last: nobody tells this pipe that another process has taken its place.
    producers.emit({ cpu, count: 2, payloadBytes: 36 });
    assertEquals([(await lines.next()).value, (await lines.next()).value], ["event 36", "event 36"]);
    first.consume();
    assertEquals([events, generator.counters()], [0, { produced: 2, refused: {} }]);

    child.kill("SIGKILL");
    assertEquals((await child.status).signal, "SIGKILL");
    assertEquals((await lines.next()).done, true);
    producers.emit({ cpu, count: 3, payloadBytes: 36 });
    assertEquals(generator.counters(), { produced: 5, refused: { ENOENT: 3 } });
    assert(await isProgramGone(id!), "the program of the killed process is still there");

    first.close();
    using second = EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }) });
    second.register({ name: "count", process: () => void events++ });
    producers.emit({ cpu, count: 4, payloadBytes: 36 });
    second.poll(1000);
    assertEquals([events, second.statistics().lost], [4, 0]);
  },
  {
    programs: ["misses"],
    tracefs: true,
    commands: ["bpftool"],
    trait: bpffs === null ? "bpffs is not mounted" : null,
  },
);

/** Runs the tests of _leaking.ts, which leave something behind; what was reported. */
async function reportLeaks(options: readonly string[]): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...options, scriptPath("_leaking.ts")],
    env: { NO_COLOR: "1" },
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdout: "piped",
    stderr: "null",
    signal: AbortSignal.timeout(2 * LIMIT_MS),
  }).spawn();
  const { stdout } = await child.output();
  await Deno.remove(`${bpffs}/eventpipe_leak_${child.pid}`);
  return new TextDecoder().decode(stdout);
}

kernelTest(
  "a test that leaves rings, maps, programs, wait sets, tokens or pins behind fails and names them",
  async () => {
    const alone = await reportLeaks([]);
    assertStringIncludes(alone, "3 passed | 5 failed", alone); // those that kernelTest declares
    const report = await reportLeaks([`--preload=${scriptPath("../_leaks.ts")}`]);
    assertStringIncludes(report, "1 passed | 7 failed", report);
    assertStringIncludes(report, "nothing: this one is to pass ... ok");
    const files = ["[perf_event]", "bpf-map", "bpf-prog", "[eventpoll]", "[eventfd]"];
    for (const each of [...files.map((file) => `anon_inode:${file}`), "pinned eventpipe_leak_"]) {
      assertStringIncludes(report, each);
    }
  },
  { trait: bpffs === null ? "bpffs is not mounted" : null },
);
