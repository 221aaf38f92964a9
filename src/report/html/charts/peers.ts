/**
 * Ratios of eventpipe to its peers with their intervals, one line per cell. The first chart is eventpipe over itself: how far
 * its intervals reach is what this machine can tell apart. Relies on cells that hold a ratio.
 *
 * @module
 */

import { formatBytes, formatCount } from "../../../cli/units.ts";
import type { Cell, Ratio } from "../../schema.ts";
import { thresholdOf, thresholdText } from "../slices.ts";
import { type Figure, PLOT_WIDTH } from "./figure.ts";
import { logAxis, unique } from "./scales.ts";

/** What the suites divide eventpipe by to learn how well they can tell. */
const SELF = "eventpipe";

type ComparedCell = Cell & { readonly ratio: Ratio };

const ROW_HEIGHT = 32;

/** The longest name that has room in front of its figure in a chart that fits a phone, in characters. */
const NAME_COLUMNS = 34;

/** In the place of a verdict where a program is measured against itself. */
const ITSELF = "itself";

/** Colours by what may be said of a ratio. */
const VERDICTS = [
  [ITSELF, "var(--soft)"],
  ["faster", "var(--series-2)"],
  ["equivalent", "var(--soft)"],
  ["inconclusive", "var(--series-4)"],
  ["slower", "var(--series-5)"],
] as const;

/**
 * The charts of the cells that hold ratios.
 *
 * @param cells Of one suite and source.
 * @returns A figure per program that eventpipe is divided by.
 */
export function peerCharts(cells: readonly Cell[]): Figure[] {
  const compared = cells.filter((cell): cell is ComparedCell => cell.ratio !== null);
  if (compared.length === 0) return [];
  const ends = compared.flatMap(({ ratio }) => [ratio.low, ratio.high]);
  const axis = logAxis([...ends, 0.9, 1.1]);
  const peers = unique(compared.map(({ ratio }) => ratio.to));
  return peers.toSorted((one, other) => Number(other === SELF) - Number(one === SELF)).map((peer) =>
    figureOf(peer, compared.filter(({ ratio }) => ratio.to === peer), axis)
  );
}

function figureOf(
  peer: string,
  cells: readonly ComparedCell[],
  axis: ReturnType<typeof logAxis>,
): Figure {
  const names = namesOf(cells);
  const isLong = names.some(({ length }) => length > NAME_COLUMNS);
  const values = cells.map((cell, index) => ({
    index,
    name: names[index],
    ratio: cell.ratio.median,
    low: cell.ratio.low,
    high: cell.ratio.high,
    verdict: verdictText(cell),
    least: Math.max(axis.domain[0], 1 - (cell.detectable ?? 0)),
    most: Math.min(axis.domain[1], 1 + (cell.detectable ?? 0)),
    figure: cell.ratio.median.toFixed(2),
    about:
      `${cell.ratio.median.toFixed(3)} (${cell.ratio.low.toFixed(3)} to ${cell.ratio.high.toFixed(3)}), ` +
      `${cell.ratio.pairs} pairs: ${names[index]}`,
  }));
  const shown = VERDICTS.filter(([verdict]) => values.some((value) => value.verdict === verdict));
  const x = {
    field: "ratio",
    type: "quantitative",
    scale: { type: "log", domain: axis.domain, nice: false },
  };
  const color = {
    field: "verdict",
    type: "nominal",
    title: null,
    scale: { domain: shown.map(([verdict]) => verdict), range: shown.map(([, color]) => color) },
    legend: peer === SELF ? null : { orient: "top", symbolType: "circle" },
  };
  return {
    title: peer === SELF ? "eventpipe over itself" : `eventpipe over ${nameOf(peer)}`,
    of: sharedText(cells, names),
    caption: peer === SELF
      ? "The same program measured twice in each round: median of the ratios, and its interval of 95%. How far these reach " +
        "from 1 is what the run cannot tell from no difference."
      : "Time of eventpipe divided by that of the other in the same round: median, and its interval of 95%. Left of 1 " +
        "eventpipe takes less time." +
        (cells.some(({ detectable }) => (detectable ?? 0) > 0)
          ? " The band at 1 is what the run cannot tell from no difference."
          : ""),
    ...(isLong ? { row: "beside" } : {}),
    chart: {
      width: isLong ? 2 * PLOT_WIDTH : PLOT_WIDTH + 40,
      height: { step: ROW_HEIGHT },
      data: { values },
      encoding: {
        y: {
          field: "index",
          type: "ordinal",
          axis: null,
        },
      },
      layer: [
        {
          mark: { type: "rule", color: "var(--rule)", strokeWidth: 1.5 },
          encoding: { x: { datum: 1, type: "quantitative" }, y: { value: 0 }, y2: { value: "height" } },
        },
        {
          mark: { type: "rule", strokeWidth: 11, color: "var(--grid)", yOffset: 6 },
          encoding: { x: { ...x, field: "least" }, x2: { field: "most" } },
        },
        {
          mark: { type: "rule", strokeWidth: 3, opacity: 0.55, yOffset: 6 },
          encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, color },
        },
        {
          mark: { type: "point", filled: true, size: 60, opacity: 1, aria: true, yOffset: 6 },
          encoding: {
            x: {
              ...x,
              title: "ratio of times",
              axis: { values: axis.ticks, format: "~g", orient: "top" },
            },
            color,
            description: { field: "about", type: "nominal" },
          },
        },
        {
          mark: { type: "text", align: "left", baseline: "bottom", x: 0, dy: 0, fontSize: 11 },
          encoding: { text: { field: "name", type: "nominal" }, color: { value: "var(--ink)" } },
        },
        {
          mark: {
            type: "text",
            align: "right",
            baseline: "bottom",
            x: "width",
            dy: 0,
            fontSize: 11,
            fontWeight: 600,
          },
          encoding: { text: { field: "figure", type: "nominal" }, color: { value: "var(--ink)" } },
        },
      ],
    } as Figure["chart"],
  };
}

