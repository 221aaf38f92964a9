/**
 * The options of a trace, and their checks.
 *
 * @module
 */

import { checkObject, wrongArgument } from "../errors.ts";
import { type BackendName, BACKENDS } from "./choose_backend.ts";
import type { TraceLoss } from "./model.ts";

/** Which events, and whose. */
export interface TraceOptions {
  /** Only these processes; all if empty. */
  readonly pids?: readonly number[];
  /** Only commands of these names; all if empty. */
  readonly comms?: readonly string[];
  /** Only these CPUs; all unless given. */
  readonly cpus?: readonly number[];
  /** A process that is to be traced with the children it makes from now on. */
  readonly follow?: number;
  /** Whether this process's own events are traced; false unless given. */
  readonly includeSelf?: boolean;
  /** Data bytes of each CPU's ring; 1 MiB unless given. */
  readonly ringBytes?: number;
  /** Which backend; `auto` unless given. */
  readonly backend?: BackendName;
  /** Called for a gap; the summary counts all. */
  readonly onLost?: (loss: TraceLoss) => void;
}

/** The largest `pid_t`. */
const MAX_PID = 0x7fffffff;

/** Refuses arguments of the wrong kind; ring size and CPUs are the source's to check. */
export function checkArguments(events: readonly string[], options: TraceOptions): void {
  check(Array.isArray(events) && events.every(isText), "events", "a list of names of events", events);
  checkObject(options, "trace");
  const { pids, comms, follow, includeSelf, ringBytes, backend, onLost } = options;
  check(isListOf(pids, isPid), "pids", "a list of process ids", pids);
  check(isListOf(comms, isText), "comms", "a list of names of commands", comms);
  check(follow === undefined || (isPid(follow) && follow > 0), "follow", "a process id", follow);
  check(
    includeSelf === undefined || typeof includeSelf === "boolean",
    "includeSelf",
    "true or false",
    includeSelf,
  );
  check(
    ringBytes === undefined || typeof ringBytes === "number",
    "ringBytes",
    "a number of bytes",
    ringBytes,
  );
  check(
    backend === undefined || BACKENDS.includes(backend),
    "backend",
    `one of ${BACKENDS.join(", ")}`,
    backend,
  );
  check(onLost === undefined || typeof onLost === "function", "onLost", "a function", onLost);
}

function check(isRight: boolean, name: string, wanted: string, value: unknown): void {
  if (!isRight) throw wrongArgument("trace", name, wanted, value);
}

function isListOf(list: unknown, isRight: (each: unknown) => boolean): boolean {
  return list === undefined || (Array.isArray(list) && list.every(isRight));
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isPid(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_PID;
}
