/**
 * The tracer beside `perf record`, at the same time on the same workload: ten tracepoints, every event of the workload's
 * processes, every field. Apart from perf's text stand addresses: of user strings perf shows the address and the
 * tracer the text, so these arguments are compared with what the workload is known to name. Kernel pointers do not occur
 * in these ten.
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { kernelTest } from "../_kernel.ts";
import { BACKENDS, eventsOf, inFolder, type Line, linesOf, TRACER, workload } from "./_trace.ts";

const EVENTS = [
  "sched:sched_process_exec",
  "sched:sched_process_fork",
  "sched:sched_process_exit",
  "syscalls:sys_enter_openat",
  "syscalls:sys_exit_openat",
  "syscalls:sys_enter_unlinkat",
  "syscalls:sys_enter_kill",
  "signal:signal_generate",
  "task:task_newtask",
  "syscalls:sys_enter_dup",
];

/** Arguments that perf shows as addresses. */
const USER_STRINGS: ReadonlySet<string> = new Set(["filename", "pathname"]);

const ROUNDS = 25;
const SIGUSR1 = 10;
const SIGCONT = 18;

/** An event as perf shows it. */
interface PerfEvent {
  readonly comm: string;
  readonly pid: number;
  readonly tid: number;
  readonly cpu: number;
  readonly ns: bigint;
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A line of `perf script --ns -F comm,pid,tid,cpu,time,event,trace`. */
function parsePerf(line: string): PerfEvent {
  const match = /^\s*(.+?)\s+(-?\d+)\/(-?\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}):\s+(\w+:\w+):\s?(.*)$/.exec(line);
  if (match === null) throw new Error(`perf script wrote: ${line}`);
  const [, comm, pid, tid, cpu, seconds, nanoseconds, event, trace] = match;
  return {
    comm: comm!,
    pid: Number(pid),
    tid: Number(tid),
    cpu: Number(cpu),
    ns: BigInt(seconds! + nanoseconds!),
    event: event!,
    fields: fieldsOf(event!, trace!),
  };
}

/** `name=value name=value` of tracepoints, `name: value, name: value` of system calls, a number of their ends. */
function fieldsOf(event: string, trace: string): Record<string, string> {
  if (event.startsWith("syscalls:sys_exit_")) return { ret: trace.trim() };
  const separator = event.startsWith("syscalls:") ? ": " : "=";
  const parts = trace.trim().split(event.startsWith("syscalls:") ? ", " : " ");
  return Object.fromEntries(parts.map((part) => {
    const at = part.indexOf(separator);
    return [part.slice(0, at), part.slice(at + separator.length)];
  }));
}

