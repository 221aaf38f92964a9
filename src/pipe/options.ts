/**
 * The options of a pipe, and their checks.
 *
 * @module
 */

import { checkObject, wrongArgument } from "../errors.ts";
import type { DispatchBy } from "../ring/scanner.ts";
import type { Source } from "../source/source.ts";
import type { WaiterName } from "../wait/open.ts";
import { StopToken } from "../wait/stop_token.ts";
import type { CommitPolicy } from "./drain.ts";
import type { EventHandler } from "./handlers.ts";
import type { MergeOptions } from "./merge.ts";
import type { RingTap } from "./tap.ts";

/** How {@linkcode EventPipe.run} runs. */
export interface RunOptions {
  /** Ends the run; what is in the rings then is dispatched before it ends. */
  readonly signal?: AbortSignal;
  /** While no ring wakes it, `run` looks into all rings this often, in ms; 100 unless given. */
  readonly flushMs?: number;
  /** Called after each wait, in front of the drain: all events from before this moment are in the rings it reads. */
  readonly onWoken?: () => void;
  /** Called after each drain that no handler ended by throwing: a place to write out what handlers collected. */
  readonly onDrained?: () => void;
}

/** How an {@linkcode EventPipe} is opened. */
export interface EventPipeOptions {
  /** Where events come from. The pipe owns the source and closes it, also when opening fails. */
  readonly source: Source;
  /**
   * How to wait. On kernel rings `epoll`, unless given, or `poll`, on memory rings `atomics` or `model`; on both, what looks
   * without sleeping: see {@linkcode WaiterName}.
   */
  readonly waiter?: WaiterName;
  /**
   * `category`, unless given: each event goes to the handler of the category it begins with. `all`: each record goes to
   * the handler registered first, for programs that know no categories; its payload begins at offset 0.
   */
  readonly dispatchBy?: DispatchBy;
  /** Events of categories without a handler: `count` them, unless given, `throw`, or give them to a handler. */
  readonly unknown?: "count" | "throw" | EventHandler<undefined>;
  /**
   * When records are given back to the producer: behind each `record`, behind each `batch` of up to 256 unless given, or
   * at the end of a ring's `drain`. Seldom is cheaper, and often leaves the producer more room.
   */
  readonly commit?: CommitPolicy;
  /**
   * Dispatch the events of all rings in the order of their times, see {@linkcode MergeOptions}; ring by ring unless given.
   * Events must begin with `struct event`.
   */
  readonly merge?: MergeOptions;
  /** Ends `poll` and `run` from another isolate. */
  readonly stop?: StopToken;
  /** Give each event a view of its own that throws in any later call; false unless given. Allocates per event. */
  readonly checkViews?: boolean;
  /** Called when the kernel reports losses, in front of the next event of that CPU. `statistics` counts all losses. */
  readonly onLost?: (cpu: number, count: number) => void;
  /** Called with what is wrong though nothing failed; written to stderr unless given. */
  readonly onWarning?: (message: string) => void;
  /** Sees the raw bytes of the rings, to record them. */
  readonly tap?: RingTap;
}

/** Refuses what is no source. */
export function checkSource(options: EventPipeOptions): void {
  const { openScanner, close, cpus } = (options?.source ?? {}) as Partial<Source>;
  if (typeof openScanner !== "function" || typeof close !== "function" || !Array.isArray(cpus)) {
    throw new TypeError("Cannot open the pipe: source must be a source of events, such as a MemorySource");
  }
}

/** Refuses options of the wrong kind. */
export function checkOptions(options: EventPipeOptions): void {
  const { waiter, dispatchBy, unknown, commit, merge, stop, checkViews, onLost, onWarning, tap } = options;
  const isHandler = typeof unknown === "object" && unknown !== null &&
    typeof unknown.process === "function" &&
    !("processBatch" in unknown) && typeof unknown.name === "string";
  check(
    waiter === undefined || typeof waiter === "string",
    `waiter must be the name of a waiter, such as "epoll", current value is ${waiter}`,
  );
  check(
    dispatchBy === undefined || dispatchBy === "category" || dispatchBy === "all",
    `dispatchBy must be "category" or "all", current value is ${dispatchBy}`,
  );
  check(
    unknown === undefined || unknown === "count" || unknown === "throw" || isHandler,
    `unknown must be "count", "throw" or a handler of single events with a name, current value is ${unknown}`,
  );
  check(
    commit === undefined || ["record", "batch", "drain"].includes(commit),
    `commit must be "record", "batch" or "drain", current value is ${commit}`,
  );
  check(
    merge === undefined || (typeof merge?.windowMs === "number" && merge.windowMs >= 0),
    `merge must be { windowMs } with a window of at least 0 ms, current value is ${merge?.windowMs}`,
  );
  check(
    merge === undefined || dispatchBy !== "all",
    'merge needs events that begin with struct event, which dispatchBy "all" does not expect',
  );
  check(stop === undefined || stop instanceof StopToken, "stop must be a StopToken");
  check(
    checkViews === undefined || typeof checkViews === "boolean",
    `checkViews must be true or false, current value is ${checkViews}`,
  );
  check(onLost === undefined || typeof onLost === "function", "onLost must be a function");
  check(onWarning === undefined || typeof onWarning === "function", "onWarning must be a function");
  check(tap === undefined || typeof tap?.onScanned === "function", "tap must have a function onScanned");
}

/**
 * Refuses options of `run` of the wrong kind.
 *
 * @param options The options.
 * @throws {TypeError} If one is of the wrong kind.
 * @throws {RangeError} If flushMs is no time above 0.
 */
export function checkRunOptions(options: RunOptions): void {
  checkObject(options, "run");
  const { signal, flushMs = 1, onWoken, onDrained } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongArgument("run", "signal", "an AbortSignal", signal);
  }
  if (typeof flushMs !== "number" || !(flushMs > 0) || flushMs === Infinity) {
    throw new RangeError(`Cannot run: flushMs must be above 0, current value is ${flushMs}`);
  }
  for (const [name, call] of [["onWoken", onWoken], ["onDrained", onDrained]] as const) {
    if (call !== undefined && typeof call !== "function") {
      throw wrongArgument("run", name, "a function", call);
    }
  }
}

function check(isRight: boolean, message: string): void {
  if (!isRight) throw new TypeError(`Cannot open the pipe: ${message}`);
}
