/**
 * The tables of a page: those of report.md, with each row whole, so that they can be sorted. Relies on the rows that all
 * reports share.
 *
 * @module
 */

import { parseBytes } from "../../cli/units.ts";
import { flagMeaning } from "../flags.ts";
import { floorText } from "../remarks.ts";
import { ABSENT, type ColumnKind, flagsOf, type Group, layOut, layOutStages } from "../rows.ts";
import type { TextTable } from "../text_table.ts";
import { escapeHtml } from "./escape.ts";

/** A column of an HTML table. */
export interface HtmlColumn {
  readonly head: string;
  /** Numbers are set to the right. */
  readonly right?: boolean;
  /** Text that may take several lines. */
  readonly wraps?: boolean;
}

/** A field: its HTML, and what it is sorted by, which is empty where nothing was measured. */
export interface HtmlField {
  readonly html: string;
  readonly by: string;
}

/**
 * A table that the script of the page can sort.
 *
 * @param columns Its headings.
 * @param rows As many fields each.
 * @returns HTML.
 */
export function htmlTable(columns: readonly HtmlColumn[], rows: readonly (readonly HtmlField[])[]): string {
  const attribute = ({ right, wraps }: HtmlColumn): string =>
    right ? ' class="right"' : wraps ? ' class="text"' : "";
  const head = columns.map((column) => `<th scope="col"${attribute(column)}>${escapeHtml(column.head)}</th>`);
  const body = rows.map((fields) => {
    const texts = fields.map(({ html, by }, index) =>
      `<td${attribute(columns[index]!)} data-by="${escapeHtml(by)}">${html}</td>`
    );
    return `<tr>${texts.join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table class="sortable"><thead><tr>${head.join("")}</tr></thead>` +
    `<tbody>\n${body.join("\n")}\n</tbody></table></div>`;
}

/** Where a kind of column stands: latencies next to the settings they are of, so that they are seen without scrolling. */
const RANKS: Readonly<Record<ColumnKind, number>> = {
  configuration: 0,
  stage: 0,
  setting: 1,
  latency: 2,
  outcome: 3,
};

/**
 * The table of a group of cells, with what is the same in all rows as a sentence above it.
 *
 * @param group Cells of one suite and source.
 * @returns HTML.
 */
export function groupTable(group: Group): string {
  const table = layOut(group);
  const { rows, shared } = table;
  const hasFlags = flagsOf(group.cells).length > 0;
  const columns = table.columns.toSorted((one, other) => RANKS[one.kind] - RANKS[other.kind]);
  const heads = [...columns, ...(hasFlags ? [{ head: "flags", right: false }] : [])];
  const fields = rows.map((row) => {
    const whole = { ...row, first: true };
    const texts = columns.map((column) => textField(column.text(whole)));
    return hasFlags ? [...texts, flagField(row.cell.flags)] : texts;
  });
  return sharedSentence(shared) + floorSentence(group) + htmlTable(heads, fields);
}

/**
 * The table of the stages of a group's cells: p50 and p99 of each.
 *
 * @param group Cells of one suite and source.
 * @returns HTML; nothing where no cell has stages.
 */
export function stagesTable(group: Group): string {
  const { rows, columns, shared } = layOutStages(group);
  if (rows.length === 0) return "";
  return sharedSentence(shared, "p50 / p99 of each stage") +
    htmlTable(columns, rows.map((row) => columns.map((column) => textField(column.text(row)))));
}

/**
 * A table of texts that the script of the page can sort; the best of a column is bold.
 *
 * @param table The table.
 * @returns HTML.
 */
export function htmlTextTable({ columns, rows }: TextTable): string {
  return htmlTable(
    columns,
    rows.map((fields) =>
      fields.map(({ text, isBest }) => {
        const { html, by } = textField(text);
        return { html: isBest ? `<b>${html}</b>` : html, by: sortKey(text.replace(/^at least /, "")) || by };
      })
    ),
  );
}

/** What the machine alone adds stands beside every table that has tails. */
function floorSentence({ floor, cells }: Group): string {
  const text = floor === null || cells.every(({ latency }) => latency === null) ? "" : floorText(floor);
  return text === "" ? "" : `<p class="soft">${escapeHtml(text)}</p>`;
}

function sharedSentence(shared: readonly string[], ...more: readonly string[]): string {
  const items = [...shared, ...more];
  return items.length === 0 ? "" : `<p class="soft">Every row: ${escapeHtml(items.join(", "))}.</p>`;
}

/**
 * What a text is sorted by: the number it begins with, in base units.
 *
 * @param text Such as `1.5 MiB`, `792 us`, `1.04M` or `16 (in effect 12)`.
 * @returns A number as text; the text itself where it begins with none, and nothing for what was not measured.
 */
export function sortKey(text: string): string {
  if (text === ABSENT) return "";
  const [, digits, unit = ""] =
    /^(-?[\d,]*\.?\d+) ?(KiB|MiB|GiB|B|ns|us|ms|s|k|M|G)?(?![A-Za-z])/.exec(text) ?? [];
  if (digits === undefined) return text;
  const number = Number(digits.replaceAll(",", ""));
  return String(/B$/.test(unit) ? number * parseBytes(`1${unit}`) : number * (FACTORS[unit] ?? 1));
}

const FACTORS: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9, k: 1e3, M: 1e6, G: 1e9 };

function textField(text: string): HtmlField {
  return { html: escapeHtml(text), by: sortKey(text) };
}

function flagField(flags: readonly string[]): HtmlField {
  const badges = flags.map((flag) =>
    `<span class="flag ${escapeHtml(flag)}" title="${escapeHtml(flagMeaning(flag))}">${
      escapeHtml(flag)
    }</span>`
  );
  return { html: badges.join(" "), by: flags.join(" ") };
}
