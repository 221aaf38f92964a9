/**
 * The parts of a page that are not of one source: goals, programs side by side, crossings, the noise floor, what could not be
 * measured, how to read it, and the environment. Relies on the remarks and rows that report.md has too.
 *
 * @module
 */

import { CROSSINGS_ABOUT, crossingsTable } from "../crossings.ts";
import { environmentRows } from "../environment_rows.ts";
import { flagMeaning } from "../flags.ts";
import { PROGRAMS_ABOUT, programsTable } from "../programs.ts";
import { floorText, noiseFloorText, PARTIAL_TEXT, remarks } from "../remarks.ts";
import { ABSENT, flagsOf } from "../rows.ts";
import type { Environment, Results } from "../schema.ts";
import { crossingCharts } from "./charts/crossings.ts";
import { floorSpectrum } from "./charts/spectrum.ts";
import { escapeHtml } from "./escape.ts";
import { chartsHtml } from "./figures.ts";
import { htmlTable, htmlTextTable, sortKey } from "./tables.ts";

/**
 * What the suites were to reach, and what they reached.
 *
 * @param results A results file.
 * @returns HTML; nothing without goals.
 */
export function goalsSection({ goals = [] }: Results): string {
  if (goals.length === 0) return "";
  const columns = [
    { head: "what" },
    { head: "over" },
    { head: "measured", right: true },
    { head: "95% interval", right: true },
    { head: "at most", right: true },
    { head: "goal", right: true },
    { head: "reached" },
    { head: "cell" },
  ];
  const rows = goals.map(({ what, over, value, low, high, atMost, goal, reached, cell }) => {
    const numberText = (number: number): string => over === null ? String(number) : number.toFixed(2);
    return [
      what,
      over ?? ABSENT,
      value === null ? ABSENT : numberText(value),
      low === null || high === null ? ABSENT : `${numberText(low)} to ${numberText(high)}`,
      numberText(atMost),
      numberText(goal),
      reached,
      cell ?? ABSENT,
    ].map((text) => ({ html: escapeHtml(text), by: sortKey(text) }));
  });
  return `<section class="source"><h2 id="goals">Goals</h2>
<p>What the suites are to reach, each by the cell that is furthest from it: a ratio of times to a peer, or a count.</p>
${htmlTable(columns, rows)}</section>`;
}

/**
 * Which programs could not be measured, and why.
 *
 * @param results A results file.
 * @returns HTML; nothing if all were.
 */
export function absentSection({ absent = [] }: Results): string {
  if (absent.length === 0) return "";
  const items = absent.map(({ name, reason }) =>
    `<li><b>${escapeHtml(name)}</b>: ${escapeHtml(reason)}</li>`
  );
  return `<section class="source"><h2 id="absent">Not measured</h2>\n<ul>${items.join("\n")}</ul></section>`;
}

/**
 * That a run was ended before its last cell.
 *
 * @param results A results file.
 * @returns HTML; nothing of a whole run.
 */
export function partialBanner({ partial = false, cells }: Results): string {
  if (!partial) return "";
  const count = cells.length === 1 ? "1 cell was" : `${cells.length} cells were`;
  return `<p class="warning banner" role="note"><b>Partial.</b> ${
    escapeHtml(PARTIAL_TEXT)
  } ${count} measured.</p>`;
}

/**
 * What each program can do, side by side.
 *
 * @param results A results file.
 * @returns HTML; nothing without programs.
 */
export function programsSection({ programs = [] }: Results): string {
  if (programs.length === 0) return "";
  return `<section class="source"><h2 id="programs">Programs side by side</h2>
<p>${escapeHtml(PROGRAMS_ABOUT)}</p>
${htmlTextTable(programsTable(programs))}</section>`;
}

/**
 * What crossings between TypeScript and the rest cost.
 *
 * @param results A results file.
 * @returns HTML; nothing without crossings.
 */
export async function crossingsSection({ crossings = [] }: Results): Promise<string> {
  if (crossings.length === 0) return "";
  return `<section class="source"><h2 id="crossings">What crossings cost</h2>
<p>${escapeHtml(CROSSINGS_ABOUT)}</p>
${await chartsHtml(crossingCharts(crossings), "crossings")}
<h3>Table: crossings</h3>
${htmlTextTable(crossingsTable(crossings))}</section>`;
}

/**
 * How quiet the machine was.
 *
 * @param results A results file.
 * @returns HTML; nothing where it was not measured by percentile.
 */
export async function floorSection({ noiseFloor }: Results): Promise<string> {
  if (noiseFloor?.delays === undefined) return "";
  const { delays } = noiseFloor;
  return `<section class="source"><h2 id="floor">Noise floor</h2>
<p>${escapeHtml(noiseFloorText(noiseFloor))} ${escapeHtml(floorText(delays))}</p>
${await chartsHtml(floorSpectrum(delays), "floor")}</section>`;
}

/**
 * What to know before quoting a figure, and what the flags mean.
 *
 * @param results A results file.
 * @returns HTML.
 */
export function readingSection(results: Results): string {
  const flags = flagsOf(results.cells);
  const items = [
    ...remarks(results),
    `${ABSENT} stands for a value that was not measured or is not supported.`,
    "A wake-up threshold counts what is produced since the last wake-up, whether or not it was read. Beside wake-up after N " +
    "events, the kernel always wakes after half a ring of bytes.",
  ];
  const list = items.map((item) => `<li>${escapeHtml(item)}</li>`).join("\n");
  const meanings = flags.length === 0 ? "" : "<h3>Flags</h3>\n<ul>" +
    flags.map((flag) => `<li><b>${escapeHtml(flag)}</b>: ${escapeHtml(flagMeaning(flag))}.</li>`).join("\n") +
    "</ul>";
  return `<section class="source"><h2 id="reading">How to read it</h2>\n<ul>${list}</ul>\n${meanings}</section>`;
}

/**
 * The machine and the software.
 *
 * @param environment Of a results file.
 * @returns HTML.
 */
export function environmentSection(environment: Environment): string {
  const rows = environmentRows(environment).map(([what, value]) => [
    { html: escapeHtml(what), by: what },
    { html: escapeHtml(value), by: value },
  ]);
  const mitigations = Object.entries(environment.mitigations ?? {})
    .filter(([, answer]) => answer !== "Not affected")
    .map(([name, answer]) => `<li>${escapeHtml(name)}: ${escapeHtml(answer)}</li>`);
  return `<section><h2 id="environment">Environment</h2>
${htmlTable([{ head: "what", wraps: true }, { head: "value", wraps: true }], rows)}
${
    environment.cmdline === null
      ? ""
      : `<p>Kernel parameters: <code>${escapeHtml(environment.cmdline)}</code></p>`
  }
${
    mitigations.length === 0
      ? ""
      : `<p>CPU vulnerabilities that this machine has:</p>\n<ul>${mitigations.join("\n")}</ul>`
  }
</section>`;
}
