/**
 * A table of texts, before it is Markdown or HTML: what reports and the terminal show of one thing alike. Relies on
 * markdown-table.
 *
 * @module
 */

import { markdownTable } from "markdown-table";

/** A table. */
export interface TextTable {
  readonly columns: readonly TextColumn[];
  /** As many fields each as there are columns. */
  readonly rows: readonly (readonly TextField[])[];
}

/** A heading. */
export interface TextColumn {
  readonly head: string;
  /** Numbers are set to the right. */
  readonly right?: boolean;
}

/** What stands in a row under a heading. */
export interface TextField {
  readonly text: string;
  /** Whether it is the best of its column. */
  readonly isBest?: boolean;
}

/**
 * Draws a table as Markdown, which is also readable as text; the best of a column is bold.
 *
 * @param table The table.
 * @param escape What makes Markdown print a text as it is.
 * @returns Markdown without a newline at its end.
 */
export function renderTextTable(
  { columns, rows }: TextTable,
  escape: (text: string) => string = (text) => text,
): string {
  const lines = rows.map((fields) =>
    fields.map(({ text, isBest }) => isBest ? `**${escape(text)}**` : escape(text))
  );
  return markdownTable([columns.map(({ head }) => head), ...lines], {
    align: columns.map(({ right }) => right ? "r" : "l"),
  });
}
