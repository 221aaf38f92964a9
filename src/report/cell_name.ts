/**
 * The configuration of a cell as one line: two cells with the same line measured the same thing. Comparisons match cells by
 * it, exported histograms are named after it. Relies on the formatters of the units parser.
 *
 * @module
 */

import { formatCount, parseRate } from "../cli/units.ts";
import type { Cell } from "./schema.ts";

/**
 * Names a cell.
 *
 * @param cell A cell.
 * @returns Its parts in a fixed order: suite and source, ring, reader, waiter, threshold, events, CPUs, work and load.
 */
export function cellNameParts(cell: Cell): string[] {
  const { suite, source, ring, peer, scanner, waiter, ringBytes, cpus, delivery, handlers = 0, rings = 1 } =
    cell;
  return [
    `${suite} (${source})`,
    `${ring} ${exactBytes(ringBytes)}`,
    peer ?? `scanner ${scanner ?? "?"}`,
    ...(waiter === "none" ? [] : [waiter]),
    ...(cell.wakeupEvents === null ? [] : [`wake-up ${cell.wakeupEvents}`]),
    ...(cell.watermarkBytes === null ? [] : [`watermark ${exactBytes(cell.watermarkBytes)}`]),
    cell.payload ?? exactBytes(cell.payloadBytes),
    ...(cpus === 1 ? [] : [`${cpus} CPUs`]),
    ...(rings === 1 ? [] : [`${rings} rings`]),
    ...(delivery === undefined ? [] : [handlers === 0 ? delivery : `${delivery} to ${handlers}`]),
    ...loadParts(cell),
  ];
}

/** A size in the largest unit it is whole in: three digits would give two cells one name. */
function exactBytes(bytes: number): string {
  const units = [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const;
  const [unit, size] = units.find(([, size]) => bytes >= size && bytes % size === 0) ?? ["B", 1];
  return `${bytes / size} ${unit}`;
}

/** A rate in three digits where these say it all. */
function exactRate(rate: number): string {
  const whole = Math.round(rate);
  const text = formatCount(whole);
  return parseRate(text) === whole ? text : String(whole);
}

/** A share of what was measured is the load that was meant: the rate it came to differs from run to run. */
function loadParts({ rate, arrivals, loadShare }: Cell): string[] {
  const load = loadShare !== undefined
    ? [`at ${shareText(loadShare)}`]
    : rate === null
    ? []
    : [`${exactRate(rate)}/s`];
  return arrivals === undefined ? load : [...load, arrivals];
}

/**
 * A share of what a saturating cell of the same configuration handled.
 *
 * @param loadShare The share.
 * @returns Such as `50% of capacity`.
 */
export function shareText(loadShare: number): string {
  return `${formatCount(loadShare * 100)}% of capacity`;
}

/**
 * The load of a cell where there is little room, without its arrivals.
 *
 * @param cell A cell.
 * @returns Such as `saturating`, `120k/s (10%)` or `asked for one by one`.
 */
export function shortRateText({ rate, arrivals, loadShare }: Cell): string {
  if (arrivals === "pingpong") return "asked for one by one";
  if (rate === null) return "saturating";
  return `${formatCount(rate)}/s${loadShare === undefined ? "" : ` (${formatCount(loadShare * 100)}%)`}`;
}

/**
 * The load of a cell where there is little room.
 *
 * @param cell A cell.
 * @returns Such as `saturating`, `120k/s (10%), poisson` or `asked for one by one`.
 */
export function shortLoadText(cell: Cell): string {
  const { arrivals = "pingpong" } = cell;
  return `${shortRateText(cell)}${arrivals === "pingpong" ? "" : `, ${arrivals}`}`;
}

/**
 * The load of a cell in words.
 *
 * @param cell A cell.
 * @returns Such as `saturating`, `10k events/s offered, poisson` or `each asked for (pingpong)`.
 */
export function loadText({ rate, arrivals, loadShare }: Cell): string {
  if (arrivals === "pingpong") return "each event asked for when the one before was handled";
  if (rate === null) return "saturating";
  const share = loadShare === undefined ? "" : ` (${shareText(loadShare)})`;
  return `${formatCount(rate)} events/s offered${share}${arrivals === undefined ? "" : `, ${arrivals}`}`;
}
