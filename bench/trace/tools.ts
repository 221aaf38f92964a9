/**
 * The tracers that are compared: how each is asked for the same things, and which of them are here.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { install } from "../../src/cli/install.ts";
import { BundleError } from "../../src/cli/install/bundle.ts";
import { commandPath } from "../../src/cli/install/files.ts";

/** A tracer. */
export interface Tool {
  readonly name: string;
  /** Whether it is ours: then a failure fails the benchmark. */
  readonly isOurs: boolean;
  /** Prints each sched:sched_process_exec as it happens. */
  readonly exec: readonly string[];
  /** Whether it prints them at all: `perf record` does not. */
  readonly printsEvents: boolean;
  /** Traces all system calls, or as near to it as it can come. */
  readonly allCalls: readonly string[];
  /** What it prints when all of them are attached; null where it prints nothing then. */
  readonly allCallsReady: string | null;
  /** Whether the kernel is busy with detaching that for half a minute; then it is done once. */
  readonly detachesSlowly: boolean;
  /** Ways to trace what `open` does, events to /dev/null; none where another tool has the same cost. */
  readonly open: readonly OpenWay[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One way to trace openat(2), for the cost it has. */
export interface OpenWay {
  readonly name: string;
  readonly argv: readonly string[];
}

/** A tool that is not measured. */
export interface AbsentTool {
  readonly name: string;
  readonly reason: string;
}

/** The tools that are here and those that are not. */
export interface FoundTools {
  readonly tools: readonly Tool[];
  readonly absent: readonly AbsentTool[];
  readonly versions: Readonly<Record<string, string>>;
}

const EXEC = "sched:sched_process_exec";
const ENTER_OPENAT = "syscalls:sys_enter_openat";

/** The untraced workload among the ways to open. */
export const UNTRACED = "untraced";

/** What others are held against: the way of `perf record`. */
export const PERF_RECORD = "perf record";

/** Where the tracer is installed to be measured, as it is in the checkout. */
const PREFIX = fileURLToPath(new URL("../../build/trace-bench", import.meta.url));

/** All tools, whether they are here or not. */
export function allTools(): Tool[] {
  const own = [ours("bpf"), ours("perf"), installed("bpf"), installed("perf")];
  return [...own, bpftrace(), perfTrace(), perfRecord()];
}

function ours(backend: "bpf" | "perf"): Tool {
  const name = `eventpipe (${backend})`;
  const trace = [Deno.execPath(), "run", "-A", "src/cli/trace.ts", "--backend", backend];
  const quiet = ["-o", "/dev/null"];
  const whole = {
    name: `${name}, whole call, 4 MiB rings`,
    argv: [...trace, "openat", "-m", "4MiB", ...quiet],
  };
  return {
    name,
    isOurs: true,
    exec: [...trace, EXEC],
    printsEvents: true,
    // Without BPF each of the 700 tracepoints is attached for itself.
    allCalls: [...trace, "syscalls:*", ...quiet],
    allCallsReady: null,
    detachesSlowly: backend === "perf",
    open: [
      { name, argv: [...trace, ENTER_OPENAT, ...quiet] },
      { name: `${name}, 4 MiB rings`, argv: [...trace, ENTER_OPENAT, "-m", "4MiB", ...quiet] },
      ...(backend === "bpf" ? [whole] : []),
    ],
  };
}

/** The same tracer as an installed command: it starts in another way, and costs what it traces the same. */
function installed(backend: "bpf" | "perf"): Tool {
  const trace = [commandPath(PREFIX), "--backend", backend];
  return {
    ...ours(backend),
    name: `eventpipe (installed, ${backend})`,
    exec: [...trace, EXEC],
    allCalls: [...trace, "syscalls:*", "-o", "/dev/null"],
    open: [],
  };
}

function bpftrace(): Tool {
  const exec = `tracepoint:${EXEC} { printf("%s %d %s\\n", comm, pid, str(args->filename)); }`;
  // Its buffer is read when all is attached, so the first line tells that it is.
  const calls = `tracepoint:syscalls:sys_enter_* { @ = count(); } interval:s:1 { printf("ready\\n"); }`;
  const open = `tracepoint:${ENTER_OPENAT} { printf("%s %d %s\\n", comm, pid, str(args->filename)); }`;
  return {
    name: "bpftrace",
    isOurs: false,
    exec: ["bpftrace", "-e", exec],
    printsEvents: true,
    allCalls: ["bpftrace", "-e", calls],
    allCallsReady: "ready\n",
    detachesSlowly: true,
    open: [{ name: "bpftrace printf", argv: ["bpftrace", "-o", "/dev/null", "-e", open] }],
    env: { BPFTRACE_MAX_PROBES: "1024" },
  };
}

function perfTrace(): Tool {
  const quiet = ["-a", "-o", "/dev/null"];
  return {
    name: "perf trace",
    isOurs: false,
    exec: ["perf", "trace", "--no-syscalls", "-e", EXEC, "-a"],
    printsEvents: true,
    allCalls: ["perf", "trace", ...quiet],
    allCallsReady: null,
    detachesSlowly: false,
    open: [{ name: "perf trace, whole call", argv: ["perf", "trace", "-e", "openat", ...quiet] }],
  };
}

function perfRecord(): Tool {
  const record = (event: string): string[] => ["perf", "record", "-q", "-a", "-e", event, "-o", "/dev/null"];
  return {
    name: PERF_RECORD,
    isOurs: false,
    exec: record(EXEC),
    printsEvents: false,
    allCalls: record("syscalls:*"),
    allCallsReady: null,
    detachesSlowly: true,
    open: [{ name: PERF_RECORD, argv: record(ENTER_OPENAT) }],
  };
}

/**
 * Looks for the tools, and installs the tracer as it is in this checkout.
 *
 * @returns Those that are here, and why the others are not measured.
 */
export async function findTools(): Promise<FoundTools> {
  const versions: Record<string, string> = {};
  const tools: Tool[] = [];
  const absent: AbsentTool[] = [];
  const isInstalled = await installTracer();
  for (const tool of allTools()) {
    if (!isInstalled && tool.exec[0] === commandPath(PREFIX)) {
      absent.push({ name: tool.name, reason: "deno bundle fails here; deno task install tells why" });
      continue;
    }
    const program = tool.isOurs ? "eventpipe" : tool.exec[0]!;
    if (!tool.isOurs) versions[program] ??= await versionOf(program) ?? "";
    if (versions[program] === "") absent.push({ name: tool.name, reason: `${program} does not run here` });
    else tools.push(tool);
  }
  const known = Object.entries(versions).filter(([, version]) => version !== "");
  return { tools, absent, versions: Object.fromEntries(known) };
}

/** Whether the tracer could be bundled, which needs the network once. */
async function installTracer(): Promise<boolean> {
  try {
    await install(PREFIX);
    return true;
  } catch (error) {
    if (error instanceof BundleError) return false;
    throw error;
  }
}

async function versionOf(program: string): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

/**
 * Reads from what a tool printed how many events it has lost.
 *
 * @param text What it printed.
 * @returns The number, or null where it tells none.
 */
export function lostOf(text: string): number | null {
  const lost = /(\d+) lost to full rings/.exec(text)?.[1];
  return lost === undefined ? null : Number(lost);
}
