/**
 * What others published beside the figures of this run: throughput over the events per wake-up. Relies on figures in the form
 * of `import/published.ts`.
 *
 * @module
 */

import { formatBytes } from "../../../cli/units.ts";
import type { Published } from "../../import/published.ts";
import type { Cell } from "../../schema.ts";
import type { Slice } from "../slices.ts";
import { type Figure, PLOT_HEIGHT, PLOT_WIDTH } from "./figure.ts";
import { COUNT_LABEL, logAxis } from "./scales.ts";

/** The sections of a sweep over the sample rate, as the kernel's script heads them. */
const SWEEP = /effect of sample rate$/;

interface Series {
  readonly name: string;
  readonly isOurs: boolean;
  readonly points: readonly { readonly n: number; readonly rate: number }[];
}

/**
 * The chart of all sweeps.
 *
 * @param published What others measured.
 * @param slices Saturating slices of kernel events of this run.
 * @returns The figure; null where others have no sweep or this run has none.
 */
export function publishedChart(published: readonly Published[], slices: readonly Slice[]): Figure | null {
  const theirs = published.flatMap(sweepsOf);
  const ours = slices.flatMap(ourSweeps);
  if (theirs.length === 0 || ours.length === 0) return null;
  const all = [...ours, ...theirs];
  const values = all.flatMap(({ name, isOurs, points }, index) =>
    points.map(({ n, rate }) => ({ name, isOurs, n, rate, series: index }))
  );
  const x = logAxis(values.map(({ n }) => n));
  const y = logAxis(values.map(({ rate }) => rate));
  const ends = all.map(({ name, isOurs, points }) => ({ name, isOurs, ...points.at(-1)! }));
  const labels = besideLines(ends, Math.log(y.domain[1] / y.domain[0]) / HEIGHT * LABEL_ROOM);
  return {
    title: "Beside what others published",
    of: "bench_ringbufs, back-to-back, effect of sample rate",
    caption:
      "Other machines, other kernels, records of 8 bytes, and the batch of a trigger changed together with the threshold: the " +
      "heights are not to be compared, the shapes are. N is the number in effect for this run, the sample rate for the others.",
    row: "beside",
    chart: {
      width: PLOT_WIDTH + 20,
      height: HEIGHT,
      encoding: {
        x: {
          field: "n",
          type: "quantitative",
          title: "events per wake-up, N",
          scale: { type: "log", domain: x.domain, nice: false },
          axis: { values: x.ticks, labelExpr: COUNT_LABEL, grid: false },
        },
        y: {
          field: "rate",
          type: "quantitative",
          title: "events per second",
          scale: { type: "log", domain: y.domain, nice: false },
          axis: { values: y.ticks, labelExpr: COUNT_LABEL },
        },
      },
      layer: [
        {
          data: { values },
          mark: { type: "line", point: { size: 22 } },
          encoding: {
            detail: { field: "series" },
            color: { condition: { test: "datum.isOurs", value: "var(--accent)" }, value: "var(--soft)" },
            strokeWidth: { condition: { test: "datum.isOurs", value: 2.5 }, value: 1.25 },
          },
        },
        ...labels.flatMap((label) => [labelLayer(label, true), labelLayer(label, false)]),
      ],
    } as Figure["chart"],
  };
}

const HEIGHT = PLOT_HEIGHT + 90;

/** Two labels between two lines take so much of the height. */
const LABEL_ROOM = 36;

function sweepsOf({ title, rows }: Published): Series[] {
  const ofSweeps = rows.filter(({ section, n }) => SWEEP.test(section) && n !== null);
  return [...new Set(ofSweeps.map(({ reader }) => reader))].map((reader) => ({
    name: `${reader}, ${title}`,
    isOurs: false,
    points: ofSweeps.filter((row) => row.reader === reader && row.hits > 0)
      .map(({ n, hits }) => ({ n: n!, rate: hits * 1e6 })),
  }));
}

/** The sweeps of the largest ring, in which half the ring interferes least. */
function ourSweeps({ cells, threshold }: Slice): Series[] {
  const largest = Math.max(...cells.map(({ ringBytes }) => ringBytes));
  const sweep = cells.filter((cell) => cell.ringBytes === largest && cell.eventsPerSecond > 0);
  if (threshold === "bytes" || sweep.length < 2) return [];
  const points = sweep.map(({ effectiveWakeupEvents, wakeupEvents, eventsPerSecond }) => ({
    n: Math.max(1, effectiveWakeupEvents ?? wakeupEvents!),
    rate: eventsPerSecond,
  }));
  return [{ name: nameOf(sweep[0]!), isOurs: true, points }];
}

function nameOf({ ring, peer, ringBytes, payloadBytes }: Cell): string {
  return `${peer ?? "eventpipe"}, ${ring}, ${formatBytes(ringBytes)}, ${formatBytes(payloadBytes)} events`;
}

interface Label {
  readonly name: string;
  readonly isOurs: boolean;
  readonly rate: number;
  readonly isBelow: boolean;
}

/** Labels stand above the ends of their lines, or below where another line is close above; `room` is in the logarithm. */
function besideLines<L extends Omit<Label, "isBelow">>(ends: readonly L[], room: number): (L & Label)[] {
  return ends.map((end) => ({
    ...end,
    isBelow: ends.some(({ rate }) => rate > end.rate && Math.log(rate / end.rate) < room),
  }));
}

/** A label, or its halo, which keeps lines from running through it. */
function labelLayer({ name, isOurs, rate, isBelow }: Label, isHalo: boolean): object {
  const color = isHalo ? "var(--card)" : isOurs ? "var(--accent)" : "var(--soft)";
  return {
    data: { values: [{ name, rate }] },
    mark: {
      type: "text",
      align: "right",
      baseline: isBelow ? "top" : "bottom",
      dy: isBelow ? 7 : -6,
      fontSize: 10.5,
      ...(isHalo ? { stroke: color, strokeWidth: 3 } : {}),
    },
    encoding: {
      text: { field: "name", type: "nominal" },
      x: { value: "width" },
      color: { value: color },
    },
  };
}
