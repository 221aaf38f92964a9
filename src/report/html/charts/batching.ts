/**
 * What a threshold costs in latency: p50 and p99 over the events per wake-up, beside the wait that follows from the rate
 * alone. At r events per second the first of N waits (N-1)/r for the last one; the average one waits half of that. A cell far
 * above these lines waits for something else.
 *
 * @module
 */

import { formatBytes, formatNs } from "../../../cli/units.ts";
import { responseOf } from "../../response.ts";
import { placeText, type Slice } from "../slices.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { logAxis, NS_LABEL, ringColor, unique, wakeupAxis } from "./scales.ts";

/**
 * The chart of a slice.
 *
 * @param slice Cells with latencies at a rate.
 * @returns The figures of p50 and p99; none without a rate or with one threshold.
 */
export function batchingCharts(slice: Slice): Figure[] {
  const rate = slice.cells[0]!.rate;
  if (rate === null) return [];
  const cells = slice.cells.filter((cell) =>
    cell.effectiveWakeupEvents !== null && (responseOf(cell)?.p50 ?? null) !== null
  );
  if (unique(cells.map(({ effectiveWakeupEvents }) => effectiveWakeupEvents)).length < 3) return [];
  // On each CPU a ring of its own is filled, at its share of the rate.
  const perRing = slice.cells[0]!.ring === "perf" ? rate / slice.cells[0]!.cpus : rate;
  const sizes = cells.map(({ effectiveWakeupEvents }) => Math.max(1, effectiveWakeupEvents!));
  const x = logAxis(sizes);
  const rings = unique(cells.map(({ ringBytes }) => ringBytes)).map(formatBytes);
  const all = cells.flatMap((
    cell,
  ) => [responseOf(cell)!.p50!, responseOf(cell)!.p99 ?? responseOf(cell)!.p50!]);
  const y = logAxis(all.filter((ns) => ns > 0));
  return (["p50", "p99"] as const).map((name) => {
    const share = name === "p50" ? 0.5 : 1;
    const points = cells.flatMap((cell) => {
      const ns = responseOf(cell)![name];
      if (ns === null || !(ns > 0)) return [];
      const n = Math.max(1, cell.effectiveWakeupEvents!);
      return [{
        n,
        ns,
        ring: formatBytes(cell.ringBytes),
        about: `${name} ${formatNs(ns)}: ${placeText(cell)}`,
      }];
    });
    const wait = lineBetween(x.domain[0], x.domain[1])
      .map((n) => ({ n, ns: share * (n - 1) / perRing * 1e9 }))
      .filter(({ ns }) => ns >= y.domain[0] && ns <= y.domain[1]);
    const formula = name === "p50" ? "(N-1)/2r, the average wait" : "(N-1)/r, the longest wait";
    return {
      title: `${name} over events per wake-up`,
      of: slice.title,
      caption:
        `The dashed line is ${formula} for a batch of N at rate r: what lies on it waits for its batch and for ` +
        "nothing else.",
      chart: {
        width: PLOT_WIDTH,
        height: PLOT_HEIGHT,
        layer: [
          {
            data: { values: wait },
            mark: { type: "line", strokeDash: [4, 4], strokeWidth: 1.5, color: "var(--soft)", clip: true },
            encoding: { x: { field: "n", type: "quantitative" }, y: { field: "ns", type: "quantitative" } },
          },
          {
            data: { values: points },
            mark: { type: "point", filled: true, size: 55, opacity: 1, aria: true },
            encoding: {
              x: wakeupAxis(x),
              y: {
                field: "ns",
                type: "quantitative",
                title: `latency, ${name}`,
                scale: { type: "log", domain: y.domain, nice: false },
                axis: { values: y.ticks, labelExpr: NS_LABEL },
              },
              color: ringColor(rings),
              description: { field: "about", type: "nominal" },
            },
          },
        ],
      } as Figure["chart"],
    };
  });
}

/**
 * Points of a curve on a logarithmic axis.
 *
 * @param low Its beginning, above 0.
 * @param high Its end.
 * @returns 60 numbers whose logarithms are equally far apart.
 */
export function lineBetween(low: number, high: number): number[] {
  const COUNT = 60;
  return Array.from({ length: COUNT }, (_, index) => low * (high / low) ** (index / (COUNT - 1)));
}
