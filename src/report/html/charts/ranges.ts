/**
 * Rows of figures on a logarithmic axis of times, a row per name: from one percentile to the next of a latency, or one time
 * with its interval. Names stand above their rows, so that long ones have room on a phone. Relies on the axes that charts
 * share.
 *
 * @module
 */

import { formatNs } from "../../../cli/units.ts";
import { type Figure, PLOT_WIDTH } from "./figure.ts";
import { logAxis, NS_LABEL, rowText } from "./scales.ts";

/** A row. */
export interface RangeRow {
  readonly name: string;
  /** The first is drawn as a dot, further ones as ticks; in ns, above 0. */
  readonly values: readonly { readonly label: string; readonly ns: number }[];
}

/** A chart of rows. */
export interface Ranges extends Pick<Figure, "title" | "of" | "caption"> {
  readonly rows: readonly RangeRow[];
  readonly axis: string;
  /** Drawn through all rows, such as what the machine alone adds; null for none. */
  readonly line?: { readonly name: string; readonly ns: number } | null;
}

const ROW_HEIGHT = 34;

/** The longest name with its figures that has room above a row of a chart that fits a phone, in characters. */
const NAME_COLUMNS = 44;

/**
 * The chart of rows.
 *
 * @param ranges What is drawn.
 * @returns The figure; null without a row.
 */
export function rangesFigure(
  { title, of, caption, rows, axis: axisTitle, line = null }: Ranges,
): Figure | null {
  const drawn = rows.map(({ name, values }) => ({ name, values: values.filter(({ ns }) => ns > 0) }))
    .filter(({ values }) => values.length > 0);
  if (drawn.length === 0) return null;
  const axis = logAxis([
    ...drawn.flatMap(({ values }) => values.map(({ ns }) => ns)),
    ...(line === null ? [] : [line.ns]),
  ]);
  const ends = drawn.map(({ name, values }, index) => ({
    index,
    name,
    low: values[0]!.ns,
    high: values.at(-1)!.ns,
    figure: values.map(({ ns }) => formatNs(ns)).join(" / "),
  }));
  const points = drawn.flatMap(({ name, values }, index) =>
    values.map(({ label, ns }, at) => ({
      index,
      ns,
      isFirst: at === 0,
      about: `${label} ${formatNs(ns)}: ${name}`,
    }))
  );
  const isLong = ends.some(({ name, figure }) => name.length + figure.length > NAME_COLUMNS);
  const x = { field: "ns", type: "quantitative", scale: { type: "log", domain: axis.domain, nice: false } };
  return {
    title,
    of,
    caption: caption + (line === null ? "" : ` The dashed line is ${line.name}, ${formatNs(line.ns)}.`),
    ...(isLong ? { row: "beside" } : {}),
    chart: {
      width: isLong ? 1.5 * PLOT_WIDTH : PLOT_WIDTH + 40,
      height: { step: ROW_HEIGHT },
      data: { values: ends },
      encoding: { y: { field: "index", type: "ordinal", axis: null } },
      layer: [
        ...(line === null ? [] : [{
          mark: { type: "rule", color: "var(--soft)", strokeDash: [4, 4], strokeWidth: 1.5 },
          encoding: { x: { datum: line.ns, type: "quantitative" }, y: { value: 0 }, y2: { value: "height" } },
        }]),
        {
          mark: { type: "rule", strokeWidth: 3, opacity: 0.45, color: "var(--series-1)", yOffset: 7 },
          encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
        },
        {
          data: { values: points },
          transform: [{ filter: "!datum.isFirst" }],
          mark: {
            type: "tick",
            thickness: 2.5,
            size: 13,
            color: "var(--series-1)",
            opacity: 1,
            yOffset: 7,
            aria: true,
          },
          encoding: { x, description: { field: "about", type: "nominal" } },
        },
        {
          data: { values: points },
          transform: [{ filter: "datum.isFirst" }],
          mark: {
            type: "point",
            filled: true,
            size: 60,
            color: "var(--series-1)",
            opacity: 1,
            yOffset: 7,
            aria: true,
          },
          encoding: {
            x: { ...x, title: axisTitle, axis: { values: axis.ticks, labelExpr: NS_LABEL, orient: "top" } },
            description: { field: "about", type: "nominal" },
          },
        },
        ...rowText("name", "left"),
        ...rowText("figure", "right"),
      ],
    } as Figure["chart"],
  };
}
