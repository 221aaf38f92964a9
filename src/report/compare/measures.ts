/**
 * What of a cell is compared: times, of which less is better, by the configuration they are of. Cells of peers are left out,
 * and so is eventpipe over itself: the comparison is of eventpipe. Relies on the schema.
 *
 * @module
 */

import { cellNameParts } from "../cell_name.ts";
import { responseOf } from "../response.ts";
import type { Cell, Results } from "../schema.ts";

/** A time of a configuration with what each launch measured. */
export interface Measure {
  /** The configuration, as a line. */
  readonly cell: string;
  /** What was timed. */
  readonly what: string;
  /** In ns, or a ratio to a peer; one per launch. */
  readonly values: readonly number[];
  /** The least effect that the run itself says it can tell, as a share; 0 where it does not say. */
  readonly detectable: number;
  /** Whether the values are ratios. */
  readonly isRatio: boolean;
}

/** The name of eventpipe where it is measured against itself. */
const SELF = "eventpipe";

/**
 * Collects the times of one side of a comparison.
 *
 * @param runs Results files, each of one run; a run with paired blocks holds several launches.
 * @returns The measures in the order of their first cells.
 */
export function measuresOf(runs: readonly Results[]): Map<string, Measure> {
  const found = new Map<string, Measure>();
  for (const { cells } of runs) {
    for (const cell of cells) {
      for (const { what, values, isRatio } of timesOf(cell)) {
        const name = cellNameParts(cell).join(", ");
        const key = `${name}: ${what}`;
        const before = found.get(key);
        found.set(key, {
          cell: name,
          what,
          values: [...before?.values ?? [], ...values],
          detectable: Math.max(before?.detectable ?? 0, cell.detectable ?? 0),
          isRatio,
        });
      }
    }
  }
  return found;
}

type Times = Pick<Measure, "what" | "values" | "isRatio">;

function timesOf(cell: Cell): Times[] {
  if (cell.peer !== null) return [];
  const { ratio, launchMedians = [] } = cell;
  if (ratio !== null) {
    // Within its rounds, a ratio is free of what the machine did at that minute; the plain times are not.
    if (ratio.to === SELF || launchMedians.length === 0) return [];
    return [{ what: `time over ${ratio.to}`, values: launchMedians, isRatio: true }];
  }
  const stage = responseOf(cell);
  const single: [string, number | null][] = [
    ["time per event", cell.rate === null && cell.eventsPerSecond > 0 ? 1e9 / cell.eventsPerSecond : null],
    ["CPU per event", cell.cpuNsPerEvent],
    ["p50", stage?.p50 ?? null],
    ["p99", stage?.p99 ?? null],
  ];
  return single.flatMap(([what, ns]) =>
    ns === null || !(ns > 0) ? [] : [{ what, values: [ns], isRatio: false }]
  );
}
