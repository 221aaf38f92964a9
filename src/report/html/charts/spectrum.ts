/**
 * The percentile spectrum: how latency grows towards the tail, on an axis that gives each further nine the same room. One
 * chart per ring size, a line per wake-up threshold; all charts of a slice have the same axes. The last point of a line is its
 * maximum.
 *
 * @module
 */

import { formatBytes, formatNs } from "../../../cli/units.ts";
import { spectrumOdds } from "../../percentiles.ts";
import type { Cell, LatencyStage } from "../../schema.ts";
import { placeText, type Slice, thresholdText } from "../slices.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { fromPlanned, roadText } from "./heat_map.ts";
import { hollow, logAxis, NS_LABEL, seriesScale, unique } from "./scales.ts";

interface Point {
  readonly threshold: string;
  /** 1 / (1 - q). */
  readonly odds: number;
  readonly ns: number;
  readonly isMax: boolean;
  /** Whether it is drawn as a point; the others only bend the line. */
  readonly isMarked: boolean;
  readonly about: string;
}

/** The percentiles of a stage with 1 / (1 - q). */
const PERCENTILES = [["p50", 2], ["p90", 10], ["p99", 100], ["p999", 1e3], ["p9999", 1e4]] as const;

/** Writes 1 / (1 - q) as the percentile. */
const PERCENTILE_LABEL = "datum.value == 2 ? '50%' : format(100 * (1 - 1 / datum.value), '.5~f') + '%'";

/**
 * The spectra of a slice.
 *
 * @param slice Cells with latencies.
 * @returns A figure per ring size; none without latencies.
 */
export function spectra(slice: Slice): Figure[] {
  const measured = slice.cells.filter((cell) => (fromPlanned(cell)?.p50 ?? null) !== null);
  if (measured.length === 0) return [];
  const points = new Map(measured.map((cell) => [cell, pointsOf(cell, fromPlanned(cell)!)]));
  const all = [...points.values()].flat();
  const y = logAxis(all.map(({ ns }) => ns));
  const most = Math.max(...all.map(({ odds }) => odds));
  const ticks = [2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((tick) => tick <= most);
  const thresholds = unique(measured.map((cell) => thresholdText(cell)));
  return unique(measured.map(({ ringBytes }) => ringBytes)).map((ringBytes) => {
    const cells = measured.filter((cell) => cell.ringBytes === ringBytes);
    return {
      title: `Latency by percentile, ring of ${formatBytes(ringBytes)}`,
      of: slice.title,
      caption: `${roadText(slice)}; the last, hollow point is the maximum of ` +
        `${range(cells.map((cell) => fromPlanned(cell)!.count))} events.`,
      chart: {
        width: PLOT_WIDTH,
        height: PLOT_HEIGHT,
        data: {
          values: cells.flatMap((cell) => points.get(cell)!),
        },
        encoding: {
          x: {
            field: "odds",
            type: "quantitative",
            title: "percentile",
            scale: { type: "log", domain: [2, most], nice: false },
            axis: { values: ticks, labelExpr: PERCENTILE_LABEL, grid: false },
          },
          y: {
            field: "ns",
            type: "quantitative",
            title: "latency",
            scale: { type: "log", domain: y.domain, nice: false },
            axis: { values: y.ticks, labelExpr: NS_LABEL },
          },
          color: {
            field: "threshold",
            type: "nominal",
            title: slice.threshold === "events" ? "wake-up after N events" : "wake-up after bytes",
            scale: seriesScale(thresholds),
            legend: { orient: "top", symbolType: "stroke", columns: 4 },
          },
        },
        layer: [
          { mark: { type: "line", strokeWidth: 2 } },
          {
            transform: [{ filter: "datum.isMarked" }],
            mark: { type: "point", filled: true, size: 38, aria: true, opacity: 1 },
            encoding: {
              description: { field: "about", type: "nominal" },
            },
          },
          hollow("isMax", 12),
        ],
      } as Figure["chart"],
    };
  });
}

function pointsOf(cell: Cell, stage: LatencyStage): Point[] {
  const threshold = thresholdText(cell);
  const points: Point[] = [];
  for (const [name, odds] of PERCENTILES) {
    const ns = stage[name];
    // A logarithm has no place for clocks that disagree by more than the latency.
    if (ns === null || !(ns > 0)) continue;
    points.push({
      threshold,
      odds,
      ns,
      isMax: false,
      isMarked: true,
      about: `${name} ${formatNs(ns)}: ${placeText(cell)}`,
    });
  }
  for (const [index, ns] of (stage.spectrum ?? []).entries()) {
    if (ns > 0) {
      points.push({ threshold, odds: spectrumOdds(index), ns, isMax: false, isMarked: false, about: "" });
    }
  }
  if (stage.max !== null && stage.max > 0 && points.length > 0) {
    const about = `max ${formatNs(stage.max)}: ${placeText(cell)}`;
    points.push({ threshold, odds: stage.count, ns: stage.max, isMax: true, isMarked: true, about });
  }
  return points;
}

function range(counts: readonly number[]): string {
  const [low, high] = [Math.min(...counts), Math.max(...counts)].map((count) =>
    count.toLocaleString("en-US")
  );
  return low === high ? low! : `${low} to ${high}`;
}
