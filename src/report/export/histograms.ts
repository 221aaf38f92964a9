/**
 * The latencies of a results file in the two text formats of HdrHistogram: a percentile spectrum per stage, `.hgrm`, and all
 * histograms in one log. Relies on the histograms that cells keep; stages without one are left out.
 *
 * @module
 */

import { formatCount } from "../../cli/units.ts";
import { cellNameParts } from "../cell_name.ts";
import { decodeHistogram } from "../histogram.ts";
import type { Cell, LatencyStage, Results } from "../schema.ts";

/** A stage of a cell that has a histogram. */
export interface NamedHistogram {
  /** Of the cell and the stage, of letters, digits and `-._` alone; no other stage of the file has it. */
  readonly name: string;
  /** HdrHistogram V2, compressed, base64, in ns. */
  readonly histogram: string;
  readonly stage: LatencyStage;
  readonly cell: Cell;
  /** When the cell began, were each begun when the one before had ended; in seconds since the start of the run. */
  readonly startS: number;
}

/** How many points a spectrum has for each halving of what is above. */
const TICKS = 5;

const NS_PER_US = 1000;

/**
 * Finds the histograms of a results file.
 *
 * @param results A results file.
 * @returns Each with its name, in the order of the cells.
 */
export function namedHistograms({ cells }: Pick<Results, "cells">): NamedHistogram[] {
  const taken = new Map<string, number>();
  let startS = 0;
  return cells.flatMap((cell) => {
    const begun = startS;
    startS += cell.durationMs / 1000;
    return (cell.latency ?? []).flatMap((stage) => {
      if (stage.histogram === undefined) return [];
      const plain = nameOf(cell, stage);
      const times = (taken.get(plain) ?? 0) + 1;
      taken.set(plain, times);
      const name = times === 1 ? plain : `${plain}-${times}`;
      return [{ name, histogram: stage.histogram, stage, cell, startS: begun }];
    });
  });
}

/**
 * The percentile spectrum of a stage, as plotters of HdrHistogram read it, in us.
 *
 * @param named A stage with its histogram.
 * @returns The text of a `.hgrm` file. What the format has no place for stands in comments at its end: the exact maximum,
 * since that of a histogram is the end of a bucket, and the events that were lost and are in no percentile.
 */
export function hgrmText({ name, histogram, stage: { max, lost = 0, negative } }: NamedHistogram): string {
  const spectrum = decodeHistogram(histogram).outputPercentileDistribution(TICKS, NS_PER_US);
  const exact = max === null ? "" : `#[Exact max = ${max / NS_PER_US}]\n`;
  return `${spectrum}${exact}#[Lost = ${lost}, Negative = ${negative}]\n#[us, ${name}]\n`;
}

/**
 * All histograms of a results file as one log, format 1.3, a line per stage with its name as tag.
 *
 * @param results A results file.
 * @returns The text of a `.hlog` file. Its maxima are exact, in ns.
 */
export function hlogText(results: Pick<Results, "cells" | "startedAt">): string {
  const began = Date.parse(results.startedAt);
  const lines = namedHistograms(results).map(({ name, histogram, stage, cell, startS }) => {
    // A comma within a tag would end it.
    const interval = [startS, cell.durationMs / 1000, stage.max ?? 0].map((number) => number.toFixed(3));
    return `Tag=${name},${interval.join(",")},${histogram}\n`;
  });
  return [
    "#[Latencies in ns. A tag is a cell and a stage; cells ran one after the other]\n",
    "#[Histogram log format version 1.3]\n",
    `#[StartTime: ${(began / 1000).toFixed(3)} (seconds since epoch), ${results.startedAt}]\n`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n',
    ...lines,
  ].join("");
}

/** The name of a stage of a cell: a file's name on any system, and a tag of a log. */
function nameOf(cell: Cell, { stage, from }: LatencyStage): string {
  const load = cell.loadShare === undefined || cell.rate === null ? [] : [`${formatCount(cell.rate)} per s`];
  return [...cellNameParts(cell), ...load, `${from} to ${stage}`]
    .map((part) => part.replace(/%/g, " percent").replace(/[^A-Za-z0-9.]+/g, "-").replace(/^-+|-+$/g, ""))
    .join("_");
}
