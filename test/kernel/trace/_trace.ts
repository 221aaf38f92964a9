/** The tracer as a user runs it, in processes of its own, and a workload that does exactly what it is told. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { findExecutable } from "../../../src/cli/packages.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The arguments of Deno that run the tracer. */
export const TRACER: readonly string[] = ["run", "-A", path("../../../src/cli/trace.ts")];

/** Both backends. */
export const BACKENDS = ["bpf", "perf"] as const;

/** A line of JSON Lines; what stands in it depends on its type. */
// deno-lint-ignore no-explicit-any -- the tests say by what they compare it with what it must be
export type Line = { readonly type: string; readonly [key: string]: any };

/** How a run of the tracer ended. */
export interface TraceOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const text = new TextDecoder();

/** What may be different about a run. */
export interface RunOptions {
  /** A command that runs Deno in other circumstances. */
  readonly prefix?: readonly string[];
  readonly env?: Record<string, string>;
}

/** Runs the tracer to its end. */
export async function trace(args: readonly string[], options: RunOptions = {}): Promise<TraceOutcome> {
  const [command, ...rest] = [...options.prefix ?? [], Deno.execPath(), ...TRACER, ...args];
  const { code, stdout, stderr } = await new Deno.Command(command!, {
    args: rest,
    stdin: "null",
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** The lines of a JSON Lines output: the header comes first and the summary last. */
export function linesOf(jsonl: string): Line[] {
  const lines = jsonl.split("\n");
  assertEquals(lines.pop(), "", "the last line has no end");
  const parsed = lines.map((line): Line => JSON.parse(line));
  assertEquals(parsed.map(({ type }) => type).indexOf("header"), 0);
  assertEquals(parsed.findIndex(({ type }) => type === "summary"), parsed.length - 1);
  return parsed;
}

/** The events among lines. */
export function eventsOf(lines: readonly Line[]): Line[] {
  return lines.filter(({ type }) => type === "event");
}

/** Runs the tracer with JSON Lines into a file, so that what a command prints stays apart, and returns the lines. */
export async function traceLines(
  args: readonly string[],
  options: RunOptions = {},
): Promise<TraceOutcome & { readonly lines: Line[]; readonly summary: Line }> {
  const file = await Deno.makeTempFile({ prefix: "eventpipe-trace-" });
  try {
    const outcome = await trace(["--format", "jsonl", "-o", file, ...args], options);
    const written = await Deno.readTextFile(file);
    if (written === "") {
      throw new Error(`The tracer wrote nothing, status ${outcome.code}: ${outcome.stderr}`);
    }
    const lines = linesOf(written);
    return { ...outcome, lines, summary: lines.at(-1)! };
  } finally {
    await Deno.remove(file);
  }
}

/** A tracer that runs until it is told to end, with JSON Lines on its output. */
export class RunningTrace {
  readonly process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  private constructor(process: Deno.ChildProcess) {
    this.process = process;
    this.#reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts it and waits until it traces: the header is written behind the start. It ends by itself some day. */
  static async start(args: readonly string[]): Promise<RunningTrace> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [...TRACER, "--format", "jsonl", ...args.includes("-d") ? [] : ["-d", "20s"], ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new RunningTrace(process);
    while (!running.#rest.includes("\n")) {
      const { done, value } = await running.#reader.read();
      if (done) throw new Error(`The tracer ended: ${text.decode(await process.stderr.bytes())}`);
      running.#rest += value;
    }
    return running;
  }

  /** Waits for its end. */
  async end(): Promise<{ code: number; lines: Line[]; stderr: string }> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.#rest += value;
    }
    const stderr = text.decode(await this.process.stderr.bytes());
    const { code } = await this.process.status;
    return { code, lines: linesOf(this.#rest), stderr };
  }
}

let compiled: Promise<string> | undefined;

/** The compiled workload; needs gcc. */
export function workload(): Promise<string> {
  return compiled ??= compile();
}

async function compile(): Promise<string> {
  const folder = path("../../../build/test/");
  await Deno.mkdir(folder, { recursive: true });
  const binary = `${folder}trace_workload`;
  const partial = `${binary}.${Deno.pid}`;
  const { success, stderr } = await new Deno.Command(findExecutable("gcc")!, {
    args: ["-O1", "-Wall", "-Werror", "-o", partial, path("_workload.c")],
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot compile the workload: ${text.decode(stderr)}`);
  await Deno.rename(partial, binary);
  return binary;
}

/** A workload that waits until it is let go, with a name of its own. */
export class WaitingWorkload implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(process: Deno.ChildProcess, folder: string) {
    this.process = process;
    this.#folder = folder;
  }

  /** Starts it under a name of at most 15 bytes. */
  static async start(comm: string, args: readonly string[], cpu?: number): Promise<WaitingWorkload> {
    const folder = await Deno.makeTempDir({ prefix: "eventpipe-workload-" });
    await Deno.copyFile(await workload(), `${folder}/${comm}`);
    const process = new Deno.Command(`${folder}/${comm}`, {
      args: [...args],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      env: {
        EVENTPIPE_TEST_WAIT: "1",
        ...(cpu === undefined ? {} : { EVENTPIPE_TEST_CPU: String(cpu) }),
      },
    }).spawn();
    return new WaitingWorkload(process, folder);
  }

  /** Lets it go. It lives on when it has done what it was told. */
  async go(): Promise<void> {
    const writer = this.process.stdin.getWriter();
    await writer.write(Uint8Array.of(1));
    writer.releaseLock();
  }

  /** Ends it if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.process.status;
    await this.process.stdin.close().catch(() => {}); // nobody reads it any more
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Calls `test` with a new folder, which is gone afterwards. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-trace-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
