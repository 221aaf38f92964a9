/** Which processes, names, CPUs and events the tracer selects, what it refuses, and what it lists. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kernelTest, testCpus } from "../_kernel.ts";
import { BACKENDS, eventsOf, type Line, RunningTrace, trace, traceLines, WaitingWorkload } from "./_trace.ts";

const needs = { tracefs: true };
const withWorkload = { tracefs: true, commands: ["gcc"] };
const CALLS = 200;

/** The names of the processes that events belong to. */
function pidsOf(events: readonly Line[]): Set<number> {
  return new Set(events.map(({ pid }) => pid));
}

for (const backend of BACKENDS) {
  const one = ["--backend", backend, "syscalls:sys_enter_dup"];

  kernelTest(`${backend}: -p selects processes`, async () => {
    await using wanted = await WaitingWorkload.start("wanted", ["count", String(CALLS)]);
    await using also = await WaitingWorkload.start("also", ["count", String(CALLS)]);
    await using other = await WaitingWorkload.start("other", ["count", String(CALLS)]);
    const pids = [wanted, also].map(({ process }) => process.pid);
    const tracer = await RunningTrace.start([...one, "-p", pids.join(","), "-n", String(2 * CALLS)]);
    for (const each of [other, wanted, also]) await each.go();
    const { code, lines, stderr } = await tracer.end();
    assertEquals([code, stderr], [0, ""]);
    const events = eventsOf(lines);
    assertEquals([events.length, pidsOf(events)], [2 * CALLS, new Set(pids)]);
  }, withWorkload);

  kernelTest(`${backend}: --comm selects commands, of whose names the kernel keeps 15 bytes`, async () => {
    const name = "name-of-15-byte";
    await using wanted = await WaitingWorkload.start(name, ["count", String(CALLS)]);
    await using other = await WaitingWorkload.start("other", ["count", String(CALLS)]);
    const tracer = await RunningTrace.start([...one, "--comm", name, "-n", String(CALLS)]);
    for (const each of [other, wanted]) await each.go();
    const { code, lines } = await tracer.end();
    assertEquals(code, 0);
    const events = eventsOf(lines);
    assertEquals([events.length, pidsOf(events)], [CALLS, new Set([wanted.process.pid])]);
    assertEquals(new Set(events.map(({ comm }) => comm)), new Set([name]));
  }, withWorkload);

  kernelTest(`${backend}: -C selects CPUs`, async () => {
    const [first = 0, second = 1] = testCpus;
    await using wanted = await WaitingWorkload.start("wanted", ["count", String(CALLS)], second);
    await using other = await WaitingWorkload.start("other", ["count", String(CALLS)], first);
    const pids = [wanted, other].map(({ process }) => process.pid);
    const selection = [...one, "-p", pids.join(","), "-C", String(second), "-n", String(CALLS)];
    const tracer = await RunningTrace.start(selection);
    for (const each of [other, wanted]) await each.go();
    const { code, lines } = await tracer.end();
    assertEquals([code, lines[0]?.cpus], [0, [second]]);
    const events = eventsOf(lines);
    assertEquals([events.length, pidsOf(events)], [CALLS, new Set([wanted.process.pid])]);
    assert(events.every(({ cpu }) => cpu === second));
  }, { ...withWorkload, twoCpus: true });

  kernelTest(`${backend}: -n ends the trace after so many events, and what came beside is left`, async () => {
    await using process = await WaitingWorkload.start("wanted", ["count", String(CALLS)]);
    const tracer = await RunningTrace.start([...one, "-p", String(process.process.pid), "-n", "7"]);
    await process.go();
    const { code, lines } = await tracer.end();
    assertEquals([code, eventsOf(lines).length], [0, 7]);
    const { events, lost, missed, exact } = lines.at(-1)!;
    assertEquals([events, lost, missed, exact], [7, 0, 0, true]);
    assertEquals(
      eventsOf(lines).map(({ args }) => args.fildes),
      Array.from({ length: 7 }, (_, i) => 1_000_000 + i),
    );
  }, withWorkload);

  kernelTest(`${backend}: the tracer itself is left out unless it is asked for`, async () => {
    for (const includeSelf of [false, true]) {
      const option = includeSelf ? ["--include-self"] : [];
      const tracer = await RunningTrace.start(["--backend", backend, "write", "-d", "300ms", ...option]);
      const own = tracer.process.pid;
      const { code, lines } = await tracer.end();
      assertEquals(code, 0);
      assertEquals(eventsOf(lines).some(({ pid }) => pid === own), includeSelf, `with ${option}`);
    }
  }, needs);

  kernelTest(
    `${backend}: an event that is not there gives status 2 and the name that was meant`,
    async () => {
      for (const [wrong, meant] of [["sched:sched_swich", "sched:sched_switch"], ["opena", "openat"]]) {
        const { code, stdout, stderr } = await trace(["--backend", backend, wrong!]);
        assertEquals([code, stdout], [2, ""]);
        assertStringIncludes(stderr, `${wrong}; did you mean ${meant}?`);
      }
      const { code, stderr } = await trace(["--backend", backend, "no:such_event"]);
      assertEquals(code, 2);
      assertStringIncludes(stderr, "no:such_event; did you mean ");
    },
    needs,
  );

  kernelTest(
    `${backend}: without capabilities a right and a wrong name give status 3 and the capability`,
    async () => {
      const prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
      for (const event of ["sched:sched_switch", "openat", "no:such_event"]) {
        const { code, stdout, stderr } = await trace(["--backend", backend, event], { prefix });
        assertEquals([code, stdout], [3, ""], stderr);
        assertMatch(stderr, /CAP_PERFMON|CAP_BPF/);
        assertStringIncludes(stderr, "deno task doctor");
        assertEquals(stderr.includes("    at "), false, stderr);
      }
    },
    { tracefs: true, commands: ["setpriv"] },
  );

  for (
    const [what, args, message] of [
      ["a CPU that is not there", ["-C", "4000"], "no CPU 4000"],
      ["a CPU twice", ["-C", "0,0"], "each once"],
      ["a ring that is no power of two", ["-m", "12288"], "a power of two"],
      ["a threshold above half of the ring", ["-m", "4096", "--wakeup", "2049"], "half of the ring"],
    ] as const
  ) {
    kernelTest(`${backend}: ${what} gives status 2 and says so`, async () => {
      const { code, stderr } = await trace(["--backend", backend, ...args, "sched:sched_switch"]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, message);
    }, needs);
  }
}

