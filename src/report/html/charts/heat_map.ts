/**
 * Heat maps over ring size and wake-up threshold: p50, p99, loss, throughput. Each field has its figure written into it, so
 * the colours only lead the eye. Where half the ring is filled before `wakeup_events` is reached, the reader is woken by that:
 * such fields have a dashed frame and the events per wake-up in effect.
 *
 * @module
 */

import { formatBytes, formatCount, formatNs } from "../../../cli/units.ts";
import { isLostPercentile } from "../../percentiles.ts";
import { LOST, percent } from "../../rows.ts";
import { responseOf, roadOf } from "../../response.ts";
import type { Cell } from "../../schema.ts";
import { type Hue, stepColor, stepInk, STEPS } from "../palette.ts";
import { isHalfRing, lostShare, placeText, type Slice, thresholdOf, thresholdText } from "../slices.ts";
import type { Figure } from "./figure.ts";
import { PLOT_WIDTH } from "./figure.ts";
import { unique } from "./scales.ts";

/** What a field shows of a cell. */
interface Field {
  /** null where it was not measured. */
  readonly value: number | null;
  readonly text: string;
}

interface HeatMap {
  readonly what: string;
  readonly hue: Hue;
  readonly caption: string;
  readonly field: (cell: Cell) => Field;
  /** What `lost` in a field means. */
  readonly lost?: string;
  /** Steps by fixed bounds; by the logarithm between the least and the greatest value unless given. */
  readonly bounds?: readonly number[];
}

/** Lost shares where a colour ends: nothing, a trace, a hundredth, and what makes a cell useless. */
const LOSS_BOUNDS = [0, 0.001, 0.01, 0.05, 0.2, 0.5];

const LOST_NONE = "No event was lost.";

const LOSS: HeatMap = {
  what: "Lost events",
  hue: "loss",
  caption: "Share of produced events that the kernel or the helper refused. Grey is none.",
  field: (cell) => ({
    value: lostShare(cell),
    text: cell.lost === 0 ? "0" : percent(cell.lost, cell.produced),
  }),
  bounds: LOSS_BOUNDS,
};

const THROUGHPUT: HeatMap = {
  what: "Throughput",
  hue: "throughput",
  caption: "Events per second that reached a handler.",
  field: ({ eventsPerSecond }) => ({ value: eventsPerSecond, text: formatCount(eventsPerSecond) }),
};

/** The least square a text of a figure fits into. */
const FIELD_WIDTH = 58;
const FIELD_HEIGHT = 46;

/**
 * The heat maps of a slice: throughput and loss of a saturating one, p50, p99 and loss of one at a rate.
 *
 * @param slice Cells that differ in ring size and threshold.
 * @returns Figures; none where there is nothing to compare.
 */
export function heatMaps(slice: Slice): Figure[] {
  const { cells } = slice;
  if (unique(cells.map(({ ringBytes }) => ringBytes)).length < 2 && cells.length < 3) return [];
  const hasLatency = cells.some(({ latency }) => latency !== null);
  const maps = hasLatency ? [latencyMap("p50", 0.5, slice), latencyMap("p99", 0.01, slice)] : [THROUGHPUT];
  if (cells.some(({ lost }) => lost > 0)) maps.push(LOSS);
  const figures = maps.map((map) => figureOf(slice, map));
  const [first] = figures;
  if (maps.includes(LOSS) || first === undefined) return figures;
  return [{ ...first, caption: `${first.caption} ${LOST_NONE}` }, ...figures.slice(1)];
}

/** Where more than 1 - q of the events were lost, quantile q is that of an event that never came. */
function latencyMap(name: "p50" | "p99", mayLose: number, slice: Slice): HeatMap {
  return {
    what: `Latency, ${name}`,
    hue: "latency",
    caption: `${roadOf(slice.cells)}.`,
    lost: `Where it says lost, so many events never came that ${name} is one of them.`,
    field: (cell) => {
      const stage = responseOf(cell);
      const isLost = stage === null || stage.lost === undefined
        ? lostShare(cell) >= mayLose
        : isLostPercentile(stage, name);
      if (isLost) return { value: Infinity, text: LOST };
      const ns = stage?.[name] ?? null;
      return { value: ns, text: ns === null ? "-" : formatNs(ns) };
    },
  };
}

