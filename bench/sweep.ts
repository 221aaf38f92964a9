/**
 * Measures the cells of a plan one after the other: Workers produce, each on its CPU, the main thread consumes on another.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { pinThread } from "../src/ffi/affinity.ts";
import type { Cell } from "../src/report/schema.ts";
import { measureCell } from "./cell/cell.ts";
import type { CrewMember } from "./cell/crew.ts";
import type { Interrupt } from "./interrupt.ts";
import { type CellPlan, MAX_LATENCIES, type PlannedCell } from "./plan/cell_plan.ts";
import { configurationKey } from "./plan/plan.ts";
import { openProgress } from "./progress.ts";
import { startWorker } from "./worker.ts";

/** Before the first cell of each kind, one that is thrown away warms the compiler up. */
const WARM_UP_MS = 200;

/** Where a sweep runs, and what ends it. */
export interface SweepOptions {
  /** The producers' CPUs; a cell takes as many as it needs, from the first on. */
  readonly producerCpus: readonly number[];
  /** The calling thread stays on it. */
  readonly consumerCpu: number;
  /** The compiled generator for BPF ring buffers; null where it could not be compiled. */
  readonly ringbufLoad: string | null;
  readonly interrupt: Interrupt;
  /** Repeats the planned times of random arrivals. */
  readonly seed: number;
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
export async function sweep(plans: readonly PlannedCell[], options: SweepOptions): Promise<Sweep> {
  const { producerCpus, consumerCpu, interrupt } = options;
  const most = Math.max(...plans.map(({ cpus }) => cpus));
  const producers: CrewMember[] = [];
  const cells: Cell[] = [];
  const progress = openProgress(plans);
  try {
    for (const cpu of producerCpus.slice(0, most)) {
      producers.push({ worker: await startWorker("./producer_worker.ts"), cpu });
    }
    pinThread(consumerCpu);
    const parties = { ...options, producers };
    const capacities = new Map<string, number>();
    const warm = new Set<string>();
    for (const planned of plans) {
      progress.begin(planned);
      const plan = withRate(planned, capacities);
      const kind = `${plan.source} ${plan.setting.ring} ${plan.load.kind}`;
      if (!warm.has(kind)) {
        measureCell({ ...plan, durationMs: Math.min(plan.durationMs, WARM_UP_MS) }, parties);
        warm.add(kind);
      }
      if (interrupt.isSet) break;
      const cell = measureCell(plan, parties);
      if (plan.load.kind === "saturating") capacities.set(configurationKey(plan), cell.eventsPerSecond);
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
    for (const { worker } of producers) worker.terminate();
  }
  return { cells, failure: null };
}

/**
 * Makes a share of the capacity a rate.
 *
 * @param planned The cell.
 * @param capacities Events per second that saturating cells handled, by their configurations.
 * @returns The cell with its rate; shorter where it would have more events than can be kept.
 * @throws {Error} If the saturating cell handled nothing.
 */
export function withRate(planned: PlannedCell, capacities: ReadonlyMap<string, number>): CellPlan {
  const { load } = planned;
  if (load.kind !== "share") return { ...planned, load };
  const { share, arrivals } = load;
  const rate = share * (capacities.get(configurationKey(planned)) ?? 0);
  if (rate === 0) {
    throw new Error("Cannot offer a share of the capacity: the saturating cell in front handled no event");
  }
  const durationMs = Math.min(planned.durationMs, MAX_LATENCIES / rate * 1000);
  return { ...planned, load: { kind: "rate", rate, arrivals, share }, durationMs };
}
