/**
 * What a reader must know before trusting the numbers of a results file, as sentences. Reports print them under
 * the tables. Every sentence follows from the data alone, and says so when the data do not tell.
 */

import { formatNs } from "../cli/units.ts";
import { type Floor, percent } from "./rows.ts";
import {
  type Cell,
  type Clocks,
  conserves,
  type Environment,
  type NoiseFloorRecord,
  type Results,
} from "./schema.ts";

/** Of a run that ended before its last cell. */
export const PARTIAL_TEXT = "This run was ended before its last cell: what is missing was not measured.";

/** The sentences that apply, the most general first. */
export function remarks(results: Results): string[] {
  const { cells, environment } = results;
  return [
    ...comparisonRemarks(cells),
    ...machineRemarks(environment),
    ...(results.noiseFloor === undefined ? [] : [noiseFloorText(results.noiseFloor)]),
    ...(results.noiseFloor?.delays === undefined ? [] : [floorText(results.noiseFloor.delays)]),
    ...(results.clocks === undefined ? [] : [clocksText(results.clocks)]),
    ...accountRemarks(cells),
    ...latencyRemarks(cells),
  ];
}

/**
 * How quiet the machine was, as a sentence.
 *
 * @param floor What a loop saw that only read the clock.
 * @returns The sentence.
 */
export function noiseFloorText({ spanNs, lostShare, longestNs, readingNs }: NoiseFloorRecord): string {
  return `On the consumer's CPU, a loop that only read the clock (${formatNs(readingNs)} each) lost ${
    percent(lostShare, 1)
  } of ${formatNs(spanNs)} in gaps above 5 us, the longest of ${formatNs(longestNs)}.`;
}

/**
 * What the machine alone adds to latencies, as a sentence.
 *
 * @param floor How long a loop that only reads the clock is kept away.
 * @returns The sentence.
 */
export function floorText(floor: Floor): string {
  const texts = ([["p50"], ["p99"], ["p999", "p99.9"], ["p9999", "p99.99"]] as const).flatMap((
    [name, head = name],
  ) => floor[name] === null ? [] : [`${head} ${formatNs(floor[name])}`]);
  const longest = floor.max === null ? [] : [`at most ${formatNs(floor.max)}`];
  return `This machine alone keeps a loop away for ${
    [...texts, ...longest].join(", ")
  }: a percentile near its own, ` +
    "p99/floor near 1, tells of the machine.";
}

/**
 * What two clocks said of one block, as a sentence.
 *
 * @param clocks Both.
 * @returns The sentence.
 */
export function clocksText({ peer, ownNs, harnessNs }: Clocks): string {
  return `Of one block of ${peer}, its own clock said ${formatNs(ownNs)} and the harness ${
    formatNs(harnessNs)
  }: ${percent(harnessNs - ownNs, ownNs)} more.`;
}

/**
 * The share of CPU time that the hypervisor gave to others between the start and the end of the run, from 0 to 1;
 * null when it could not be read.
 */
export function stolenShare({ before, after }: Environment): number | null {
  if (before.stealTicks === null || after.stealTicks === null) return null;
  if (before.totalTicks === null || after.totalTicks === null) return null;
  const total = after.totalTicks - before.totalTicks;
  return total > 0 ? (after.stealTicks - before.stealTicks) / total : null;
}

function comparisonRemarks(cells: readonly Cell[]): string[] {
  const compared = cells.filter((cell) => cell.ratio !== null).length;
  const lines: string[] = [];
  if (compared < cells.length) {
    lines.push(
      "A row is one measurement, without an interval: a small difference between two rows may be chance.",
    );
  }
  if (compared > 0) {
    lines.push(
      "A ratio is the median over paired blocks; its interval covers 95%. It decides where rows differ.",
    );
  }
  return lines;
}

function machineRemarks(environment: Environment): string[] {
  const lines: string[] = [];
  const stolen = stolenShare(environment);
  if (stolen === null) {
    lines.push("Whether other guests took CPU time during the run could not be read.");
  } else if (stolen > 0) {
    lines.push(
      `The hypervisor gave ${percent(stolen, 1)} of the CPU time of the run to others: ` +
        "rates and latency tails include it.",
    );
  }
  if (environment.hypervisor === true) {
    lines.push("The machine is a virtual one: wake-ups and latency tails include what its hypervisor does.");
  }
  if (environment.gitDirty === true) {
    lines.push("The checkout had uncommitted changes, so its revision does not tell the whole code.");
  }
  return lines;
}

function accountRemarks(cells: readonly Cell[]): string[] {
  const unbalanced = cells.filter((cell) => !conserves(cell)).length;
  const inexact = cells.filter((cell) => conserves(cell) && !cell.exact).length;
  const lines: string[] = [];
  if (unbalanced > 0) {
    lines.push(
      `The accounts of ${
        inCells(unbalanced)
      } do not add up: produced is not dispatched + unknown + lost + left.`,
    );
  }
  if (inexact > 0) lines.push(`The accounts of ${inCells(inexact)} are not exact.`);
  if (unbalanced + inexact === 0 && cells.length > 0) {
    lines.push("In every cell, produced = dispatched + unknown + lost + left, each counted on its own.");
  }
  return lines;
}

function latencyRemarks(cells: readonly Cell[]): string[] {
  const stages = cells.flatMap((cell) => cell.latency ?? []);
  const negative = stages.reduce((sum, stage) => sum + stage.negative, 0);
  const lines: string[] = [];
  if (stages.length > 0) {
    lines.push(
      "Latencies are exact, by nearest rank. A percentile q that fewer than 10 / (1 - q) latencies support is " +
        "left out. p99.99 stands in the results file.",
    );
  }
  const isRanked = stages.some(({ lost = 0 }) => lost > 0);
  if (isRanked) {
    lines.push(
      "A lost event ranks above all that came, as a latency without end: `lost` stands for a percentile that is not attained " +
        "because so many were lost.",
    );
  } else if (stages.length > 0 && cells.some((cell) => cell.lost > 0)) {
    lines.push(
      "Lost events have no latency: where events were lost, the percentiles are those of the others.",
    );
  }
  if (stages.some(({ from }) => from === "wake")) {
    lines.push(
      "Percentiles of stages do not add up to that of the whole: the event that waits longest in one stage is not the one that " +
        "does in the next.",
    );
  }
  if (negative > 0) {
    lines.push(
      `${negative} latencies were below zero, since two clocks disagreed; they are counted as they are.`,
    );
  }
  return lines;
}

function inCells(count: number): string {
  return count === 1 ? "1 cell" : `${count} cells`;
}
