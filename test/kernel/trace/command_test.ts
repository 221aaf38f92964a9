/** `deno task trace` with a command: its first instruction, its children, its status, on both backends. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { kernelTest, testCpus } from "../_kernel.ts";
import {
  BACKENDS,
  eventsOf,
  inFolder,
  RunningTrace,
  trace,
  traceLines,
  WaitingWorkload,
  workload,
} from "./_trace.ts";

const needs = { tracefs: true };
const withWorkload = { tracefs: true, commands: ["gcc"] };

kernelTest("openat of a command shows path, result and duration, and what the command prints", async () => {
  const { code, stdout, stderr } = await trace(["openat", "--", "cat", "/etc/hostname"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(
    stdout,
    /^ +cat +(\d+)\/\1 +\[\d{3}\] \d\d:\d\d:\d\d\.\d{6}: openat\(dfd: AT_FDCWD, filename: "\/etc\/hostname", flags: O_RDONLY, mode: 0\) = \d+ <0\.\d{6}>$/m,
  );
  assertStringIncludes(stdout, await Deno.readTextFile("/etc/hostname"));
}, needs);

for (const backend of BACKENDS) {
  const traced = (...command: string[]): Promise<number> =>
    trace(["--backend", backend, "-o", "/dev/null", "openat", "--", ...command]).then(({ code }) => code);

  for (const status of [0, 1, 3]) {
    kernelTest(`${backend}: a command's status ${status} is passed on`, async () => {
      assertEquals(await traced("sh", "-c", `exit ${status}`), status);
    }, needs);
  }

  for (const [signal, status] of [["TERM", 143], ["KILL", 137]] as const) {
    kernelTest(`${backend}: a command that SIG${signal} ends gives status ${status}`, async () => {
      assertEquals(await traced("sh", "-c", `kill -${signal} $$`), status);
    }, needs);
  }

  kernelTest(
    `${backend}: a command that is not found gives 127, one that cannot be executed 126`,
    async () => {
      assertEquals(await traced("no-such-command-anywhere"), 127);
      await inFolder(async (folder) => {
        await Deno.writeTextFile(`${folder}/plain`, "", { mode: 0o644 });
        assertEquals(await traced(`${folder}/plain`), 126);
      });
    },
    needs,
  );

  kernelTest(
    `${backend}: a command is traced from its own execve to its exit, with its children`,
    async () => {
      const binary = await workload();
      const { lines, summary, code, stderr } = await traceLines([
        ...["--backend", backend, "execve", "exit_group", "dup", "sched:sched_process_exec"],
        ...["--", binary, "mix", "3"],
      ]);
      assertEquals([code, stderr], [0, ""]);
      const events = eventsOf(lines);
      const [first] = events;
      assertEquals([first?.event, first?.args.filename], ["sched:sched_process_exec", binary]);
      // The kernel's event comes within the call, which ends behind it.
      const root = first!.pid;
      const execs = events.filter(({ event }) => event === "execve");
      assertEquals([execs[0]?.pid, execs[0]?.ret], [root, 0]);
      assertEquals(execs.filter(({ ret }) => ret === 0).length, 4);
      const children = new Set(events.map(({ pid }) => pid));
      children.delete(root);
      assertEquals(children.size, 3);
      for (const pid of children) {
        const own = events.filter((event) => event.pid === pid);
        assertEquals(own.map(({ event }) => event), ["sched:sched_process_exec", "execve", "exit_group"]);
        assertEquals(own.at(-1)?.ret, null);
      }
      assertEquals(events.filter(({ event }) => event === "dup").length, 3);
      assertEquals(events.at(-1)?.event, "exit_group");
      assertEquals(
        [summary.events, summary.lost, summary.missed, summary.left, summary.unfinished, summary.exact],
        [events.length, 0, 0, 0, 0, true],
      );
      const times = events.map(({ ts }) => BigInt(ts));
      assert(
        times.every((time, index) => index === 0 || time >= times[index - 1]!),
        "not in the order of time",
      );
    },
    withWorkload,
  );

  kernelTest(`${backend}: every line of JSON parses, and the lines say what was asked for`, async () => {
    const binary = await workload();
    const { lines, summary } = await traceLines(["--backend", backend, "dup", "--", binary, "count", "100"]);
    const [header] = lines;
    assertEquals([header?.v, header?.backend, header?.clock], [1, backend, "monotonic"]);
    assertEquals([header?.events, header?.cmd], [["dup"], [binary, "count", "100"]]);
    const events = eventsOf(lines);
    assertEquals(events.map(({ args }) => args.fildes), Array.from({ length: 100 }, (_, i) => 1_000_000 + i));
    for (const { ret, duration_ns, comm, pid, tid } of events) {
      assertEquals([ret, pid], [-9, tid]);
      assertGreater(duration_ns, 0);
      // Without BPF the name is asked for later, when the process may have gone.
      if (backend === "bpf") assertEquals(comm, "trace_workload");
    }
    assertEquals(summary.per_event, { dup: 100 });
    assertEquals([summary.calls.dup.count, summary.calls.dup.errors, summary.exit], [100, 100, 0]);
  }, withWorkload);
}

for (const backend of BACKENDS) {
  kernelTest(
    `${backend}: a return from a signal's handler does not come back, and is not waited for`,
    async () => {
      const { lines, summary } = await traceLines([
        ...["--backend", backend, "rt_sigreturn"],
        ...["--", "sh", "-c", "trap : USR1; kill -USR1 $$; kill -USR1 $$; :"],
      ]);
      assertEquals(eventsOf(lines).map(({ ret, duration_ns }) => [ret, duration_ns]), [[null, null], [
        null,
        null,
      ]]);
      assertEquals([summary.events, summary.unfinished, summary.exact], [2, 0, true]);
    },
    needs,
  );

  kernelTest(`${backend}: events of a quiet CPU come in their order among those of a busy one`, async () => {
    const [first = 0, second = 1] = testCpus;
    await using busy = await WaitingWorkload.start("busy", ["forever"], first);
    await using quiet = await WaitingWorkload.start("quiet", ["paced"], second);
    const tracer = await RunningTrace.start([
      ...[
        "--backend",
        backend,
        "-m",
        "8MiB",
        "-p",
        `${busy.process.pid},${quiet.process.pid}`,
        "-n",
        "60000",
      ],
      "syscalls:sys_enter_dup",
    ]);
    for (const each of [quiet, busy]) await each.go();
    const { code, lines } = await tracer.end();
    assertEquals(code, 0);
    const events = eventsOf(lines);
    assertEquals(new Set(events.map(({ cpu }) => cpu)), new Set([first, second]));
    let early = 0;
    let last = 0n;
    for (const { ts } of events) {
      const time = BigInt(ts);
      if (time < last) early++;
      else last = time;
    }
    // Where the host takes a CPU away between an event's time and its ring, the event is told late.
    assertLess(early, 10);
  }, { ...withWorkload, twoCpus: true });
}

kernelTest("hostile names stay within their lines and their quotes", async () => {
  const binary = await workload();
  const names = ["line\nfeed", "\x1b[2Jescape", 'quote" = 3 <0.000001>', "\xff\x80", "é\u202e\u2028"];
  const { stdout, code } = await trace(["openat", "--", binary, "names", ...names]);
  assertEquals(code, 0);
  const lines = stdout.trimEnd().split("\n");
  for (const line of lines) {
    assertMatch(
      line,
      /^ +trace_workload +\d+\/\d+ +\[\d{3}\] [\d:.]+: openat\(dfd: AT_FDCWD, filename: ".*", .*>$/,
    );
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    assertEquals(line.match(/[\0-\x1f\x7f-\x9f\u2028\u202e]/g), null);
  }
  assertStringIncludes(stdout, String.raw`"line\nfeed"`);
  assertStringIncludes(stdout, String.raw`"quote\" = 3`);
}, withWorkload);

kernelTest(
  "a name that is not in memory yet is read at the end of the call, and null at its beginning",
  async () => {
    const binary = await workload();
    await inFolder(async (folder) => {
      const file = `${folder}/name`;
      await Deno.writeTextFile(file, "/no/such/name/at/all");
      const { lines } = await traceLines([
        ...["openat", "syscalls:sys_enter_openat"],
        ...["--", binary, "untouched", file],
      ]);
      const events = eventsOf(lines);
      const [begin, call, badBegin, bad] = events.slice(-4);
      assertEquals(
        [begin, call, badBegin, bad].map((event) => event?.event),
        ["syscalls:sys_enter_openat", "openat", "syscalls:sys_enter_openat", "openat"],
      );
      assertEquals([begin?.args.filename, begin?.reasons], [null, { filename: "not in memory" }]);
      assertEquals([call?.args.filename, call?.reasons, call?.ret], ["/no/such/name/at/all", undefined, -2]);
      assertEquals([badBegin?.args.filename, badBegin?.reasons], [null, { filename: "not in memory" }]);
      assertEquals([bad?.args.filename, bad?.reasons, bad?.ret], [null, { filename: "not in memory" }, -14]);
    });
  },
  withWorkload,
);

kernelTest("without BPF the texts of system calls are null, with the reason", async () => {
  const binary = await workload();
  const { lines } = await traceLines(["--backend", "perf", "openat", "--", binary, "names", "/dev/null"]);
  const last = eventsOf(lines).at(-1);
  assertEquals([last?.args.filename, last?.reasons], [null, { filename: "not read" }]);
}, withWorkload);

kernelTest("without BPF a command and other processes are not traced together", async () => {
  const { code, stderr } = await trace(["--backend", "perf", "-p", "1", "dup", "--", "true"]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "name the one or the others");
}, needs);
