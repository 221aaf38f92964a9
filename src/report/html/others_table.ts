/**
 * The table of what others published, with its sources. Relies on the tables of the page.
 *
 * @module
 */

import type { Published, PublishedRow } from "../import/published.ts";
import { escapeHtml } from "./escape.ts";
import { type HtmlField, htmlTable } from "./tables.ts";

const COLUMNS = [
  { head: "machine" },
  { head: "what was measured" },
  { head: "reader" },
  { head: "rate or producers", right: true },
  { head: "M events/s", right: true },
  { head: "± stddev", right: true },
  { head: "M drops/s", right: true },
];

/**
 * Draws the table of all figures and the list of their sources.
 *
 * @param published What others measured.
 * @returns HTML.
 */
export function othersTable(published: readonly Published[]): string {
  const rows = published.flatMap(({ title, rows }) => rows.map((row) => fieldsOf(title, row)));
  const sources = published.map(({ title, machine, date, source, url, read, note }) => {
    const name = url === null ? escapeHtml(source) : `<a href="${escapeHtml(url)}">${escapeHtml(source)}</a>`;
    const about = [machine, date, read === null ? null : `read in: ${read}`].filter((text) => text !== null)
      .join("; ");
    return `<li><b>${escapeHtml(title)}</b>: ${name}${about === "" ? "" : ` (${escapeHtml(about)})`}. ${
      escapeHtml(note ?? "")
    }</li>`;
  });
  return `<details><summary>All ${rows.length} figures</summary>
${htmlTable(COLUMNS, rows)}
</details>
<h3>Sources</h3>
<ul>${sources.join("\n")}</ul>`;
}

function fieldsOf(title: string, { section, reader, n, hits, hitsStddev, drops }: PublishedRow): HtmlField[] {
  const numbers = [n, hits, hitsStddev, drops].map((value, index) => ({
    html: value === null ? "-" : index === 0 ? String(value) : value.toFixed(3),
    by: value === null ? "" : String(value),
  }));
  return [...[title, section, reader].map((text) => ({ html: escapeHtml(text), by: text })), ...numbers];
}
