/**
 * The shape of results.json of the tracer's benchmark, `eventpipe-trace-bench/1`: every sample as it was measured, in the
 * order of measuring, and the environment as in results of `deno task bench`. Medians are not in it: they follow.
 *
 * @module
 */

import type { Environment } from "../../src/report/schema.ts";
import type { AbsentTool } from "./tools.ts";

/** The name of this version of the format, in the key `schema`. */
export const TRACE_RESULTS_SCHEMA = "eventpipe-trace-bench/1";

/** One life of a tool that traces sched:sched_process_exec. */
export interface LifeSample {
  readonly tool: string;
  /** Counts from 0; samples of a round are paired. */
  readonly round: number;
  /** From spawning the tool to its first printed event; null where it prints none. */
  readonly firstEventMs: number | null;
  /** The peak of resident memory (VmHWM) before the stop. */
  readonly peakBytes: number | null;
  /** From SIGINT to the end of the process. */
  readonly stopMs: number;
  /** Whether it did not end in time and was killed; then `stopMs` is a lower bound. */
  readonly killed: boolean;
}

/** One stop of a tool that traces all system calls. */
export type StopSample = Pick<LifeSample, "tool" | "round" | "stopMs" | "killed">;

/** The workload once, under one way of tracing. */
export interface OpenSample {
  /** The way, or `untraced`. */
  readonly way: string;
  readonly round: number;
  /** What one open and close of a file took by the clock. */
  readonly nsPerPair: number;
  /** The same in time of the CPU, which leaves out what the program waited for a CPU. */
  readonly cpuNsPerPair: number;
  /** Events the tool says were lost; null where it does not tell. A lost event costs less than one that is kept. */
  readonly lost: number | null;
  /** The peak of resident memory (VmHWM) behind the workload. */
  readonly peakBytes: number | null;
}

/** A tool's run that came to nothing. */
export interface Failure {
  readonly tool: string;
  readonly isOurs: boolean;
  readonly what: "life" | "stop" | "open";
  readonly round: number;
  readonly message: string;
}

/** A results file. */
export interface TraceResults {
  readonly schema: typeof TRACE_RESULTS_SCHEMA;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly command: string;
  readonly environment: Environment;
  /** Versions of the other tools, as they name themselves. */
  readonly versions: Readonly<Record<string, string>>;
  readonly absent: readonly AbsentTool[];
  /** How often the file was opened and closed per sample. */
  readonly pairs: number;
  readonly life: readonly LifeSample[];
  readonly stop: readonly StopSample[];
  readonly open: readonly OpenSample[];
  readonly failures: readonly Failure[];
}
