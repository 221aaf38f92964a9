/**
 * Lines over a logarithmic axis, a line per series: how a figure changes with a size, a rate or a number. Suites that vary one
 * thing are drawn with it. Relies on the axes that charts share.
 *
 * @module
 */

import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import {
  BYTES_LABEL,
  COUNT_LABEL,
  hollow,
  logAxis,
  NS_LABEL,
  powersOfTwo,
  seriesScale,
  unique,
} from "./scales.ts";

/** A measured point. */
export interface CurvePoint {
  /** Above 0. */
  readonly x: number;
  /** Above 0. */
  readonly y: number;
  readonly series: string;
  /** What tells lines of one series apart, such as the percentile; its first kind is drawn solid. */
  readonly kind?: string;
  /** Whether so much was lost that the point stands for no working configuration. */
  readonly isLossy?: boolean;
  /** The figure with its cell, which shows under the pointer. */
  readonly about: string;
}

/** What an axis shows. */
export interface CurveAxis {
  readonly title: string;
  readonly unit: "ns" | "count" | "bytes";
}

/** A chart of lines. */
export interface Curve extends Pick<Figure, "title" | "of" | "caption"> {
  readonly x: CurveAxis;
  readonly y: CurveAxis;
  /** What the series are, for the legend. */
  readonly legend: string;
  readonly points: readonly CurvePoint[];
}

/** So many entries of a legend stand beside one another; longer names get fewer. */
const LEGEND_COLUMNS_ROOM = 44;

/**
 * The chart of lines.
 *
 * @param curve What is drawn.
 * @returns The figure; null where no series has two points.
 */
export function curveFigure({ title, of, caption, x, y, legend, points }: Curve): Figure | null {
  const drawn = points.filter((point) => point.x > 0 && point.y > 0);
  if (unique(drawn.map((point) => point.x)).length < 2) return null;
  const series = unique(drawn.map((point) => point.series));
  const kinds = unique(drawn.map(({ kind }) => kind ?? ""));
  const axisOf = ({ unit }: CurveAxis, values: readonly number[]): ReturnType<typeof logAxis> =>
    unit === "bytes" ? powersOfTwo(values) : logAxis(values);
  const across = axisOf(x, drawn.map((point) => point.x));
  const up = axisOf(y, drawn.map((point) => point.y));
  const anyLossy = drawn.some(({ isLossy }) => isLossy);
  const values = drawn.toSorted((one, other) => one.x - other.x);
  return {
    title,
    of,
    caption: caption + (anyLossy ? " Hollow: more than 1% of the events were lost." : ""),
    chart: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      data: { values },
      encoding: {
        x: {
          field: "x",
          type: "quantitative",
          title: x.title,
          scale: { type: "log", domain: across.domain, nice: false },
          axis: { values: across.ticks, labelExpr: LABELS[x.unit], grid: false },
        },
        y: {
          field: "y",
          type: "quantitative",
          title: y.title,
          scale: { type: "log", domain: up.domain, nice: false },
          axis: { values: up.ticks, labelExpr: LABELS[y.unit] },
        },
        color: {
          field: "series",
          type: "nominal",
          title: legend,
          scale: seriesScale(series),
          legend: series.length === 1 ? null : {
            orient: "top",
            symbolType: "circle",
            columns: legendColumns(series),
            labelLimit: PLOT_WIDTH,
          },
        },
      },
      layer: [
        {
          mark: { type: "line", strokeWidth: 1.5, clip: true },
          encoding: kinds.length === 1 ? {} : {
            strokeDash: {
              field: "kind",
              type: "nominal",
              title: null,
              scale: { domain: kinds, range: kinds.map((_, index) => index === 0 ? [1, 0] : [4, 3]) },
              legend: { orient: "top", symbolType: "stroke", symbolStrokeColor: "var(--soft)" },
            },
          },
        },
        {
          mark: { type: "point", filled: true, size: 45, opacity: 1, aria: true },
          encoding: { description: { field: "about", type: "nominal" } },
        },
        ...(anyLossy ? [hollow("isLossy", 15)] : []),
      ],
    } as Figure["chart"],
  };
}

const LABELS: Readonly<Record<CurveAxis["unit"], string>> = {
  ns: NS_LABEL,
  count: COUNT_LABEL,
  bytes: BYTES_LABEL,
};

/**
 * How many names of a legend have room beside one another.
 *
 * @param names The names.
 * @returns From 1 to 4.
 */
export function legendColumns(names: readonly string[]): number {
  const longest = Math.max(1, ...names.map(({ length }) => length));
  return Math.max(1, Math.min(4, Math.floor(LEGEND_COLUMNS_ROOM / (longest + 3))));
}
