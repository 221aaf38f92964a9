/**
 * The summary as people read it at the end, on stderr: counts per event, times per system call, counts per CPU, and
 * a sentence that says whether any event is missing. 110 columns wide.
 */

import { formatCount, formatNs } from "../cli/units.ts";
import { escapeText } from "./escape.ts";
import type { TraceSummary } from "./model.ts";

/** How to draw. */
export interface SummaryTextOptions {
  /** Write losses in red. Default: false. */
  readonly color?: boolean;
}

/** A heading and a text per row; all columns but the first stand right. */
type Column = readonly [head: string, ...texts: string[]];

const COLUMNS = 110;
const GAP = "  ";
const RED = 31;

/** The summary as lines, the last newline included. */
export function summaryText(summary: TraceSummary, options: SummaryTextOptions = {}): string {
  const paint = (code: number, text: string): string =>
    options.color === true ? `\x1b[${code}m${text}\x1b[0m` : text;
  const missing = missingEvents(summary);
  const blocks = [
    total(summary),
    ...eventTable(summary),
    ...callTable(summary),
    ...cpuTable(summary),
    missing.length === 0 && summary.exact ? "No event is missing." : paint(RED, verdict(summary, missing)),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** `22400 events in 10 s (2.24k/s), 12 not written at the limit, 2 system calls unfinished`. */
function total({ events, durationNs, left, unfinished }: TraceSummary): string {
  const ns = Number(durationNs);
  const rate = ns > 0 && events > 1 ? ` (${formatCount(events / (ns / 1e9))}/s)` : "";
  const parts = [`${plural(events, "event")} in ${formatNs(ns)}${rate}`];
  if (left > 0) parts.push(`${left} not written at the limit`);
  if (unfinished > 0) parts.push(`${plural(unfinished, "system call")} unfinished`);
  return parts.join(", ");
}

/** Events that are no system calls with durations, the most frequent first. */
function eventTable({ perEvent, calls }: TraceSummary): string[] {
  const rows = [...perEvent].filter(([name]) => !calls.has(name)).sort(([, a], [, b]) => b - a);
  return table([
    ["event", ...rows.map(([name]) => escapeText(name))],
    ["count", ...rows.map(([, count]) => String(count))],
  ]);
}

/** System calls, those with the longest total first. */
function callTable({ calls }: TraceSummary): string[] {
  const rows = [...calls].sort(([, a], [, b]) => Number(b.totalNs - a.totalNs));
  return table([
    ["system call", ...rows.map(([name]) => escapeText(name))],
    ["count", ...rows.map(([, { count }]) => String(count))],
    ["errors", ...rows.map(([, { errors }]) => String(errors))],
    ["total", ...rows.map(([, { totalNs }]) => formatNs(Number(totalNs)))],
    ["mean", ...rows.map(([, each]) => each.count === 0 ? "" : formatNs(Number(each.totalNs) / each.count))],
    ["max", ...rows.map(([, { maxNs }]) => formatNs(Number(maxNs)))],
  ]);
}

/** CPUs in their order, those without events and losses left out. */
function cpuTable({ perCpu }: TraceSummary): string[] {
  const rows = perCpu.filter(({ events, lost }) => events > 0 || lost > 0);
  return table([
    ["cpu", ...rows.map(({ cpu }) => String(cpu))],
    ["events", ...rows.map(({ events }) => String(events))],
    ["lost", ...rows.map(({ lost }) => String(lost))],
  ]);
}

function missingEvents({ lost, missed }: TraceSummary): string[] {
  const found: string[] = [];
  if (lost > 0) found.push(`${plural(lost, "event")} lost in full rings`);
  if (missed > 0) found.push(`${plural(missed, "event")} missed in the kernel`);
  return found;
}

function verdict({ exact }: TraceSummary, missing: readonly string[]): string {
  const counted = missing.length === 0 ? "" : `LOST: ${missing.join(", ")}.`;
  const doubt = exact ? "" : "NOT EXACT: these counts do not account for every event.";
  return [counted, doubt].filter(Boolean).join(" ");
}

/** The rows under their headings; nothing where there are none. A name that leaves no room has its own line. */
function table([names, ...numbers]: readonly [Column, ...Column[]]): string[] {
  if (names.length === 1) return [];
  const widths = numbers.map(widest);
  const room = COLUMNS - widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const nameColumns = Math.min(widest(names), room);
  return [
    names.map((name, row) => {
      const cells = numbers.map((column, index) => column[row]!.padStart(widths[index]!));
      const tail = cells.map((cell) => GAP + cell).join("");
      return name.length > nameColumns
        ? `${name}\n${" ".repeat(nameColumns)}${tail}`
        : name.padEnd(nameColumns) + tail;
    }).join("\n"),
  ];
}

function widest(texts: readonly string[]): number {
  // Not Math.max(...texts): there may be thousands.
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
