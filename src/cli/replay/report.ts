/**
 * What `deno task replay` says about a recording: a document, and the same as text for a terminal.
 *
 * @module
 */

import type { Statistics } from "../../pipe/statistics.ts";
import type { RecordingEnd } from "../../record/block_reader.ts";
import { endText } from "../../record/recording.ts";
import type { Replay } from "../../record/replay.ts";
import { escapeText } from "../../trace/escape.ts";
import { formatBytes } from "../units.ts";
import type { CategoryCount, RingCount, Span, Tally } from "./tally.ts";

/** What is in a recording; the document of `--json`. */
export interface Report {
  /** How the file ends. */
  readonly end: RecordingEnd;
  /** Whether it ends earlier than its pipe, at the length it was limited to. */
  readonly limited: boolean;
  /** What was recorded, as the header of the file says; the offset as digits. */
  readonly header: Readonly<Record<string, unknown>>;
  /** When it was finished; null if it was not. */
  readonly finished: string | null;
  /** Events that were delivered. */
  readonly events: number;
  /** From when to when they were emitted; null if nobody knows. */
  readonly span: Span | null;
  /** Counts by ring. */
  readonly rings: readonly RingCount[];
  /** Counts by category; empty where events begin with no category. */
  readonly categories: readonly CategoryCount[];
  /** What the recorded pipe had counted; null if the recording was not finished. */
  readonly statistics: Statistics | null;
}

/**
 * Says what is in a recording.
 *
 * @param replay The replay, at its end.
 * @param tally What was counted.
 * @param statistics What the pipe of the replay has counted.
 * @returns The document.
 */
export function reportOf(replay: Replay, tally: Tally, statistics: Statistics): Report {
  const { header } = replay;
  return {
    end: replay.end,
    limited: replay.isLimited,
    header: {
      ...header,
      wallOffsetNs: header.wallOffsetNs === null ? null : String(header.wallOffsetNs),
      started: header.started.toISOString(),
    },
    finished: replay.finished?.toISOString() ?? null,
    events: tally.events,
    span: tally.span,
    rings: tally.rings(statistics),
    categories: tally.categories(),
    statistics: replay.statistics,
  };
}

/**
 * Writes a report for people.
 *
 * @param path The file.
 * @param replay The replay it is of.
 * @param report The report.
 * @returns Lines, with a newline behind each.
 */
export function reportText(path: string, replay: Replay, report: Report): string {
  const { header } = replay;
  const sizes = new Set(header.rings.map(({ bytes }) => formatBytes(bytes)));
  const facts: string[][] = [
    ["file", `${path}, ${endText(report.end)}${report.limited ? ", ends at its limit" : ""}`],
    [
      "recorded",
      `${header.started.toISOString()}${report.finished === null ? "" : ` to ${report.finished}`}`,
    ],
    ["rings", `${header.rings.length} ${header.ring} of ${[...sizes].join(", ")}, ${originOf(replay)}`],
  ];
  if (header.command.length > 0) facts.push(["command", header.command.map(escapeText).join(" ")]);
  facts.push(["events", `${report.events}${spanText(report.span)}`]);
  const blocks = [align(facts, 0), align(ringRows(report.rings), Infinity)];
  if (report.categories.length > 0) blocks.push(align(categoryRows(report.categories), Infinity));
  return `${blocks.join("\n\n")}\n`;
}

function originOf({ header }: Replay): string {
  return header.source === "memory" ? "in memory" : `Linux ${escapeText(header.kernel ?? "")}`;
}

function spanText(span: Span | null): string {
  return span === null ? "" : ` within ${((span.lastNs - span.firstNs) / 1e9).toFixed(6)} s`;
}

function ringRows(rings: readonly RingCount[]): string[][] {
  const rows = rings.map(({ cpu, events, lost, gaps, corrupt, corruptBytes, skipped, left }) =>
    [cpu < 0 ? "all" : cpu, events, lost ?? "?", gaps, corrupt, corruptBytes, skipped, left].map(String)
  );
  return [["CPU", "events", "lost", "gaps", "corrupt", "corrupt bytes", "skipped", "left"], ...rows];
}

function categoryRows(categories: readonly CategoryCount[]): string[][] {
  const rows = categories.map(({ category, name, events, bytes }) => [
    category === null ? "others" : category < 0 ? "none" : String(category),
    String(events),
    String(bytes),
    escapeText(name ?? ""),
  ]);
  return [["category", "events", "bytes", "name"], ...rows].map((row) =>
    rows.every((each) => each[3] === "") ? row.slice(0, 3) : row
  );
}

/** Rows as lines, in columns that stand two spaces apart; numbers stand right, from the first column on or nowhere. */
function align(rows: readonly (readonly string[])[], numbers: number): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((text, column) => {
      const width = widths[column]!;
      const isNumber = numbers > column && /^(\d+|\?)$/.test(rows.at(-1)![column]!);
      return isNumber ? text.padStart(width) : text.padEnd(width);
    }).join("  ").trimEnd()
  );
  return lines.join("\n");
}
