/**
 * A results file as the text of report.md: what was measured where, one table per suite and source, and what to
 * know before quoting a number. The benchmark and `deno task report` write it. Relies on markdown-table for
 * tables that are also readable as text; the result is stable under `deno fmt`.
 */

import { markdownTable } from "markdown-table";
import { CROSSINGS_ABOUT, crossingsTable } from "./crossings.ts";
import { environmentRows, secondsText } from "./environment_rows.ts";
import { flagMeaning } from "./flags.ts";
import { renderGoals } from "./goals.ts";
import { PROGRAMS_ABOUT, programsTable } from "./programs.ts";
import { floorText, PARTIAL_TEXT, remarks } from "./remarks.ts";
import { ABSENT, flagsOf, type Group, groupCells, layOut, layOutStages } from "./rows.ts";
import type { Results } from "./schema.ts";
import { renderTextTable } from "./text_table.ts";
import { WAKEUP_SUITE, wakeupFits, wakeupFitsTable } from "./wakeup_fits.ts";
import { wrapText } from "./wrap.ts";

const LINE_COLUMNS = 110;

/** The report of a results file, newline at its end included. */
export function renderReport(results: Results): string {
  const {
    label,
    startedAt,
    endedAt,
    command,
    cells,
    goals = [],
    absent = [],
    programs = [],
    crossings = [],
  } = results;
  const title = label === undefined ? "eventpipe benchmark" : `eventpipe benchmark: ${plain(label)}`;
  const blocks = [
    `# ${title}`,
    paragraph(
      `Measured from ${secondsText(startedAt)} to ${secondsText(endedAt)}, ${cells.length} cells, by`,
    ),
    `\`\`\`sh\n${command}\n\`\`\``,
  ];
  if (results.partial) blocks.push(paragraph(`**Partial.** ${PARTIAL_TEXT}`));
  if (goals.length > 0) blocks.push("## Goals", renderGoals(goals));
  if (programs.length > 0) {
    blocks.push(
      "## Programs side by side",
      paragraph(PROGRAMS_ABOUT),
      renderTextTable(programsTable(programs), plain),
    );
  }
  blocks.push(...groupCells(results).flatMap(groupBlocks));
  if (crossings.length > 0) {
    blocks.push(
      "## What crossings cost",
      paragraph(CROSSINGS_ABOUT),
      renderTextTable(crossingsTable(crossings), plain),
    );
  }
  if (absent.length > 0) {
    blocks.push("## Not measured", list(absent.map(({ name, reason }) => plain(`${name}: ${reason}.`))));
  }
  const flags = flagsOf(cells);
  if (flags.length > 0) {
    blocks.push("## Flags", list(flags.map((flag) => `${plain(flag)}: ${flagMeaning(flag)}.`)));
  }
  blocks.push(
    "## How to read the numbers",
    list([
      ...remarks(results),
      `\`${ABSENT}\` stands for a value that was not measured or is not supported.`,
    ]),
    "## Environment",
    markdownTable([["what", "value"], ...environmentRows(results.environment).map((row) => row.map(plain))]),
  );
  return `${blocks.join("\n\n")}\n`;
}

function groupBlocks(group: Group): string[] {
  const { rows, columns, shared } = layOut(group);
  const hasFlags = flagsOf(group.cells).length > 0;
  const heads = [...columns.map((column) => column.head), ...(hasFlags ? ["flags"] : [])];
  const lines = rows.map((row) => {
    const texts = columns.map((column) => plain(column.text(row)));
    if (hasFlags) texts.push(row.first ? row.cell.flags.map(plain).join(", ") : "");
    return texts;
  });
  const align = columns.map((column) => column.right ? "r" : "l");
  const blocks = [`## ${plain(group.suite)} (${group.sourceLabel})`];
  if (shared.length > 0) blocks.push(paragraph(`Every row: ${shared.map(plain).join(", ")}.`));
  if (group.floor !== null && group.cells.some(({ latency }) => latency !== null)) {
    blocks.push(paragraph(floorText(group.floor)));
  }
  blocks.push(markdownTable([heads, ...lines], { align: [...align, "l"] }));
  blocks.push(...stageBlocks(group));
  const fits = group.suite === WAKEUP_SUITE ? wakeupFits(group.cells) : [];
  if (fits.length > 0) {
    blocks.push("### Fits of t(N) = a + b/N", renderTextTable(wakeupFitsTable(fits), plain));
  }
  return blocks;
}

/** The stages of an event's road, where cells were clocked on it. */
function stageBlocks(group: Group): string[] {
  const { rows, columns, shared } = layOutStages(group);
  if (rows.length === 0) return [];
  const lines = rows.map((row) => columns.map((column) => plain(column.text(row))));
  const align = columns.map((column) => column.right ? "r" : "l");
  const items = [...shared, "p50 / p99 of each stage"];
  return [
    `### Stages of ${plain(group.suite)}`,
    paragraph(`Every row: ${items.map(plain).join(", ")}.`),
    markdownTable([columns.map(({ head }) => head), ...lines], { align }),
  ];
}

/** Text that markdown prints as it is. */
function plain(text: string): string {
  return text.replace(/[\\`*[\]<|]/g, "\\$&").replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replace(/\s+/g, " ");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${wrapText(item, LINE_COLUMNS - 2).join("\n  ")}`).join("\n");
}

function paragraph(text: string): string {
  return wrapText(text, LINE_COLUMNS).join("\n");
}