/** How perf's print formats write the fields of these tracepoints. */
function asPerf(event: Line): Record<string, string> {
  const hexadecimal = (value: number, digits: number): string =>
    `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
  const args: Record<string, unknown> = event.args;
  switch (event.event) {
    case "syscalls:sys_exit_openat":
      return {
        ret: args.ret as number < 0
          ? `0xffffffff${hexadecimal(args.ret as number, 8).slice(2)}`
          : hexadecimal(args.ret as number, 1),
      };
    case "sched:sched_process_fork":
      return {
        comm: String(args.parent_comm),
        pid: String(args.parent_pid),
        child_comm: String(args.child_comm),
        child_pid: String(args.child_pid),
      };
    case "signal:signal_generate":
      return {
        sig: String(args.sig),
        errno: String(args.errno),
        code: String(args.code),
        comm: String(args.comm),
        pid: String(args.pid),
        grp: String(args.group),
        res: String(args.result),
      };
    case "task:task_newtask":
      return {
        pid: String(args.pid),
        comm: String(args.comm),
        clone_flags: Number(args.clone_flags).toString(16),
        oom_score_adj: String(args.oom_score_adj),
      };
  }
  const isCall = event.event.startsWith("syscalls:");
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      isCall && typeof value === "number" ? hexadecimal(value, 8) : String(value),
    ]),
  );
}

/** The processes of the workload, by perf's own events: the root and all that descend from it. */
function familyOf(root: number, events: readonly PerfEvent[]): Set<number> {
  const family = new Set([root]);
  for (const { event, pid, fields } of events) {
    if (event === "sched:sched_process_fork" && family.has(pid)) family.add(Number(fields.child_pid));
  }
  return family;
}

function withoutStrings(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !USER_STRINGS.has(name)));
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], stdin: "null" })
    .output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

for (const backend of BACKENDS) {
  kernelTest(
    `${backend}: events and fields of ten tracepoints are those that perf record sees beside it`,
    async () => {
      const binary = await workload();
      await inFolder(async (folder) => {
        const data = `${folder}/perf.data`;
        const output = `${folder}/trace.jsonl`;
        // perf lets events come, then runs the tracer, which runs the workload; so perf sees more than the tracer.
        await run("perf", [
          ...["record", "-q", "-a", "-m", "4M", "-k", "CLOCK_MONOTONIC", "-o", data],
          ...EVENTS.flatMap((event) => ["-e", event]),
          ...["--", Deno.execPath(), ...TRACER, "--backend", backend, "--format", "jsonl", "-o", output],
          ...["-m", "4MiB", ...EVENTS, "--", binary, "mix", String(ROUNDS)],
        ]);
        const script = await run("perf", [
          ...["script", "--ns", "-i", data, "-F", "comm,pid,tid,cpu,time,event,trace"],
        ]);
        const all = script.trimEnd().split("\n").map(parsePerf);
        const lines = linesOf(await Deno.readTextFile(output));
        const summary = lines.at(-1)!;
        const traced = eventsOf(lines);

        // The tracer lets the command go with SIGCONT; what its shell did before is not traced.
        const root = traced.find(({ args }) => args.filename === binary && args.pid !== undefined)!.pid;
        const resumed = all.findIndex(({ event, fields }) =>
          event === "signal:signal_generate" && fields.sig === String(SIGCONT) && fields.pid === String(root)
        );
        assertGreater(resumed, 0);
        const family = familyOf(root, all);
        const expected = all.slice(resumed).filter(({ pid }) => family.has(pid));
        assertEquals(family.size, ROUNDS + 1);

        assertEquals([summary.lost, summary.missed, summary.left, summary.unfinished], [0, 0, 0, 0]);
        assertEquals([summary.exact, summary.events, summary.exit], [true, traced.length, 0]);
        let compared = 0;
        for (const tid of family) {
          const ours = traced.filter((event) => event.tid === tid);
          const own = expected.filter((event) => event.tid === tid);
          // A perf event of one process goes before the process is quite gone: its last word is SIGCHLD for its parent.
          const exit = own.findIndex(({ event }) => event === "sched:sched_process_exit");
          const theirs = backend === "bpf" ? own : own.slice(0, exit + 1);
          compared += theirs.length;
          assertEquals(
            ours.map((event) => [event.event, event.pid, event.cpu, withoutStrings(asPerf(event))]),
            theirs.map((event) => [event.event, event.pid, event.cpu, withoutStrings(event.fields)]),
            `thread ${tid}`,
          );
          // perf keeps names by their own records; without BPF the tracer asks /proc, later than the event was.
          if (backend === "bpf") assertEquals(ours.map(({ comm }) => comm), theirs.map(({ comm }) => comm));
          // Each takes the time by itself, with the same clock, at the same event.
          ours.forEach(({ ts }, index) => {
            const apart = Number(BigInt(ts) - theirs[index]!.ns);
            assert(Math.abs(apart) < 1e9, `${apart} ns apart from perf`);
          });
        }
        assertEquals(traced.length, compared);

        // What the workload is known to do.
        const counted = (event: string, wanted: (args: Line) => boolean = () => true): number =>
          traced.filter((each) => each.event === event && wanted(each.args)).length;
        assertEquals(counted("sched:sched_process_exec"), ROUNDS + 1);
        assertEquals(counted("sched:sched_process_fork"), ROUNDS);
        assertEquals(counted("sched:sched_process_exit"), ROUNDS + 1);
        assertEquals(counted("task:task_newtask"), ROUNDS);
        assertEquals(counted("syscalls:sys_enter_unlinkat"), ROUNDS);
        assertEquals(counted("syscalls:sys_enter_kill"), ROUNDS);
        assertEquals(counted("syscalls:sys_enter_dup"), ROUNDS);
        assertEquals(counted("signal:signal_generate", ({ sig }) => (sig as unknown) === SIGUSR1), ROUNDS);
        assertEquals(counted("syscalls:sys_enter_openat"), counted("syscalls:sys_exit_openat"));
        assertEquals(counted("sched:sched_process_exec", ({ filename }) => filename === "/bin/true"), ROUNDS);
        if (backend === "bpf") {
          const nulls = counted("syscalls:sys_enter_openat", ({ filename }) => filename === "/dev/null");
          assertEquals(nulls, ROUNDS);
          const gone = counted("syscalls:sys_enter_unlinkat", ({ pathname }) => pathname === "/no/such/file");
          assertEquals(gone, ROUNDS);
        }
      });
    },
    { tracefs: true, commands: ["perf", "gcc"] },
  );
}
