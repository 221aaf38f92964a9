/**
 * What a backend of the tracer is: it brings events of the selection through a pipe and hands them on decoded. The tracer
 * runs the pipe and writes; a backend knows how the kernel is asked.
 *
 * @module
 */

import type { EventPipe } from "../pipe/event_pipe.ts";
import type { Catalog } from "./catalog.ts";
import type { TraceEvent, TraceLoss } from "./model.ts";
import type { Selection } from "./select.ts";

/** What is traced, whose, and into what rings. */
export interface BackendOptions {
  readonly catalog: Catalog;
  readonly selection: Selection;
  /** Only these processes; all if empty and no command is followed. */
  readonly pids: readonly number[];
  /** Only commands of these names; all if empty. */
  readonly comms: readonly string[];
  /** Only these CPUs; all unless given. */
  readonly cpus: readonly number[] | undefined;
  /** A process that stands still and is to be traced with its children; null if there is none. */
  readonly command: number | null;
  /** Whether the tracer's own events are traced. */
  readonly includeSelf: boolean;
  readonly ringBytes: number;
  readonly watermarkBytes: number;
  /** Called for each event, in the order of its CPU. */
  readonly onEvent: (event: TraceEvent) => void;
  /** Called for a gap, where it is in the order of its CPU. */
  readonly onLost: (loss: TraceLoss) => void;
}

/** What became of the events that reached no handler. */
export interface BackendAccounts {
  /** Events the kernel could not hand over: helper errors, programs that were skipped, pairs without room. */
  readonly missed: number;
  /** System calls that had begun and not ended. */
  readonly unfinished: number;
  /** Whether what was produced is what arrived and what was counted as lost. */
  readonly exact: boolean;
}

/** A running trace. */
export interface Backend extends Disposable {
  /** Its name in the header. */
  readonly name: "bpf" | "perf";
  /** The pipe, to be run by the tracer. The backend closes it. */
  readonly pipe: EventPipe;
  /** What is traced, by name. */
  readonly events: readonly string[];

  /** Lets events come. */
  start(): void;

  /** Lets no more events come; those in the rings can still be consumed. */
  stop(): void;

  /**
   * To be called when all events up to a time have come: what several events make together is handed on now.
   *
   * @param until The time, CLOCK_MONOTONIC in ns; null for whatever has come.
   */
  complete(until: bigint | null): void;

  /**
   * Closes the pipe and the accounts.
   *
   * @returns What reached no handler.
   */
  finish(): BackendAccounts;

  /** Lets another process close what is slow to close, so that this one can end at once. It must end then. */
  release(): void;

  /** Closes everything, however long it takes, for those who go on living. */
  [Symbol.dispose](): void;
}
