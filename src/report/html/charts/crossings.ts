/**
 * What crossings between TypeScript and the rest cost: a bar for each, on one logarithmic axis for all groups, so that bars of
 * two charts can be compared. Relies on the axes that charts share.
 *
 * @module
 */

import { formatNs } from "../../../cli/units.ts";
import type { Crossing } from "../../schema.ts";
import { type Figure, PLOT_WIDTH } from "./figure.ts";
import { logAxis, NS_LABEL, rowText, unique } from "./scales.ts";

const ROW_HEIGHT = 34;

/**
 * The charts of all crossings.
 *
 * @param crossings Of a results file.
 * @returns A figure per group.
 */
export function crossingCharts(crossings: readonly Crossing[]): Figure[] {
  const drawn = crossings.filter(({ ns }) => ns > 0);
  if (drawn.length === 0) return [];
  const { domain: [low, high], ticks } = logAxis(
    drawn.flatMap((each) => [each.ns, each.low, each.high].filter((ns) => ns > 0)),
  );
  return unique(drawn.map(({ group }) => group)).map((group) => {
    const values = drawn.filter((each) => each.group === group).map((each, index) => ({
      index,
      name: each.name,
      start: low,
      ns: each.ns,
      low: Math.max(low, each.low),
      high: each.high,
      figure: formatNs(each.ns),
      about: `${formatNs(each.ns)} (${formatNs(each.low)} to ${
        formatNs(each.high)
      }), ${each.blocks} blocks: ${each.name}`,
    }));
    const x = { type: "quantitative", scale: { type: "log", domain: [low, high], nice: false } };
    return {
      title: group,
      of: "one crossing, the empty loop included",
      caption:
        "Median over blocks; the thin line is its interval of 95%. A logarithmic axis: each step is a factor.",
      chart: {
        width: PLOT_WIDTH + 40,
        height: { step: ROW_HEIGHT },
        data: { values },
        encoding: { y: { field: "index", type: "ordinal", axis: null } },
        layer: [
          {
            mark: { type: "rule", strokeWidth: 9, color: "var(--series-1)", yOffset: 7, aria: true },
            encoding: {
              x: {
                ...x,
                field: "start",
                title: "time of one crossing",
                axis: { values: ticks, labelExpr: NS_LABEL, orient: "top" },
              },
              x2: { field: "ns" },
              description: { field: "about", type: "nominal" },
            },
          },
          {
            mark: { type: "rule", strokeWidth: 1.5, color: "var(--ink)", yOffset: 7 },
            encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
          },
          ...rowText("name", "left"),
          ...rowText("figure", "right"),
        ],
      } as Figure["chart"],
    };
  });
}
