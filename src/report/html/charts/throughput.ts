/**
 * Throughput over the events per wake-up, with the model t(N) = a + b/N through it: what an event costs and what a wake-up
 * costs. Relies on the fit.
 *
 * @module
 */

import { formatBytes, formatCount, formatNs } from "../../../cli/units.ts";
import { coefficientText, type CostModel, fitCostModel } from "../../cost_model.ts";
import type { Cell } from "../../schema.ts";
import { lostShare, placeText, type Slice } from "../slices.ts";
import { lineBetween } from "./batching.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { COUNT_LABEL, hollow, logAxis, NS_LABEL, ringColor, unique, wakeupAxis } from "./scales.ts";

/** A model with the sweep it is of. */
export interface SliceModel {
  /** What is timed. */
  readonly what: "hand-over" | "consumer CPU";
  readonly model: CostModel;
  readonly cells: number;
}

/** Above this share of loss a point is hollow. */
const LOSSY = 0.01;

/**
 * The models of a saturating slice: of the time from event to event, and of the consumer's CPU time. All ring sizes go into
 * one fit, since the model has none; N is the number in effect.
 *
 * @param slice Cells at saturation.
 * @returns The models that its cells suffice for.
 */
export function modelsOf(slice: Slice): SliceModel[] {
  const measures = [
    ["hand-over", handOverNs],
    ["consumer CPU", ({ cpuNsPerEvent }: Cell) => cpuNsPerEvent],
  ] as const;
  return measures.flatMap(([what, nsOf]) => {
    const points = pointsOf(slice, nsOf);
    const model = fitCostModel(points);
    return model === null ? [] : [{ what, model, cells: points.length }];
  });
}

/**
 * The charts of a slice.
 *
 * @param slice Cells at saturation.
 * @returns Throughput, and the consumer's CPU time, both over N; none where all cells have one N.
 */
export function throughputCharts(slice: Slice): Figure[] {
  if (slice.cells[0]!.rate !== null || slice.threshold === "bytes") return [];
  const figures: Figure[] = [];
  const models = modelsOf(slice);
  for (const what of ["hand-over", "consumer CPU"] as const) {
    const nsOf = what === "hand-over" ? handOverNs : ({ cpuNsPerEvent }: Cell) => cpuNsPerEvent;
    const points = pointsOf(slice, nsOf);
    if (unique(points.map(({ n }) => n)).length < 2) continue;
    figures.push(figureOf(slice, what, points, models.find((each) => each.what === what)?.model ?? null));
  }
  return figures;
}

/** Where the marks of a chart stand. */
const PLACE = { x: { field: "n", type: "quantitative" }, y: { field: "y", type: "quantitative" } };

interface Point {
  readonly n: number;
  readonly ns: number;
  readonly cell: Cell;
}

function handOverNs({ eventsPerSecond }: Cell): number | null {
  return eventsPerSecond > 0 ? 1e9 / eventsPerSecond : null;
}

function pointsOf({ cells }: Slice, nsOf: (cell: Cell) => number | null): Point[] {
  return cells.flatMap((cell) => {
    const ns = nsOf(cell);
    if (ns === null || !(ns > 0) || cell.effectiveWakeupEvents === null) return [];
    // No wake-up serves less than one event, whatever the average of both thresholds is.
    return [{ n: Math.max(1, cell.effectiveWakeupEvents), ns, cell }];
  });
}

function figureOf(
  slice: Slice,
  what: SliceModel["what"],
  points: readonly Point[],
  model: CostModel | null,
): Figure {
  const isRate = what === "hand-over";
  const yOf = (ns: number): number => isRate ? 1e9 / ns : ns;
  const x = logAxis(points.map(({ n }) => n));
  const curve = model === null ? [] : lineBetween(...x.domain)
    .map((n) => ({ n, y: yOf(model.a.value + model.b.value / n) }))
    .filter(({ y }) => y > 0);
  const y = logAxis([...points.map(({ ns }) => yOf(ns)), ...curve.map((point) => point.y)]);
  const rings = unique(points.map(({ cell }) => formatBytes(cell.ringBytes)));
  const values = points.map(({ n, ns, cell }) => ({
    n,
    y: yOf(ns),
    ring: formatBytes(cell.ringBytes),
    isLossy: lostShare(cell) > LOSSY,
    about: `${isRate ? `${formatCount(1e9 / ns)} events/s` : `${formatNs(ns)} per event`}: ${
      placeText(cell)
    }`,
  }));
  return {
    title: isRate ? "Throughput over events per wake-up" : "Consumer CPU per event",
    of: slice.title,
    caption: fitText(model) +
      (points.some(({ cell }) => lostShare(cell) > LOSSY)
        ? " Hollow: more than 1% of the events were lost."
        : ""),
    chart: {
      width: PLOT_WIDTH,
      height: PLOT_HEIGHT,
      layer: [
        {
          data: { values: curve },
          mark: { type: "line", strokeWidth: 1.5, color: "var(--soft)" },
          encoding: PLACE,
        },
        {
          data: { values },
          mark: { type: "point", filled: true, size: 60, opacity: 1, aria: true },
          encoding: {
            x: wakeupAxis(x),
            y: {
              field: "y",
              type: "quantitative",
              title: isRate ? "events per second" : "CPU time per event",
              scale: { type: "log", domain: y.domain, nice: false },
              axis: { values: y.ticks, labelExpr: isRate ? COUNT_LABEL : NS_LABEL },
            },
            color: ringColor(rings),
            description: { field: "about", type: "nominal" },
          },
        },
        {
          data: { values },
          ...hollow("isLossy", 20, PLACE),
        },
      ],
    } as Figure["chart"],
  };
}

function fitText(model: CostModel | null): string {
  if (model === null) return "Too few thresholds for the model t(N) = a + b/N: it needs three.";
  const { a, b, maxError } = model;
  return `The line is t(N) = a + b/N with a = ${coefficientText(a)} per event and b = ${
    coefficientText(b)
  } ` +
    `per wake-up; its largest error is ${(maxError * 100).toFixed(0)}%.`;
}
