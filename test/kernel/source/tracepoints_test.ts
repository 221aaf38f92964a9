/** The source of tracepoints: what its samples hold, which it selects, what it refuses, and what is left behind. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { EventPipe, TracepointSource, type TracepointSourceOptions } from "../../../mod.ts";
import { TRACEPOINT_SAMPLE } from "../../../src/abi/perf_event.ts";
import { monotonicNs } from "../../../src/ffi/clock.ts";
import { onlineCpus } from "../../../src/source/cpus.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import { runChild } from "../_child.ts";
import { kernelTest, onCpu, testCpus } from "../_kernel.ts";
import { openResources } from "../_resources.ts";

const [firstCpu = 0, secondCpu = 1] = testCpus;
const needs = { tracefs: true };

const library = Deno.build.os === "linux"
  ? Deno.dlopen("libc.so.6", {
    /** `int dup(int oldfd)`: of a file that is not open it is a call without effect. */
    dup: { parameters: ["i32"], result: "i32" },
    getppid: { parameters: [], result: "i32" },
  })
  : null;

/** A call that is seen as sys_enter_dup. */
function dup(times = 1): void {
  for (let i = 0; i < times; i++) library!.symbols.dup(999_999);
}

/** The thread that runs the tests, which need not be the first of the process. */
function ownThread(): number {
  return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
}

function idOf(...names: readonly string[]): number[] {
  const catalog = Catalog.open();
  return names.map((name) => catalog.id(`syscalls:${name}`));
}

function open(options: Partial<TracepointSourceOptions> = {}): TracepointSource {
  return TracepointSource.open({
    ids: idOf("sys_enter_dup"),
    ringBytes: 65536,
    watermarkBytes: 16384,
    pid: ownThread(),
    ...options,
  });
}

kernelTest("a sample tells process, thread, time, CPU and the whole record", () => {
  const source = open();
  using pipe = EventPipe.open({ source, dispatchBy: "all" });
  const seen: number[][] = [];
  pipe.register({
    name: "note",
    process(event): void {
      const { pid, tid, time, cpu, rawSize, raw } = TRACEPOINT_SAMPLE;
      seen.push([
        ...[event.u32(pid), event.u32(tid), event.u64(time), event.u32(cpu), event.cpu],
        ...[event.u32(rawSize), event.size, event.u16(raw), event.u32(raw + 16)],
      ]);
    },
  });
  const before = monotonicNs();
  onCpu(firstCpu, () => dup());
  const after = monotonicNs();
  pipe.consume();
  assertEquals(seen.length, 1);
  const [pid, tid, time, cpu, ringCpu, rawSize, size, type, fd] = seen[0]!;
  assertEquals([pid, tid, cpu, ringCpu], [Deno.pid, ownThread(), firstCpu, firstCpu]);
  assert(before <= time! && time! <= after);
  assertEquals([type, fd], [idOf("sys_enter_dup")[0], 999_999]);
  assertEquals(size, TRACEPOINT_SAMPLE.raw + rawSize!);
}, needs);

kernelTest("tracepoints share the ring of their CPU, in order, and what is stopped does not arrive", () => {
  const ids = idOf("sys_enter_dup", "sys_enter_getppid");
  const source = open({ ids });
  using pipe = EventPipe.open({ source, dispatchBy: "all" });
  assertEquals(source.cpus, onlineCpus());
  const seen: number[] = [];
  pipe.register({ name: "note", process: (event) => void seen.push(event.u16(TRACEPOINT_SAMPLE.raw)) });
  const both = (): void => {
    dup();
    library!.symbols.getppid();
  };
  onCpu(firstCpu, both);
  source.stop();
  onCpu(firstCpu, both);
  source.start();
  onCpu(firstCpu, both);
  pipe.consume();
  assertEquals(seen, [...ids, ...ids]);
}, needs);

kernelTest("CPUs that are chosen have a ring each, and others none", () => {
  const source = open({ cpus: [secondCpu] });
  using pipe = EventPipe.open({ source, dispatchBy: "all" });
  assertEquals(source.cpus, [secondCpu]);
  pipe.register({ name: "note", process: () => {} });
  onCpu(firstCpu, () => dup(3));
  onCpu(secondCpu, () => dup(5));
  pipe.consume();
  assertEquals(pipe.statistics().dispatched, 5);
}, { ...needs, twoCpus: true });

