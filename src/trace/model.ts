/**
 * What flows through the tracer behind the pipe: decoded events, and what is said of them at the beginning and the end.
 * Backends make it, outputs write it.
 *
 * @module
 */

/** A decoded field: integers that a number cannot hold are bigints; null is what cannot be told, see `reasons`. */
export type Value = number | bigint | string | boolean | null | readonly (number | bigint)[];

/** One event. */
export interface TraceEvent {
  /** CLOCK_MONOTONIC in ns: when it happened; for a system call with duration, when it ended. */
  readonly time: bigint;
  /** The CPU it happened on. */
  readonly cpu: number;
  /** The process. */
  readonly pid: number;
  /** The thread. */
  readonly tid: number;
  /** The command's name; empty where the kernel did not tell. */
  readonly comm: string;
  /** `category:name` of a tracepoint, or the bare name of a system call. */
  readonly event: string;
  /** The fields by name, in the order of the format. */
  readonly args: Readonly<Record<string, Value>>;
  /** Why fields are null, by name; absent where none is. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** A system call as a whole: what it returned, null if it does not return, and how long it took. */
  readonly call?: { readonly ret: bigint | null; readonly durationNs: bigint | null };
}

/** What is known when tracing begins. */
export interface TraceHeader {
  /** The events that are traced, by name. */
  readonly events: readonly string[];
  /** Which backend delivers them. */
  readonly backend: "bpf" | "perf";
  /** The CPUs that are read. */
  readonly cpus: readonly number[];
  /** Data bytes per ring. */
  readonly ringBytes: number;
  /** The reader is woken after so many bytes. */
  readonly watermarkBytes: number;
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC in ns, at the start. */
  readonly wallOffsetNs: bigint;
  /** The traced command, if there is one. */
  readonly command: readonly string[] | null;
  /** The kernel's release. */
  readonly kernel: string;
}

/** A gap: events that were produced and did not arrive. */
export interface TraceLoss {
  /** When the gap was noticed, CLOCK_MONOTONIC in ns. */
  readonly time: bigint;
  /** The CPU; null where the loss belongs to none. */
  readonly cpu: number | null;
  /** How many events. */
  readonly count: number;
}

/** What is known when tracing has ended. Each event produced is in exactly one of events, lost, missed and left. */
export interface TraceSummary {
  /** Events written. */
  readonly events: number;
  /** Events that found a ring full. */
  readonly lost: number;
  /** Events the kernel could not hand over: helper errors, programs that were skipped, pairs without room. */
  readonly missed: number;
  /** Events not written because a limit was reached. */
  readonly left: number;
  /** System calls that had begun and not ended. */
  readonly unfinished: number;
  /** Whether the counts account for every event. */
  readonly exact: boolean;
  /** From the first event let in to the last, in ns. */
  readonly durationNs: bigint;
  /** Events written by name. */
  readonly perEvent: ReadonlyMap<string, number>;
  /** Events written and lost by CPU. */
  readonly perCpu: readonly { readonly cpu: number; readonly events: number; readonly lost: number }[];
  /** Durations of system calls by name, in ns; empty where none was traced with its duration. */
  readonly calls: ReadonlyMap<
    string,
    { readonly count: number; readonly errors: number; readonly totalNs: bigint; readonly maxNs: bigint }
  >;
}
