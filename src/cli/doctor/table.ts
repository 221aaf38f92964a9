/**
 * The doctor's answers as a table for a terminal of 110 columns. Relies on cli-table3, which measures text with colour
 * codes in it.
 *
 * @module
 */

import CliTable from "cli-table3";
import { wrapText } from "../../report/wrap.ts";
import type { Check, CheckState } from "./check.ts";

/** What a terminal must have. */
export const TERMINAL_COLUMNS = 110;
const GAP = 2;

/** ANSI SGR codes: green, yellow, red. */
const COLORS: Readonly<Record<CheckState, number>> = { ok: 32, limited: 33, missing: 31 };

/** No frame: a line under the headings and a gap between the columns. */
const BORDERLESS = Object.fromEntries(
  [
    ["top", ""],
    ["top-mid", ""],
    ["top-left", ""],
    ["top-right", ""],
    ["bottom", ""],
    ["bottom-mid", ""],
    ["bottom-left", ""],
    ["bottom-right", ""],
    ["left", ""],
    ["left-mid", ""],
    ["mid", "-"],
    ["mid-mid", "-".repeat(GAP)],
    ["right", ""],
    ["right-mid", ""],
    ["middle", " ".repeat(GAP)],
  ],
);

const HEADINGS = ["check", "state", "found", "what to do"] as const;

/**
 * Draws the table.
 *
 * @param checks The rows.
 * @param color Whether to colour the states.
 * @returns The text without a newline at its end.
 */
export function renderChecks(checks: readonly Check[], color: boolean): string {
  const rows = checks.map(({ name, state, found, advice }) => [name, state, found, advice]);
  const [name = 0, state = 0, found = 0, advice = 0] = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length))
  );
  const room = TERMINAL_COLUMNS - name - state - 3 * GAP;
  // The half that is not needed by one of the two goes to the other.
  const foundColumns = Math.min(found, Math.max(Math.floor(room / 2), room - advice));
  const adviceColumns = Math.min(advice, room - foundColumns);
  const table = new CliTable({
    head: [...HEADINGS],
    colWidths: [name, state, foundColumns, adviceColumns],
    chars: BORDERLESS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
  for (const [name = "", state = "", found = "", advice = ""] of rows) {
    const painted = color ? paint(state as CheckState) : state;
    table.push([name, painted, wrapped(found, foundColumns), wrapped(advice, adviceColumns)]);
  }
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}

/** Breaks at spaces, and inside of words, such as paths, that are longer than a line. The table would cut those. */
function wrapped(text: string, columns: number): string {
  const words = text.split(" ").flatMap((word) => word.match(new RegExp(`.{1,${columns}}`, "g")) ?? [""]);
  return wrapText(words.join(" "), columns).join("\n");
}

function paint(state: CheckState): string {
  return `\x1b[${COLORS[state]}m${state}\x1b[0m`;
}
