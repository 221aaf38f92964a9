/**
 * A results file as tables for a terminal of 110 columns. The benchmark prints it at its end and `deno task
 * report` on request. Relies on cli-table3, because it measures text with colour codes in it and wraps inside a
 * field.
 */

import CliTable from "cli-table3";
import { flagMeaning } from "./flags.ts";
import {
  ABSENT,
  type Column,
  type ColumnKind,
  flagsOf,
  type Group,
  groupCells,
  layOut,
  layOutStages,
  type Row,
  type Table,
} from "./rows.ts";
import { PARTIAL_TEXT } from "./remarks.ts";
import { conserves, type Results } from "./schema.ts";
import { wrapText } from "./wrap.ts";

/** How to draw. */
export interface TerminalOptions {
  /** Use colour. Default: when stdout is a terminal and NO_COLOR is not set. */
  readonly color?: boolean;
}

type Paint = (code: number, text: string) => string;

interface Field {
  readonly head: string;
  readonly right: boolean;
  readonly texts: readonly string[];
}

interface Fitted {
  readonly fields: readonly Field[];
  /** Width of the naming field, if there is one. */
  readonly nameColumns: number;
  readonly omitted: readonly string[];
}

const TERMINAL_COLUMNS = 110;
const GAP = "  ";

/** The heading of the field that names a row. */
const NAME = "";

/** Headings of numbers that should be zero. */
const ALARMING: ReadonlySet<string> = new Set(["lost", "corr"]);

/** Left out in this order where a table would be too wide; the results file has them. */
const DISPENSABLE: readonly string[] = [
  "switches (given / taken)",
  "in the program, CPU ns/event",
  "in the kernel, CPU ns/event",
  "waited for the CPU",
  "CPU time stolen",
  "detectable",
  "worst launch",
  "verdict",
  "ratio (95% interval)",
  "left",
  "consumer ns/event",
];

/** No frame: a line under the headings and a gap between the fields. */
const BORDERLESS = {
  "top": "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  "bottom": "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  "left": "",
  "left-mid": "",
  "mid": "-",
  "mid-mid": "--",
  "right": "",
  "right-mid": "",
  "middle": GAP,
} as const;

/** ANSI SGR codes. */
const BOLD = 1;
const RED = 31;
const DIM = 2;

/** The tables of a results file, newline at its end included. */
export function renderTerminal(results: Results, options: TerminalOptions = {}): string {
  const color = options.color ?? (Deno.stdout.isTerminal() && !Deno.noColor);
  const paint: Paint = (code, text) => color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const flags = flagsOf(results.cells);
  const blocks = groupCells(results).map((group) => renderGroup(group, flags, paint));
  if (flags.length > 0) {
    const legend = flags.map((flag) => `${letterOf(flag, flags)} ${flag}: ${flagMeaning(flag)}`);
    blocks.push(legend.flatMap((text) => wrapText(text, TERMINAL_COLUMNS)).join("\n"));
  }
  if (results.partial) blocks.unshift(paint(RED, PARTIAL_TEXT));
  const unbalanced = results.cells.filter((cell) => !conserves(cell) || !cell.exact).length;
  if (unbalanced > 0) {
    blocks.push(paint(RED, `The accounts of ${unbalanced} of ${results.cells.length} cells are not exact.`));
  }
  return `${blocks.join("\n\n")}\n`;
}

/** A group's heading and notes, a table of counts and rates, and one of latencies if there are any. */
function renderGroup(group: Group, flags: readonly string[], paint: Paint): string {
  const table = layOut(group);
  const counts = fit(countFields(table, flags));
  const latencies = fit(latencyFields(table));
  const notes = [["every row", table.shared], ["not shown", counts.omitted]] as const;
  const lines = [paint(BOLD, `${group.suite} (${group.sourceLabel})`)];
  for (const [what, items] of notes) {
    if (items.length === 0) continue;
    const text = wrapText(`${what}: ${items.join(", ")}`, TERMINAL_COLUMNS);
    lines.push(...text.map((line) => paint(DIM, line)));
  }
  lines.push(draw(counts, paint));
  if (table.columns.some(({ kind }) => kind === "latency")) lines.push("", draw(latencies, paint));
  const stages = layOutStages(group);
  if (stages.rows.length > 0) {
    lines.push("", paint(DIM, "stages, p50 / p99"), draw(fit(stageFields(stages)), paint));
  }
  return lines.join("\n");
}