kernelTest("events of several patterns are traced once each, and ! takes away", async () => {
  const { lines, code } = await traceLines([
    ...["sched:sched_process_*", "sched:sched_process_exec", "!sched:sched_process_w*"],
    ...["--", "true"],
  ]);
  assertEquals(code, 0);
  const names: string[] = lines[0]!.events;
  assertEquals(new Set(names).size, names.length);
  assertEquals(names.some((name) => name.startsWith("sched:sched_process_w")), false);
  const execs = eventsOf(lines).filter(({ event }) => event === "sched:sched_process_exec");
  assertEquals(execs.length, 1);
}, needs);

kernelTest("--list names events, those that match, and their fields", async () => {
  const all = await trace(["--list"]);
  assertEquals([all.code, all.stderr], [0, ""]);
  const names = all.stdout.trimEnd().split("\n");
  assert(names.includes("sched:sched_switch") && names.includes("syscalls:sys_enter_openat"));
  const some = await trace(["--list", "sched:*"]);
  assertEquals(some.stdout.trimEnd().split("\n"), names.filter((name) => name.startsWith("sched:")));
  const fields = await trace(["--list", "sched:sched_process_for*", "--fields"]);
  const [first, ...rest] = fields.stdout.trimEnd().split("\n");
  assertEquals(first, "sched:sched_process_fork");
  assert(rest.every((line) => /^ {4}\S+ .*\w$/.test(line)), fields.stdout);
  assertMatch(fields.stdout, /^ {4}pid_t child_pid$/m);
  const calls = await trace(["--list", "kill"]);
  assertEquals(calls.stdout, "syscalls:sys_enter_kill\nsyscalls:sys_exit_kill\n");
  const none = await trace(["--list", "nothing:like_this*"]);
  assertEquals([none.code, none.stdout], [2, ""]);
  assertStringIncludes(none.stderr, "nothing:like_this*");
}, needs);
