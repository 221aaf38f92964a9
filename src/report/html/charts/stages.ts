/**
 * Where the time of an event goes: how late its generator was, how long until the waiter returned, until the scanner took its
 * batch, until its handler was called. A row per stage, a bar from p50 to p99 per line of the legend. Percentiles of stages do
 * not add up to that of the whole: the event that waits longest in one stage is not the one that does in the next.
 *
 * @module
 */

import { formatBytes, formatNs } from "../../../cli/units.ts";
import { middleCells } from "../../repeats.ts";
import { responseOf } from "../../response.ts";
import { stageName, stagesOf } from "../../rows.ts";
import type { Cell } from "../../schema.ts";
import { seriesColor } from "../palette.ts";
import { differingNames, type Slice, thresholdText } from "../slices.ts";
import { legendColumns } from "./curve.ts";
import { type Figure, PLOT_WIDTH } from "./figure.ts";
import { logAxis, NS_LABEL, unique } from "./scales.ts";

/** The stages as they stand in front of their rows. */
const NAMES: Readonly<Record<string, string>> = {
  "asked to emitted": "until emitted",
  "planned to emitted": "generator late",
  "emitted to wake": "until wake-up",
  "wake to read": "until scanned",
  "read to handled": "until handled",
};

const WHOLE = "in all";

/** The longest name of a legend that has room in a chart that fits a phone, in characters. */
const NAME_COLUMNS = 32;

/** The most series of a chart that is as high as those beside it. */
const MOST_SERIES = 3;

/** The room of one bar. */
const BAR_HEIGHT = 13;

/**
 * The stages of the cells of a slice with its largest ring, by threshold.
 *
 * @param slice Cells with latencies.
 * @returns A figure; none where no cell has stages.
 */
export function stagesCharts(slice: Slice): Figure[] {
  const staged = slice.cells.filter((cell) => stagesOf(cell).length > 0);
  const largest = Math.max(...staged.map(({ ringBytes }) => ringBytes));
  const cells = staged.filter(({ ringBytes }) => ringBytes === largest);
  return figureOf(cells, cells.map(thresholdText), {
    title: `Where the time goes, ring of ${formatBytes(largest)}`,
    of: slice.title,
    legend: slice.threshold === "events" ? "wake-up after N events" : "wake-up after bytes",
  });
}

/**
 * The stages of cells that differ in their load, or in anything else.
 *
 * @param cells Of one suite and source.
 * @param legend What they differ in.
 * @returns A figure; none where no cell has stages.
 */
export function stagesByName(cells: readonly Cell[], legend: string): Figure[] {
  const staged = middleCells(cells).filter((cell) => stagesOf(cell).length > 0);
  const { names, shared } = differingNames(staged);
  return figureOf(staged, names, { title: "Where the time goes", of: shared, legend });
}

interface Words extends Pick<Figure, "title" | "of"> {
  readonly legend: string;
}

function figureOf(cells: readonly Cell[], series: readonly string[], { title, of, legend }: Words): Figure[] {
  const values = cells.flatMap((cell, index) => {
    const whole = responseOf(cell);
    const stages = stagesOf(cell).map((stage) => ({
      stage,
      name: NAMES[stageName(stage)] ?? stageName(stage),
    }));
    return [...stages, ...(whole === null ? [] : [{ stage: whole, name: WHOLE }])].flatMap(
      ({ stage, name }) => {
        const p50 = stage.p50;
        if (p50 === null || !(p50 > 0)) return [];
        const p99 = stage.p99 ?? p50;
        const about = `${name}, p50 ${formatNs(p50)}, p99 ${stage.p99 === null ? "-" : formatNs(p99)}: ${
          series[index]
        }`;
        return [{ name, series: series[index]!, p50, p99, about }];
      },
    );
  });
  if (values.length === 0) return [];
  const axis = logAxis(values.flatMap(({ p50, p99 }) => [p50, p99]));
  const rows = [...Object.values(NAMES), WHOLE].filter((name) => values.some((value) => value.name === name));
  const others = unique(values.map(({ name }) => name)).filter((name) => !rows.includes(name));
  const names = unique(series);
  const isLarge = names.length > MOST_SERIES || names.some(({ length }) => length > NAME_COLUMNS);
  const x = { type: "quantitative", scale: { type: "log", domain: axis.domain, nice: false } };
  const y = {
    field: "name",
    type: "nominal",
    sort: [...others, ...rows],
    title: null,
    axis: { domain: false, ticks: false, labelColor: "var(--ink)", grid: false },
    scale: { paddingInner: 0.25, paddingOuter: 0.1 },
  };
  const place = { y, yOffset: { field: "series", type: "nominal", sort: names } };
  const color = {
    field: "series",
    type: "nominal",
    title: legend,
    scale: { domain: names, range: names.map((_, index) => seriesColor(index, names.length)) },
    legend: names.length === 1
      ? null
      : { orient: "top", symbolType: "circle", columns: legendColumns(names), labelLimit: 2 * PLOT_WIDTH },
  };
  return [{
    title,
    of,
    caption:
      "Each bar goes from p50, the dot, to p99. Percentiles of stages do not add up: the event that waits longest for " +
      "one is not the one that does for the next.",
    ...(isLarge ? { row: "beside" } : {}),
    chart: {
      width: isLarge ? PLOT_WIDTH : PLOT_WIDTH - 40,
      height: Math.max(1, rows.length + others.length) * (names.length * BAR_HEIGHT + 10),
      data: { values },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 3, opacity: 0.55 },
          encoding: { ...place, color, x: { ...x, field: "p50" }, x2: { field: "p99" } },
        },
        {
          mark: { type: "point", filled: true, size: 40, opacity: 1, aria: true },
          encoding: {
            ...place,
            color,
            x: { ...x, field: "p50", title: "time", axis: { values: axis.ticks, labelExpr: NS_LABEL } },
            description: { field: "about", type: "nominal" },
          },
        },
      ],
    } as Figure["chart"],
  }];
}
