/**
 * The cells that were measured beside other programs as one table: what was compared, the ratio and what may be said of it.
 * The benchmark prints it. Relies on markdown-table for tables that are also readable as text.
 */

import { markdownTable } from "markdown-table";
import { formatBytes, formatCount, formatNs } from "../cli/units.ts";
import { percent, workText } from "./rows.ts";
import type { Cell, Ratio } from "./schema.ts";
import { WAKEUP_SUITE } from "./wakeup_fits.ts";

/** What eventpipe's own ratio is divided by; a table of comparisons leaves it out, its width is the column `detectable`. */
const ITSELF = "eventpipe";

/**
 * Whether a cell was measured in blocks beside others.
 *
 * @param cell The cell.
 * @returns Whether it is one of a comparison: that of eventpipe or that of the other.
 */
export function isCompared({ ratio, delivery, peer }: Cell): boolean {
  return ratio !== null || delivery !== undefined || peer !== null;
}

/**
 * Draws the table.
 *
 * @param cells Of any kind; those without a comparison are left out.
 * @returns Markdown.
 */
export function renderComparisons(cells: readonly Cell[]): string {
  const rows = cells.flatMap((cell) =>
    cell.ratio === null || cell.ratio.to === ITSELF ? [] : [fields(cell, cell.ratio)]
  );
  const head = [
    "cell",
    "eventpipe",
    "over",
    "ratio",
    "95%",
    "worst launch",
    "detectable",
    "verdict",
    "flags",
  ];
  return markdownTable([head, ...rows], { align: ["l", "r", "l", "r", "r", "r", "r", "l", "l"] });
}

function fields(cell: Cell, { to, median, low, high }: Ratio): string[] {
  const { launchMedians = [], detectable = null, verdict = null, flags } = cell;
  return [
    cellText(cell),
    valueText(cell),
    to,
    median.toFixed(2),
    `${low.toFixed(2)} to ${high.toFixed(2)}`,
    launchMedians.length === 0 ? "-" : Math.max(...launchMedians).toFixed(2),
    detectable === null ? "-" : percent(detectable, 1),
    verdict ?? "-",
    flags.join(", "),
  ];
}

function cellText(cell: Cell): string {
  const { suite, ring, ringBytes, rings = 1, payload, payloadBytes, waiter, rate, delivery } = cell;
  const many = rings === 1 ? "" : `${rings} x `;
  const work = delivery === undefined ? waiter : workText(cell);
  const load = rate === null ? "" : `, ${formatCount(rate)}/s`;
  const wake = suite === WAKEUP_SUITE && thresholdText(cell) !== ""
    ? `, wake-up every ${thresholdText(cell)}`
    : "";
  return `${suite}, ${ring} ${many}${formatBytes(ringBytes)}, ${
    payload ?? formatBytes(payloadBytes)
  }, ${work}${wake}${load}`;
}

function thresholdText({ wakeupEvents, watermarkBytes }: Cell): string {
  if (wakeupEvents !== null) return String(wakeupEvents);
  return watermarkBytes === null ? "" : formatBytes(watermarkBytes);
}

/** What was compared: the program that emits, time in the reader, latency, or CPU time. */
function valueText({ suite, consumeNsPerEvent, eventsPerSecond, latency, cpuNsPerEvent }: Cell): string {
  if (suite === WAKEUP_SUITE && eventsPerSecond > 0) return `${formatCount(1e9 / eventsPerSecond)} ns/event`;
  if (consumeNsPerEvent !== null) return `${formatCount(consumeNsPerEvent)} ns/event`;
  const p50 = latency?.[0]?.p50 ?? null;
  if (p50 !== null) return `p50 ${formatNs(p50)}`;
  return cpuNsPerEvent === null ? "-" : `${formatCount(cpuNsPerEvent)} ns CPU/event`;
}