function draw({ fields, nameColumns }: Fitted, paint: Paint): string {
  const table = new CliTable({
    head: fields.map(({ head }) => paint(BOLD, head)),
    colAligns: fields.map(({ right }) => right ? "right" : "left"),
    colWidths: fields.map(({ head }) => head === NAME ? nameColumns : null),
    wordWrap: true,
    chars: BORDERLESS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
  const height = fields[0]?.texts.length ?? 0;
  for (let index = 0; index < height; index++) {
    table.push(fields.map(({ head, texts }) => {
      const text = texts[index] ?? "";
      return ALARMING.has(head) && !["", "0"].includes(text) ? paint(RED, text) : text;
    }));
  }
  return table.toString().split("\n").map((line) => line.trimEnd()).join("\n");
}

/** A row per cell: the configuration that differs, the settings, the outcome, the letters of the flags. */
function countFields({ columns, rows }: Table, flags: readonly string[]): Map<string, Field> {
  const cells = rows.filter(({ first }) => first);
  const fields = fieldsOf(columns, cells, ["configuration"], ["setting", "outcome"]);
  if (cells.some(({ cell }) => cell.flags.length > 0)) {
    const texts = cells.map(({ cell }) => cell.flags.map((flag) => letterOf(flag, flags)).join(""));
    fields.set("flags", { head: "flags", right: false, texts });
  }
  return fields;
}

/** A row per stage of a cell: the configuration and the stage where they differ, the settings, percentiles. */
function latencyFields({ columns, rows }: Table): Map<string, Field> {
  const measured = rows.filter(({ stage }) => stage !== null);
  return fieldsOf(columns, measured, ["configuration", "stage"], ["setting", "latency"]);
}

/** A row per cell: the configuration where it differs, the settings, p50 and p99 of each stage. */
function stageFields({ columns, rows }: Table): Map<string, Field> {
  return fieldsOf(columns, rows, ["configuration"], ["setting", "latency"]);
}

/** The columns of the kinds `naming` in one field, then those of the kinds `others` by their headings. */
function fieldsOf(
  columns: readonly Column[],
  rows: readonly Row[],
  naming: readonly ColumnKind[],
  others: readonly ColumnKind[],
): Map<string, Field> {
  const fields = new Map<string, Field>();
  const names = columns.filter(({ kind }) => naming.includes(kind));
  if (names.length > 0) {
    const texts = rows.map((row) =>
      names.map(({ shortText }) => shortText(row)).filter((text) => !["", ABSENT].includes(text)).join(" ")
    );
    fields.set(NAME, { head: NAME, right: false, texts });
  }
  for (const { head, short, right, shortText } of columns.filter(({ kind }) => others.includes(kind))) {
    fields.set(head, { head: short, right, texts: rows.map(shortText) });
  }
  return fields;
}

/** Give the naming field what room is left, and leave fields out until its longest word fits. */
function fit(all: ReadonlyMap<string, Field>): Fitted {
  const kept = new Map(all);
  const omitted: string[] = [];
  const names = all.get(NAME)?.texts ?? [];
  const wanted = Math.max(1, ...names.map((text) => text.length));
  const longestWord = Math.max(1, ...names.flatMap((text) => text.split(" ")).map((word) => word.length));
  for (const head of DISPENSABLE) {
    if (roomBeside(kept) >= longestWord) break;
    if (kept.delete(head)) omitted.push(head);
  }
  // The name is never cut: a word longer than the room makes the table wider.
  const nameColumns = Math.max(longestWord, Math.min(wanted, roomBeside(kept)));
  return { fields: [...kept.values()], nameColumns, omitted };
}

/** Columns of the terminal that all fields but the naming one leave, gaps subtracted. */
function roomBeside(fields: Map<string, Field>): number {
  let room = TERMINAL_COLUMNS;
  for (const { head, texts } of fields.values()) {
    if (head === NAME) continue;
    room -= Math.max(head.length, ...texts.map((text) => text.length)) + GAP.length;
  }
  return room;
}

/** A letter per flag of the file: a, b, c, ... in alphabetical order of the flags. */
function letterOf(flag: string, flags: readonly string[]): string {
  return String.fromCharCode("a".charCodeAt(0) + flags.indexOf(flag));
}
