/**
 * The percentile spectrum: how latency grows towards the tail, on an axis that gives each further nine the same room. One
 * chart per ring size, a line per wake-up threshold; all charts of a slice have the same axes. The last point of a line is its
 * maximum.
 *
 * @module
 */

import { formatBytes, formatNs } from "../../../cli/units.ts";
import { spectrumOdds } from "../../percentiles.ts";
import { responseOf, roadOf } from "../../response.ts";
import type { Cell, LatencyStage } from "../../schema.ts";
import type { Floor } from "../../rows.ts";
import { seriesColor } from "../palette.ts";
import { differingNames, placeText, type Slice, thresholdText } from "../slices.ts";
import { legendColumns } from "./curve.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { hollow, logAxis, NS_LABEL, unique } from "./scales.ts";

type Latency = Omit<LatencyStage, "stage" | "from">;

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

/** A line of a chart of spectra. */
interface Line {
  readonly series: string;
  readonly points: readonly Point[];
}

/** The name of the line of what the machine alone adds. */
const FLOOR = "the machine alone";

/**
 * The spectra of a slice.
 *
 * @param slice Cells with latencies.
 * @param floor What the machine alone adds, which gets a line in each; null where it was not measured.
 * @returns A figure per ring size; none without latencies.
 */
export function spectra(slice: Slice, floor: Floor | null = null): Figure[] {
  const measured = slice.cells.filter((cell) => (responseOf(cell)?.p50 ?? null) !== null);
  if (measured.length === 0) return [];
  const lines = new Map(
    measured.map((cell) => [cell, lineOf(thresholdText(cell), responseOf(cell)!, placeText(cell))]),
  );
  const axes = axesOf([...lines.values()], floor);
  return unique(measured.map(({ ringBytes }) => ringBytes)).map((ringBytes) => {
    const cells = measured.filter((cell) => cell.ringBytes === ringBytes);
    return figureOf({
      title: `Latency by percentile, ring of ${formatBytes(ringBytes)}`,
      of: slice.title,
      road: roadOf(slice.cells),
      cells,
      lines: cells.map((cell) => lines.get(cell)!),
      names: unique(measured.map((cell) => thresholdText(cell))),
      legend: slice.threshold === "events" ? "wake-up after N events" : "wake-up after bytes",
      axes,
      floor,
    });
  });
}

/**
 * The spectra of one configuration at several loads in one chart.
 *
 * @param cells Cells that differ in their load alone.
 * @param floor What the machine alone adds; null where it was not measured.
 * @returns A figure; none without latencies.
 */
export function loadSpectra(cells: readonly Cell[], floor: Floor | null): Figure[] {
  const measured = cells.filter((cell) => (responseOf(cell)?.p50 ?? null) !== null);
  if (measured.length === 0) return [];
  const { names, shared } = differingNames(measured);
  const lines = measured.map((cell, index) => lineOf(names[index]!, responseOf(cell)!, names[index]!));
  return [figureOf({
    title: "Latency by percentile",
    of: shared,
    road: roadOf(measured),
    cells: measured,
    lines,
    names: unique(names),
    legend: measured.length === 1 ? "reader" : "load",
    axes: axesOf(lines, floor),
    floor,
  })];
}

/**
 * What the machine alone adds to a latency, by percentile.
 *
 * @param floor How long a loop that only reads the clock is kept away.
 * @returns A figure; none where nothing can be drawn.
 */
export function floorSpectrum(floor: Floor): Figure[] {
  const line = lineOf(FLOOR, floor, FLOOR);
  if (line.points.length < 2) return [];
  return [figureOf({
    title: "What the machine alone adds",
    of: "a loop on the consumer's CPU that only reads the clock",
    road: "From a moment drawn at random to the next turn of the loop",
    cells: [],
    lines: [],
    names: [],
    legend: "",
    axes: axesOf([], floor),
    floor,
  })];
}

interface Spectra extends Pick<Figure, "title" | "of"> {
  readonly road: string;
  readonly cells: readonly Cell[];
  readonly lines: readonly Line[];
  /** All series of charts that stand beside one another, in order. */
  readonly names: readonly string[];
  readonly legend: string;
  readonly axes: ReturnType<typeof axesOf>;
  readonly floor: Floor | null;
}

