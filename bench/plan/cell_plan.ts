/**
 * What a cell is: one configuration to measure, with the load that is offered to it.
 *
 * @module
 */

import type { Arrivals } from "../arrivals.ts";
import type { Setting } from "../setting.ts";

/**
 * The suites of cells: `throughput` saturates, `latency` offers events at a rate whatever the consumer does, `pingpong` sends
 * each event when the one before was handled; `size`, `payload`, `cpus` and `waiters` vary one thing each; `floor` has no
 * cells, it watches the machine.
 */
export const SUITES = [
  "throughput",
  "latency",
  "pingpong",
  "size",
  "payload",
  "cpus",
  "waiters",
  "floor",
] as const;

/** The name of a suite. */
export type Suite = typeof SUITES[number];

/** The sources: `kernel` is a BPF program's output, `memory` is written by TypeScript in a Worker. */
export const SOURCES = ["kernel", "memory"] as const;

/** The name of a source. */
export type SourceName = typeof SOURCES[number];

/** How events are offered to a cell: without end, at a rate, or each when the one before was handled. */
export type Load =
  | { readonly kind: "saturating" }
  | {
    readonly kind: "rate";
    /** Events per second, of all producers together. */
    readonly rate: number;
    readonly arrivals: Arrivals;
    /** The rate as a share of the capacity, where it was chosen so. */
    readonly share?: number;
  }
  | { readonly kind: "pingpong" };

/** A rate that is known when the configuration has been measured: so much of what a saturating cell of it handled. */
export interface ShareLoad {
  readonly kind: "share";
  readonly share: number;
  readonly arrivals: Arrivals;
}

/** One configuration to measure. */
export interface CellPlan<L = Load> {
  readonly suite: Suite;
  readonly source: SourceName;
  readonly setting: Setting;
  readonly payloadBytes: number;
  /** How many CPUs produce. */
  readonly cpus: number;
  readonly load: L;
  readonly durationMs: number;
}

/** A cell of a plan: its load may hang on another cell, which stands in front of it then. */
export type PlannedCell = CellPlan<Load | ShareLoad>;

/** The latencies of a cell are kept, in four stages. */
export const MAX_LATENCIES = 8e6;
