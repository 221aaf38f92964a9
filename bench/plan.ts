/**
 * What a run measures: the options of the command line made into a list of cells, one configuration each.
 *
 * @module
 */

import { LOAD_EVENT } from "../src/abi/event.ts";
import { MAX_PAYLOAD_BYTES } from "../src/abi/perf_event.ts";
import { UsageError } from "../src/cli/args.ts";

/** The suites: `throughput` saturates, `latency` offers events at a fixed rate whatever the consumer does. */
export const SUITES = ["throughput", "latency"] as const;

/** The name of a suite. */
export type Suite = typeof SUITES[number];

/** The sources: `kernel` is a BPF program's output, `memory` is written by TypeScript in a Worker. */
export const SOURCES = ["kernel", "memory"] as const;

/** The name of a source. */
export type SourceName = typeof SOURCES[number];

/** One configuration to measure. */
export interface CellPlan {
  readonly suite: Suite;
  readonly source: SourceName;
  readonly ringBytes: number;
  readonly wakeupEvents: number;
  readonly payloadBytes: number;
  /** Offered events per second; null to saturate. */
  readonly rate: number | null;
  readonly durationMs: number;
}

/** What to measure, each list in the order it is measured. */
export interface PlanOptions {
  readonly suites: readonly Suite[];
  readonly sources: readonly SourceName[];
  readonly ringBytes: readonly number[];
  readonly wakeupEvents: readonly number[];
  readonly payloadBytes: readonly number[];
  readonly rate: number;
  readonly durationMs: number;
}

/**
 * Makes the list of cells: every combination, grouped by source and suite.
 *
 * @param options What to measure.
 * @returns The cells in the order they are measured.
 * @throws {UsageError} If a value cannot be measured.
 */
export function planCells(options: PlanOptions): CellPlan[] {
  checkPlan(options);
  const { suites, sources, ringBytes, wakeupEvents, payloadBytes, rate, durationMs } = options;
  return sources.flatMap((source) =>
    suites.flatMap((suite) =>
      payloadBytes.flatMap((payload) =>
        ringBytes.flatMap((ring) =>
          wakeupEvents.map((wakeup) => ({
            suite,
            source,
            ringBytes: ring,
            wakeupEvents: wakeup,
            payloadBytes: payload,
            rate: suite === "latency" ? rate : null,
            durationMs,
          }))
        )
      )
    )
  );
}

/** The latencies of a cell are kept, all of them. */
const MAX_LATENCIES = 16e6;

function checkPlan({ suites, ringBytes, wakeupEvents, payloadBytes, rate, durationMs }: PlanOptions): void {
  if (suites.includes("latency") && rate * durationMs / 1000 > MAX_LATENCIES) {
    throw new UsageError(
      `--rate ${rate} and --duration ${durationMs}ms: a cell has at most ${MAX_LATENCIES} events`,
    );
  }
  for (const bytes of ringBytes) {
    if (bytes < 4096 || bytes > 2 ** 30 || (bytes & (bytes - 1)) !== 0) {
      throw new UsageError(`--ring-bytes ${bytes}: expected a power of two from 4KiB to 1GiB`);
    }
  }
  for (const events of wakeupEvents) {
    if (events < 1 || events > 0xffffffff) {
      throw new UsageError(`--wakeup-events ${events}: expected at least 1`);
    }
  }
  for (const bytes of payloadBytes) {
    if (bytes < LOAD_EVENT.bytes || bytes > MAX_PAYLOAD_BYTES) {
      throw new UsageError(`--payload ${bytes}: expected ${LOAD_EVENT.bytes} to ${MAX_PAYLOAD_BYTES} bytes`);
    }
    const smallest = Math.min(...ringBytes);
    // Of a ring of S bytes one stays free and 12 stand in front of the payload, rounded up to 8: S - 20 fits.
    if (bytes > smallest - 20) {
      throw new UsageError(
        `--payload ${bytes}: a ring of ${smallest} bytes never takes more than ${smallest - 20}`,
      );
    }
  }
  if (durationMs < 10) throw new UsageError(`--duration ${durationMs}ms: expected at least 10ms`);
}