function figureOf(slice: Slice, map: HeatMap): Figure {
  const { cells, threshold, title } = slice;
  const fields = cells.map((cell) => ({ cell, ...map.field(cell) }));
  const stepOf = map.bounds === undefined
    ? logSteps(fields.map(({ value }) => value))
    : boundSteps(map.bounds);
  const hasHalfRing = cells.some(isHalfRing);
  const rows = fields.map(({ cell, value, text }) => {
    const step = value === null ? 0 : stepOf(value);
    const half = isHalfRing(cell);
    const effective = Math.round(cell.effectiveWakeupEvents ?? 0);
    return {
      ring: formatBytes(cell.ringBytes),
      threshold: thresholdText(cell),
      text,
      below: half ? `at ~${effective}` : "",
      fill: value === null ? "var(--grid)" : stepColor(map.hue, step),
      ink: value === null ? "var(--soft)" : stepInk(map.hue, step),
      frame: half ? stepInk(map.hue, step) : "transparent",
      about: `${map.what} ${text}: ${placeText(cell)}${half ? `, in effect at about ${effective}` : ""}`,
    };
  });
  const rings = unique(cells.map(({ ringBytes }) => ringBytes)).sort((a, b) => b - a).map(formatBytes);
  const columns = unique(
    cells.toSorted((a, b) => thresholdOf(a)! - thresholdOf(b)!).map((cell) => thresholdText(cell)),
  );
  const fieldWidth = Math.max(FIELD_WIDTH, Math.floor(PLOT_WIDTH / columns.length));
  const place = {
    x: {
      field: "threshold",
      type: "ordinal",
      sort: columns,
      title: threshold === "events" ? "wake-up after N events" : "wake-up after so many bytes",
      axis: { labelAngle: 0, domain: false, ticks: false },
    },
    y: {
      field: "ring",
      type: "ordinal",
      sort: rings,
      title: "ring size",
      axis: { domain: false, ticks: false },
    },
  };
  return {
    title: map.what,
    of: title,
    caption: map.caption +
      (fields.some(({ value }) => value === Infinity) ? ` ${map.lost}` : "") +
      (hasHalfRing
        ? " Dashed: half the ring fills before N is reached, and wakes the reader at the N below."
        : ""),
    ...(columns.length > 6 ? { row: "wide" } : {}),
    chart: {
      width: { step: fieldWidth },
      height: { step: FIELD_HEIGHT },
      data: { values: rows },
      encoding: place,
      layer: [
        {
          mark: { type: "rect", cornerRadius: 4, aria: true, stroke: "var(--card)", strokeWidth: 2 },
          encoding: {
            fill: { field: "fill", type: "nominal", scale: null },
            description: { field: "about", type: "nominal" },
          },
        },
        {
          mark: {
            type: "rect",
            filled: false,
            cornerRadius: 3,
            strokeDash: [3, 3],
            width: fieldWidth - 10,
            height: FIELD_HEIGHT - 10,
          },
          encoding: { stroke: { field: "frame", type: "nominal", scale: null } },
        },
        textLayer("text", 12, hasHalfRing ? -3 : 0),
        ...(hasHalfRing ? [textLayer("below", 9.5, 10)] : []),
      ],
    } as Figure["chart"],
  };
}

function textLayer(field: string, fontSize: number, dy: number): object {
  return {
    mark: { type: "text", fontSize, dy, fontWeight: field === "text" ? 600 : 400 },
    encoding: {
      text: { field, type: "nominal" },
      color: { field: "ink", type: "nominal", scale: null },
    },
  };
}

/** Equal steps of the logarithm; a single value is in the middle. */
function logSteps(values: readonly (number | null)[]): (value: number) => number {
  const logs = values.filter((value): value is number => value !== null && value > 0 && value < Infinity)
    .map(Math.log);
  const low = Math.min(...logs);
  const high = Math.max(...logs);
  return (value) => {
    if (value === Infinity) return STEPS - 1;
    if (!(high > low)) return STEPS >> 1;
    return Math.min(STEPS - 1, Math.max(0, Math.floor((Math.log(value) - low) / (high - low) * STEPS)));
  };
}

function boundSteps(bounds: readonly number[]): (value: number) => number {
  return (value) => {
    const step = bounds.findIndex((bound) => value <= bound);
    return step === -1 ? STEPS - 1 : step;
  };
}
