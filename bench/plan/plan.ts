/**
 * What a run measures: the suites and the axes of the command line made into a list of cells. Relies on suites.ts for the cells
 * of each.
 *
 * @module
 */

import type { PlannedCell } from "./cell_plan.ts";
import { checkCell, checkOptions } from "./check.ts";
import type { PlanOptions } from "./plan_options.ts";
import { suiteCells } from "./suites.ts";

/** What a cell takes beside its duration: opening and closing, which waits for outputs under way, and sorting. */
const OVERHEAD_MS = 90;

/**
 * Makes the list of cells, grouped by source and suite. In front of a share of the capacity stands the saturating cell that
 * tells it.
 *
 * @param options What to measure.
 * @returns The cells in the order they are measured.
 * @throws {UsageError} If a value cannot be measured.
 */
export function planCells(options: PlanOptions): PlannedCell[] {
  checkOptions(options);
  const cells = options.sources.flatMap((source) =>
    options.suites.flatMap((suite) => suiteCells(suite, source, options))
  );
  for (const cell of cells) checkCell(cell);
  const round = withCapacities(cells);
  return Array.from({ length: options.repeat }, () => round).flat();
}

/**
 * How long some cells take, about.
 *
 * @param plans The cells.
 * @returns Milliseconds.
 */
export function expectedMs(plans: readonly Pick<PlannedCell, "durationMs">[]): number {
  return plans.reduce((sum, { durationMs }) => sum + durationMs + OVERHEAD_MS, 0);
}

/**
 * What the capacity of a cell hangs on: all of its configuration but the load.
 *
 * @param cell The cell.
 * @returns A text that is the same for cells of one configuration.
 */
export function configurationKey({ source, setting, payloadBytes, cpus }: PlannedCell): string {
  return JSON.stringify([source, setting, payloadBytes, cpus]);
}

/** Puts a saturating cell in front of the first share of each configuration that has none. */
function withCapacities(cells: readonly PlannedCell[]): PlannedCell[] {
  const known = new Set<string>();
  return cells.flatMap((cell) => {
    const key = configurationKey(cell);
    if (cell.load.kind === "saturating") known.add(key);
    if (cell.load.kind !== "share" || known.has(key)) return [cell];
    known.add(key);
    return [{ ...cell, suite: "throughput" as const, load: { kind: "saturating" as const } }, cell];
  });
}
