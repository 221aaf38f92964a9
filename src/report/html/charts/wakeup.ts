/**
 * The charts of the suite `wakeup`: the times of eventpipe and of the program beside it, and the curves of their fits. Relies on
 * the fits.
 *
 * @module
 */

import type { Cell } from "../../schema.ts";
import { pointText, WAKEUP_KINDS, wakeupFits, type WakeupPoint, wakeupPoints } from "../../wakeup_fits.ts";
import { seriesColor } from "../palette.ts";
import { differingNames, thresholdText } from "../slices.ts";
import { lineBetween } from "./batching.ts";
import { legendColumns } from "./curve.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { logAxis, NS_LABEL, unique, wakeupAxis } from "./scales.ts";

/**
 * The charts of the suite, one for thresholds in events and one for thresholds in bytes.
 *
 * @param cells Of the suite.
 * @returns Figures; none where all cells have one threshold.
 */
export function wakeupCharts(cells: readonly Cell[]): Figure[] {
  const fits = wakeupFits(cells);
  return WAKEUP_KINDS.flatMap((kind) => {
    const points = wakeupPoints(cells, kind);
    if (unique(points.map(({ n }) => n)).length < 2) return [];
    const ofKind = fits.filter((fit) => fit.kind === kind);
    const readers = unique(points.map(({ reader }) => reader));
    const x = logAxis(points.map(({ n }) => n));
    const curves = ofKind.flatMap(({ reader, model }) =>
      lineBetween(...x.domain).map((n) => ({ n, ns: model.a.value + model.b.value / n, reader }))
        .filter(({ ns }) => ns > 0)
    );
    const y = logAxis([...points, ...curves].map(({ ns }) => ns));
    const { shared } = differingNames(points.map(({ cell }) => cell), ["threshold", "reader"]);
    const color = {
      field: "reader",
      type: "nominal",
      title: "reader",
      scale: { domain: readers, range: readers.map((_, index) => seriesColor(index, readers.length)) },
      legend: {
        orient: "top",
        symbolType: "circle",
        columns: legendColumns(readers),
        labelLimit: PLOT_WIDTH,
      },
    };
    return [{
      title: `Time per event over events per wake-up, threshold in ${kind}`,
      of: shared,
      caption: "Time of the program that emits; what it takes to run it for no event is left out. " +
        (ofKind.length === 0
          ? "Too few thresholds for the model t(N) = a + b/N: it needs three."
          : "The lines are t(N) = a + b/N; the table below has a and b."),
      chart: {
        width: PLOT_WIDTH,
        height: PLOT_HEIGHT,
        layer: [
          {
            data: { values: curves },
            mark: { type: "line", strokeWidth: 1.5 },
            encoding: {
              x: { field: "n", type: "quantitative" },
              y: { field: "ns", type: "quantitative" },
              color,
            },
          },
          {
            data: { values: points.map(toValue) },
            mark: { type: "point", filled: true, size: 50, opacity: 1, aria: true },
            encoding: {
              x: wakeupAxis(x),
              y: {
                field: "ns",
                type: "quantitative",
                title: "time per event",
                scale: { type: "log", domain: y.domain, nice: false },
                axis: { values: y.ticks, labelExpr: NS_LABEL },
              },
              color,
              description: { field: "about", type: "nominal" },
            },
          },
        ],
      } as Figure["chart"],
    }];
  });
}

function toValue(point: WakeupPoint): object {
  const { n, ns, reader, cell } = point;
  return { n, ns, reader, about: `${pointText(point)}, wake-up every ${thresholdText(cell)}` };
}
