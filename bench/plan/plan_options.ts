/**
 * What a run is to measure, as its command line and its profile say.
 *
 * @module
 */

import { parseRate } from "../../src/cli/units.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";
import type { WaiterName } from "../../src/wait/open.ts";
import type { Arrivals } from "../arrivals.ts";
import type { RingKind } from "../setting.ts";
import type { SourceName, Suite } from "./cell_plan.ts";

/** A rate of the command line: events per second, or a share of the capacity. */
export type Rate = { readonly rate: number } | { readonly share: number };

/** What to measure, each list in the order it is measured. */
export interface PlanOptions {
  readonly suites: readonly Suite[];
  readonly sources: readonly SourceName[];
  /** The kinds of ring that the kernel source is measured with. */
  readonly rings: readonly RingKind[];
  /** Whether BPF ring buffers can be measured at all: the suites that compare the kinds have them then. */
  readonly hasRingbuf: boolean;
  /** Null for those that each suite has by itself. */
  readonly ringBytes: readonly number[] | null;
  readonly payloadBytes: readonly number[] | null;
  readonly wakeupEvents: readonly number[];
  /** Watermarks of kernel rings, measured beside `wakeupEvents`. */
  readonly watermarkBytes: readonly number[];
  /** Null for the usual one of each source. */
  readonly waiter: WaiterName | null;
  readonly scanner: ScannerKind;
  readonly rates: readonly Rate[];
  readonly arrivals: readonly Arrivals[];
  readonly durationMs: number;
  /** How many CPUs can produce. */
  readonly allCpus: number;
  /** How often the whole list is measured. */
  readonly repeat: number;
}

/**
 * Reads a rate of the command line.
 *
 * @param text Events per second such as `10k`, or a share such as `50%`.
 * @returns The rate.
 * @throws {RangeError} If it is neither, or nothing.
 */
export function readRate(text: string): Rate {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  const value = percent === undefined ? parseRate(text) : Number(percent) / 100;
  if (!(value > 0)) throw new RangeError("expected more than 0 events per second");
  return percent === undefined ? { rate: value } : { share: value };
}