kernelTest("losses of all tracepoints of a ring are counted", () => {
  const source = open({
    ids: idOf("sys_enter_dup", "sys_enter_getppid"),
    ringBytes: 4096,
    watermarkBytes: 2048,
  });
  using pipe = EventPipe.open({ source, dispatchBy: "all" });
  pipe.register({ name: "note", process: () => {} });
  onCpu(firstCpu, () => {
    dup(500);
    for (let i = 0; i < 300; i++) library!.symbols.getppid();
  });
  pipe.consume();
  const { dispatched, lost } = pipe.statistics();
  assertGreater(dispatched, 0);
  assertEquals(dispatched + lost, 800);
}, needs);

for (
  const [what, options, message] of [
    ["no tracepoint", { ids: [] }, "ids is empty"],
    ["no CPU", { cpus: [] }, "at least one CPU"],
    ["a CPU twice", { cpus: [0, 0] }, "each once, current value is [0,0]"],
    ["a CPU this machine cannot have", { cpus: [4000] }, "no CPU 4000"],
    ["a ring that is no power of two", { ringBytes: 12288 }, "a power of two"],
    ["a watermark above half of the ring", { ringBytes: 4096, watermarkBytes: 2049 }, "half of the ring"],
    ["a watermark of 0", { watermarkBytes: 0 }, "current value is 0"],
  ] as const
) {
  kernelTest(`${what} is a RangeError that says so, and leaves nothing open`, () => {
    const before = openResources();
    assertStringIncludes(assertThrows(() => open(options), RangeError).message, message);
    assertEquals(openResources(), before);
  }, needs);
}

kernelTest("a source that is closed releases all of it, at every call", () => {
  const before = openResources();
  const source = open();
  assertGreater(openResources().length, before.length);
  source.close();
  source.close();
  source.stop();
  assertEquals([openResources(), source.buffer.byteLength], [before, 0]);
}, needs);

kernelTest("opening leaks nothing and names the call, whichever call fails", async () => {
  const ids = idOf("sys_enter_dup", "sys_enter_getppid").map(String);
  const { code, lines, stderr } = await runChild("source/_tracepoint_faults.ts", ids);
  assertEquals(code, 0, stderr);
  const outcomes: { failed: string | null; message: string | null; errno: string | null; leaked: number }[] =
    lines.map((line) => JSON.parse(line));
  assertEquals(outcomes.pop(), { failed: null, message: null, errno: null, leaked: 0 });
  const rings = onlineCpus().length;
  const count = (name: string): number => outcomes.filter(({ failed }) => failed === name).length;
  assertEquals([count("perf_event_open"), count("mmap"), count("ioctl")], [2 * rings, 1 + rings, rings]);
  assertGreaterOrEqual(count("epoll_ctl"), rings);
  for (const { failed, message, errno, leaked } of outcomes) {
    assertEquals([errno, leaked], ["EMFILE", 0], `${failed}: ${message}`);
    assertStringIncludes(message!, "returned EMFILE");
  }
}, needs);

kernelTest("more tracepoints than files are allowed are an error that says what to do", async () => {
  const wrapper = ["prlimit", "--nofile=100"];
  const { code, lines, stderr } = await runChild(
    "source/_few_files.ts",
    idOf("sys_enter_dup").map(String),
    wrapper,
  );
  assertEquals(code, 0, stderr);
  assertStringIncludes(lines[0]!, "perf_event_open returned EMFILE");
  assertStringIncludes(lines[0]!, "choose fewer events, or raise the limit (ulimit -n)");
  assertEquals(lines[1], "0");
}, { ...needs, commands: ["prlimit"] });

kernelTest("a process that has ended cannot be watched, which the error says", async () => {
  const child = new Deno.Command("true", { stdin: "null" }).spawn();
  const { pid } = child;
  await child.status;
  const error = assertThrows(() => open({ pid }), Error);
  assertStringIncludes(error.message, "the process has ended");
}, needs);
