/**
 * What the benchmark prints when it has measured: tables of cells, comparisons, goals, programs, crossings, and what to know of
 * the machine. Relies on the parts that reports are made of.
 *
 * @module
 */

import { isCompared, renderComparisons } from "./comparisons.ts";
import { crossingsTable } from "./crossings.ts";
import { renderGoals } from "./goals.ts";
import { programsTable } from "./programs.ts";
import { clocksText, floorText, noiseFloorText, PARTIAL_TEXT } from "./remarks.ts";
import { middleCells } from "./repeats.ts";
import type { Results } from "./schema.ts";
import { renderTerminal, type TerminalOptions } from "./terminal.ts";
import { renderTextTable } from "./text_table.ts";
import { WAKEUP_SUITE, wakeupFits, wakeupFitsTable } from "./wakeup_fits.ts";

const REPEATED_TEXT =
  "Of cells that were measured several times, the one in the middle is shown; report.md has all.";

/**
 * Renders a run for a terminal.
 *
 * @param results What was measured.
 * @param options How tables are drawn.
 * @returns Text, newline at its end included.
 */
export function renderConsole(results: Results, options: TerminalOptions = {}): string {
  const { cells, goals = [], absent = [], programs = [], crossings = [], noiseFloor, clocks } = results;
  const swept = cells.filter((cell) => !isCompared(cell));
  const shown = middleCells(swept);
  const compared = cells.length - swept.length;
  const fits = wakeupFits(cells.filter(({ suite }) => suite === WAKEUP_SUITE));
  const blocks = [
    ...(swept.length > 0 ? [renderTerminal({ ...results, cells: shown }, options).trimEnd()] : []),
    ...(shown.length < swept.length ? [REPEATED_TEXT] : []),
    ...(swept.length === 0 && results.partial ? [PARTIAL_TEXT] : []),
    ...(compared > 0 ? [renderComparisons(cells)] : []),
    ...(fits.length > 0 ? [renderTextTable(wakeupFitsTable(fits))] : []),
    ...(programs.length > 0 ? [renderTextTable(programsTable(programs))] : []),
    ...(crossings.length > 0 ? [renderTextTable(crossingsTable(crossings))] : []),
    ...(goals.length > 0 ? [renderGoals(goals)] : []),
  ];
  const lines = [
    ...absent.map(({ name, reason }) => `Not measured: ${name}: ${reason}.`),
    ...(clocks === undefined ? [] : [clocksText(clocks)]),
    ...(noiseFloor === undefined ? [] : [noiseFloorText(noiseFloor)]),
    ...(noiseFloor?.delays === undefined ? [] : [floorText(noiseFloor.delays)]),
  ];
  return `${[...blocks, ...(lines.length > 0 ? [lines.join("\n")] : [])].join("\n\n")}\n`;
}
