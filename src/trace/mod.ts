/**
 * Traces tracepoints and system calls of the kernel from a program: name events, get them decoded, in the order of time.
 *
 * @module
 */

import { closedError } from "../errors.ts";
import { Catalog } from "./catalog.ts";
import { type BackendName, chooseBackend } from "./choose_backend.ts";
import type { Backend } from "./backend.ts";
import { Collector } from "./collector.ts";
import type { TraceEvent, TraceLoss, TraceSummary, Value } from "./model.ts";
import { checkArguments, type TraceOptions } from "./options.ts";
import { runInRounds } from "./rounds.ts";
import { selectEvents } from "./select.ts";

export type { BackendName, TraceEvent, TraceLoss, TraceOptions, TraceSummary, Value };

/** Events wait no longer than this, so that those of all CPUs come in their order. */
const ROUND_MS = 50;

/** A trace that runs. Iterate over it for the events; the iteration ends after `stop`. */
export class Trace implements AsyncIterable<TraceEvent>, Disposable {
  readonly #backend: Backend;
  readonly #collector: Collector;
  readonly #stop = new AbortController();
  #isRunning = false;
  #summary: TraceSummary | undefined;

  private constructor(backend: Backend, collector: Collector) {
    this.#backend = backend;
    this.#collector = collector;
  }

  /**
   * Begins to trace.
   *
   * @param events `category:name` of tracepoints, or bare names of system calls, which are traced as a whole; `*`, `?` and
   * `[...]` match, `!` in front takes away.
   * @param options Whose events, and how.
   * @returns The trace; close it, or declare it with `using`.
   * @throws {TypeError} If an argument is of the wrong kind.
   * @throws {RangeError} If an option is out of range, or the events are none.
   * @throws {EventPipeError} If the kernel does not permit it, or a name is not known.
   *
   * @example Programs as they start
   * ```ts ignore
   * import { Trace } from "@eventpipe/eventpipe/trace";
   *
   * using trace = Trace.open(["sched:sched_process_exec"]);
   * Deno.addSignalListener("SIGINT", () => trace.stop());
   * for await (const { pid, comm, args } of trace) console.log(pid, comm, args.filename);
   * console.log(trace.finish().lost);
   * ```
   */
  static open(events: readonly string[], options: TraceOptions = {}): Trace {
    checkArguments(events, options);
    const { pids = [], comms = [], cpus, follow, includeSelf = false, backend = "auto", onLost } = options;
    const { ringBytes = 1024 * 1024 } = options;
    const watermarkBytes = ringBytes / 4;
    using chosen = chooseBackend(backend, { ringBytes, watermarkBytes, cpus });
    const catalog = Catalog.open();
    const selection = selectEvents(catalog, events);
    const collector = new Collector(null);
    const opened = chosen.open({
      catalog,
      selection,
      pids,
      comms,
      cpus,
      command: follow ?? null,
      includeSelf,
      ringBytes,
      watermarkBytes,
      onEvent: (event) => collector.add(event),
      onLost: (loss) => onLost?.(loss),
    });
    try {
      opened.start();
    } catch (error) {
      opened[Symbol.dispose]();
      throw error;
    }
    return new Trace(opened, collector);
  }

  /** The events as they come, in the order of time; one loop at a time. Leaving the loop stops the trace. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TraceEvent, void> {
    if (this.#summary !== undefined) throw closedError("iterate over the trace", "it");
    if (this.#isRunning) throw new TypeError("Cannot iterate over the trace: a loop runs already");
    this.#isRunning = true;
    let wake = (): void => {};
    let complete = 0n;
    const run = runInRounds(this.#backend.pipe, {
      signal: this.#stop.signal,
      roundMs: ROUND_MS,
      onRound: (until) => {
        complete = until;
        wake();
      },
    }).finally(() => {
      this.#isRunning = false;
      wake();
    });
    try {
      while (this.#isRunning) {
        const nextRound = new Promise<void>((resolve) => wake = resolve);
        yield* this.#take(complete);
        if (this.#isRunning) await nextRound;
      }
      await run;
      this.#backend.stop();
      this.#backend.pipe.consume();
      yield* this.#take(null);
    } finally {
      this.stop();
      await run;
    }
  }

  /** Ends the iteration, after the events that have come. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Ends the trace.
   *
   * @returns What was traced and what was lost.
   * @throws {TypeError} If it is iterated over; leave the loop first.
   */
  finish(): TraceSummary {
    if (this.#summary !== undefined) return this.#summary;
    if (this.#isRunning) throw new TypeError("Cannot finish the trace: leave the loop over it first");
    this.#backend.stop();
    const accounts = this.#backend.finish();
    this.#summary = this.#collector.summary(this.#backend.pipe.statistics(), accounts);
    this.#backend[Symbol.dispose]();
    return this.#summary;
  }

  /** Ends the trace, for `using`. */
  [Symbol.dispose](): void {
    this.stop();
    if (!this.#isRunning) this.finish();
  }

  *#take(until: bigint | null): Generator<TraceEvent, void> {
    this.#backend.complete(until);
    for (const item of this.#collector.take(until)) if (!("count" in item)) yield item;
  }
}
