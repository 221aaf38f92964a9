/**
 * Throughput against latency: each point is a ring size with a threshold, its highest rate measured at saturation and its p99
 * at the rate of the latency suite. What lies on the line cannot be bettered in one without giving up the other. Relies on
 * slices of the same configuration having been measured by both suites.
 *
 * @module
 */

import { formatBytes, formatCount, formatNs } from "../../../cli/units.ts";
import { responseOf } from "../../response.ts";
import type { Cell } from "../../schema.ts";
import { lostShare, placeText, type Slice, thresholdOf, thresholdText } from "../slices.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { COUNT_LABEL, hollow, logAxis, NS_LABEL, ringColor, unique } from "./scales.ts";

/** A configuration that was measured by both. */
interface Point {
  readonly cell: Cell;
  readonly rate: number;
  readonly ns: number;
}

/** Where a tenth of the events got lost, the rate is not one of a working configuration. */
const MAY_LOSE = 0.1;

const HEIGHT = PLOT_HEIGHT + 30;

/** The room that the label of a point takes. */
const LABEL_WIDTH = 28;
const LABEL_HEIGHT = 12;

/**
 * The chart of two slices.
 *
 * @param saturated Cells at saturation.
 * @param offered Cells with latencies at a rate, of the same configuration.
 * @returns The figure; null where fewer than three cells stand in both.
 */
export function paretoChart(saturated: Slice, offered: Slice): Figure | null {
  const points = offered.cells.flatMap((cell): Point[] => {
    const ns = responseOf(cell)?.p99 ?? null;
    const other = saturated.cells.find((each) =>
      each.ringBytes === cell.ringBytes && thresholdOf(each) === thresholdOf(cell)
    );
    if (ns === null || !(ns > 0) || other === undefined || !(other.eventsPerSecond > 0)) return [];
    return [{ cell: other, rate: other.eventsPerSecond, ns }];
  });
  if (points.length < 3) return null;
  const front = frontOf(points.filter(({ cell }) => lostShare(cell) <= MAY_LOSE));
  const x = logAxis(points.map(({ rate }) => rate));
  const y = logAxis(points.map(({ ns }) => ns));
  const rings = unique(points.map(({ cell }) => cell.ringBytes)).map(formatBytes);
  const toValue = ({ cell, rate, ns }: Point): object => ({
    rate,
    ns,
    ring: formatBytes(cell.ringBytes),
    threshold: thresholdText(cell),
    isLossy: lostShare(cell) > MAY_LOSE,
    about: `${formatCount(rate)} events/s, p99 ${formatNs(ns)}: ${placeText(cell)}`,
  });
  return {
    title: "Throughput against latency",
    of: saturated.kin,
    caption:
      `Across: the rate at saturation. Up: p99 at ${
        formatCount(offered.cells[0]!.rate!)
      } events/s offered. Right and ` +
      "low is better. The line joins what no other cell betters in both; there the wake-up threshold stands beside the point. " +
      `Hollow: more than ${
        MAY_LOSE * 100
      }% of the events were lost at saturation, and such a cell is never on the line.`,
    row: "beside",
    chart: {
      width: PLOT_WIDTH,
      height: HEIGHT,
      encoding: {
        x: {
          field: "rate",
          type: "quantitative",
          title: "events per second at saturation",
          scale: { type: "log", domain: x.domain, nice: false },
          axis: { values: x.ticks, labelExpr: COUNT_LABEL },
        },
        y: {
          field: "ns",
          type: "quantitative",
          title: "latency, p99",
          scale: { type: "log", domain: y.domain, nice: false },
          axis: { values: y.ticks, labelExpr: NS_LABEL },
        },
      },
      layer: [
        {
          data: { values: front.map(toValue) },
          mark: { type: "line", strokeWidth: 1.5, color: "var(--soft)", interpolate: "step-before" },
          encoding: { order: { field: "rate", type: "quantitative" } },
        },
        {
          data: { values: points.map(toValue) },
          mark: { type: "point", filled: true, size: 60, opacity: 1, aria: true },
          encoding: {
            color: ringColor(rings),
            description: { field: "about", type: "nominal" },
          },
        },
        { data: { values: points.map(toValue) }, ...hollow("isLossy", 20) },
        {
          data: { values: labelled(front, x.domain, y.domain).map(toValue) },
          mark: { type: "text", align: "left", dx: 8, dy: 4, fontSize: 11 },
          encoding: { text: { field: "threshold", type: "nominal" }, color: { value: "var(--soft)" } },
        },
      ],
    } as Figure["chart"],
  };
}

/** The points whose labels do not lie upon one another, the fastest always among them. */
function labelled(
  front: readonly Point[],
  x: readonly [number, number],
  y: readonly [number, number],
): Point[] {
  const kept: Point[] = [];
  for (const point of front.toReversed()) {
    const isFree = kept.every((other) =>
      distance(point.rate, other.rate, x, PLOT_WIDTH) > LABEL_WIDTH ||
      distance(point.ns, other.ns, y, HEIGHT) > LABEL_HEIGHT
    );
    if (isFree) kept.push(point);
  }
  return kept;
}

/** How far apart two values are drawn on a logarithmic axis. */
function distance(
  one: number,
  other: number,
  [low, high]: readonly [number, number],
  length: number,
): number {
  return Math.abs(Math.log(one / other)) / Math.log(high / low) * length;
}

/**
 * The points that none other betters, in the order of their rates.
 *
 * @param points Any.
 * @returns Those for which no other has both a higher rate and a lower latency.
 */
export function frontOf<P extends { readonly rate: number; readonly ns: number }>(points: readonly P[]): P[] {
  const front: P[] = [];
  for (const point of points.toSorted((one, other) => other.rate - one.rate || one.ns - other.ns)) {
    if (front.length === 0 || point.ns < front.at(-1)!.ns) front.push(point);
  }
  return front.reverse();
}