/** eventpipe on another ring is a peer as well. */
function nameOf(peer: string): string {
  return peer.replace(/^eventpipe (?=on )/, "itself ");
}

/** How many cells there are, and how many pairs stand behind each. */
function sharedText(cells: readonly ComparedCell[], names: readonly string[]): string {
  const pairs = cells.map(({ ratio }) => ratio.pairs);
  const [least, most] = [Math.min(...pairs), Math.max(...pairs)];
  const cellsText = names.length === 1 ? "1 cell" : `${names.length} cells`;
  return `${cells[0]!.suite}, ${cellsText}, ${least === most ? least : `${least} to ${most}`} pairs each`;
}

function verdictText({ verdict, ratio: { to, low, high } }: ComparedCell): string {
  if (to === SELF) return ITSELF;
  // Without a verdict of the run, the interval alone decides.
  return verdict ?? (high < 1 ? "faster" : low > 1 ? "slower" : "inconclusive");
}

/** Names of the cells by what differs between them. */
function namesOf(cells: readonly ComparedCell[]): string[] {
  const parts = cells.map((cell) => [
    cell.ring === "perf" ? "perf" : "ringbuf",
    formatBytes(cell.ringBytes),
    cell.payload ?? formatBytes(cell.payloadBytes),
    workText(cell),
    cell.scanner ?? "",
    cell.waiter === "none" ? "" : cell.waiter,
    thresholdOf(cell) === null ? "" : `wake-up every ${thresholdText(cell)}`,
    cell.rate === null ? "" : `${formatCount(cell.rate)}/s`,
    timeText(cell),
    cell.cpus === 1 ? "1 CPU" : `${cell.cpus} CPUs`,
    (cell.rings ?? 1) === 1 ? "" : `${cell.rings} rings`,
  ]);
  const differing = parts[0]!.map((_, index) => unique(parts.map((each) => each[index])).length > 1);
  const isAlone = !differing.includes(true);
  return parts.map((each) =>
    each.filter((part, index) => part !== "" && (isAlone || differing[index])).join(", ")
  );
}

/** What a ratio of a suite at a rate is of; elsewhere it is of the time that reading takes. */
function timeText({ rate, latency }: ComparedCell): string {
  if (rate === null) return "";
  return latency === null ? "CPU time" : "p50";
}

function workText({ delivery = "", handlers = 0 }: ComparedCell): string {
  if (handlers === 0) return delivery;
  return `${delivery} to ${handlers} ${handlers === 1 ? "handler" : "handlers"}`;
}