function axesOf(
  lines: readonly Line[],
  floor: Floor | null,
): { y: ReturnType<typeof logAxis>; most: number; ticks: number[] } {
  const own = lines.flatMap(({ points }) => points);
  const most = Math.max(10, ...(own.length > 0 ? own : floorPoints(floor)).map(({ odds }) => odds));
  // What the machine adds to the quiet half of events, or beyond what the cells have events for, would only press their lines
  // together.
  const least = own.length > 0 ? Math.min(...own.map(({ ns }) => ns)) / 10 : 0;
  const all = [...own, ...floorPoints(floor).filter(({ odds, ns }) => odds <= most && ns >= least)];
  const ticks = [2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].filter((tick) => tick <= most);
  return { y: logAxis(all.map(({ ns }) => ns)), most, ticks };
}

function floorPoints(floor: Floor | null): readonly Point[] {
  return floor === null ? [] : lineOf(FLOOR, floor, FLOOR).points;
}

function figureOf({ title, of, road, cells, lines, names, legend, axes, floor }: Spectra): Figure {
  const { y, most, ticks } = axes;
  const floorValues = floorPoints(floor).filter(({ odds }) => odds <= most)
    .map((point) => ({ ...point, isMarked: point.isMarked && point.ns >= y.domain[0] }));
  const lost = cells.filter((cell) => (responseOf(cell)!.lost ?? 0) > 0).length;
  const shown = floorValues.length > 1 ? [...names, FLOOR] : names;
  const counts = cells.map((cell) => responseOf(cell)!.count);
  return {
    title,
    of,
    caption: road +
      (counts.length === 0 ? "." : `; the last, hollow point is the maximum of ${range(counts)} events.`) +
      (lost === 0
        ? ""
        : " Where events were lost, a line ends at the percentile that would be one of them.") +
      (floorValues.length > 1 && cells.length > 0
        ? " Grey: how long this machine keeps a loop away that only reads the clock."
        : ""),
    chart: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      data: { values: [...lines.flatMap(({ points }) => points), ...floorValues] },
      encoding: {
        x: {
          field: "odds",
          type: "quantitative",
          title: "percentile",
          scale: { type: "log", domain: [2, most], nice: false },
          axis: { values: ticks, labelExpr: PERCENTILE_LABEL, grid: false, labelOverlap: true },
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
          title: legend,
          scale: {
            domain: shown,
            range: shown.map((name, index) =>
              name === FLOOR ? "var(--soft)" : seriesColor(index, names.length)
            ),
          },
          legend: cells.length === 0 ? null : {
            orient: "top",
            symbolType: "stroke",
            columns: legendColumns(shown),
            labelLimit: PLOT_WIDTH,
          },
        },
      },
      layer: [
        {
          transform: [{ filter: `datum.threshold != '${FLOOR}'` }],
          mark: { type: "line", strokeWidth: 2, clip: true },
        },
        {
          transform: [{ filter: `datum.threshold == '${FLOOR}'` }],
          mark: { type: "line", strokeWidth: 1.5, strokeDash: [4, 3], clip: true },
        },
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
}

/** The points of a latency; where events were lost, up to the last percentile that was attained. */
function lineOf(threshold: string, stage: Latency, place: string): Line {
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
      about: `${name} ${formatNs(ns)}: ${place}`,
    });
  }
  for (const [index, ns] of (stage.spectrum ?? []).entries()) {
    if (ns > 0) {
      points.push({ threshold, odds: spectrumOdds(index), ns, isMax: false, isMarked: false, about: "" });
    }
  }
  // The maximum of those that came is not that of all where some were lost.
  if (stage.max !== null && stage.max > 0 && points.length > 0 && (stage.lost ?? 0) === 0) {
    const about = `max ${formatNs(stage.max)}: ${place}`;
    points.push({ threshold, odds: maxOdds(stage), ns: stage.max, isMax: true, isMarked: true, about });
  }
  return { series: threshold, points };
}

/**
 * Where the maximum stands: of n events, at 1/n. What the machine adds is weighed by its time, in which few gaps stand for many
 * ns; there the spectrum tells how far its tail goes, which ends with a tenth to a fourteenth of its events above.
 */
function maxOdds({ count, spectrum = [] }: Latency): number {
  const MOST_ABOVE = 10 * Math.SQRT2;
  return spectrum.length === 0 ? count : Math.min(count, MOST_ABOVE * spectrumOdds(spectrum.length - 1));
}

function range(counts: readonly number[]): string {
  const [low, high] = [Math.min(...counts), Math.max(...counts)].map((count) =>
    count.toLocaleString("en-US")
  );
  return low === high ? low! : `${low} to ${high}`;
}
