/**
 * Measures the cells of a plan one after the other: a Worker produces on one CPU, the main thread consumes on another.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { pinThread } from "../src/ffi/affinity.ts";
import type { Cell } from "../src/report/schema.ts";
import { measureCell } from "./cell.ts";
import type { Interrupt } from "./interrupt.ts";
import type { CellPlan } from "./plan.ts";
import { openProgress } from "./progress.ts";
import { startWorker } from "./worker.ts";

/** Before the first cell of a source, one that is thrown away warms the compiler up. */
const WARM_UP_MS = 200;

/** Where a sweep runs, and what ends it. */
export interface SweepOptions {
  readonly producerCpu: number;
  /** The calling thread stays on it. */
  readonly consumerCpu: number;
  readonly interrupt: Interrupt;
}

/** What was measured. */
export interface Sweep {
  readonly cells: Cell[];
  /** What ended it before its last cell, if that was a failure; null if not. */
  readonly failure: unknown;
}

/**
 * Measures cells.
 *
 * @param plans What, in this order.
 * @param options Where.
 * @returns The cells; fewer if it was interrupted or failed behind the first.
 * @throws {Error} If the first cell fails.
 */
export async function sweep(
  plans: readonly CellPlan[],
  { producerCpu, consumerCpu, interrupt }: SweepOptions,
): Promise<Sweep> {
  const producer = await startWorker("./producer_worker.ts");
  pinThread(consumerCpu);
  const parties = { producer, producerCpu, interrupt };
  const cells: Cell[] = [];
  const progress = openProgress(plans.length);
  try {
    let warm: CellPlan["source"] | undefined;
    for (const plan of plans) {
      progress.begin(plan);
      if (plan.source !== warm) measureCell({ ...plan, durationMs: WARM_UP_MS }, parties);
      warm = plan.source;
      if (interrupt.isSet) break;
      const cell = measureCell(plan, parties);
      if (producerCpu === consumerCpu) cell.flags.push("one-cpu");
      cells.push(cell);
      progress.end(cell);
      await setImmediate(); // lets the progress out
      if (interrupt.isSet) break;
    }
  } catch (error) {
    // What was measured before is published all the same.
    if (cells.length === 0) throw error;
    return { cells, failure: error };
  } finally {
    progress.close();
    producer.terminate();
  }
  return { cells, failure: null };
}
