/**
 * Cells that were measured several times in one run. Relies on the names of cells.
 *
 * @module
 */

import { cellNameParts } from "./cell_name.ts";
import { responseOf } from "./response.ts";
import type { Cell } from "./schema.ts";

/**
 * Leaves one of the cells that measured the same, the one in the middle: no figure is an average, and each is of a cell that is
 * in the table.
 *
 * @param cells Any.
 * @returns The cells whose latency, or whose rate where there is no latency, is the median; each in the place of the first that
 * measured the same.
 */
export function middleCells(cells: readonly Cell[]): Cell[] {
  return [...Map.groupBy(cells, (cell) => cellNameParts(cell).join()).values()].map(middleOf);
}

function middleOf(cells: readonly Cell[]): Cell {
  const figureOf = (cell: Cell): number => responseOf(cell)?.p50 ?? cell.eventsPerSecond;
  return cells.toSorted((one, other) => figureOf(one) - figureOf(other))[(cells.length - 1) >> 1]!;
}
