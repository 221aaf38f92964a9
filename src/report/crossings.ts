/**
 * What crossings between TypeScript and the rest cost, as a table. Relies on the formatters of the units parser.
 *
 * @module
 */

import { formatNs } from "../cli/units.ts";
import type { Crossing } from "./schema.ts";
import type { TextTable } from "./text_table.ts";

/** How a crossing is measured, for reports. */
export const CROSSINGS_ABOUT =
  "One crossing in a loop that does nothing else, the empty loop included: median over blocks, with its interval of 95%.";

/**
 * The table of crossings.
 *
 * @param crossings Of a results file.
 * @returns A row for each, group by group.
 */
export function crossingsTable(crossings: readonly Crossing[]): TextTable {
  const groups = [...new Set(crossings.map(({ group }) => group))];
  return {
    columns: [
      { head: "what is crossed" },
      { head: "how" },
      { head: "one crossing", right: true },
      { head: "95% interval", right: true },
      { head: "blocks", right: true },
    ],
    rows: groups.flatMap((group) =>
      crossings.filter((each) => each.group === group).map(({ name, ns, low, high, blocks }) =>
        [group, name, formatNs(ns), `${formatNs(low)} to ${formatNs(high)}`, String(blocks)].map((text) => ({
          text,
        }))
      )
    ),
  };
}
