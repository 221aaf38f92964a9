/**
 * A results file as one page: `report.html` holds its style, its charts and its small script, and asks no network for
 * anything. Kernel events come first; the memory source has a part of its own, each chart of which says that no kernel was
 * involved. Relies on the charts and on the tables and remarks that report.md is made of.
 *
 * @module
 */

import { secondsText } from "../environment_rows.ts";
import { PUBLISHED, type Published } from "../import/published.ts";
import { groupCells } from "../rows.ts";
import type { Cell, Environment, Results } from "../schema.ts";
import { escapeHtml } from "./escape.ts";
import { othersSection } from "./others.ts";
import { partOf, PARTS } from "./parts.ts";
import { PAGE_SCRIPT } from "./script.ts";
import {
  absentSection,
  crossingsSection,
  environmentSection,
  floorSection,
  goalsSection,
  partialBanner,
  programsSection,
  readingSection,
} from "./sections.ts";
import { styleSheet } from "./styles.ts";
import { tilesOf } from "./summary.ts";

/** What a page shows beside its results. */
export interface PageOptions {
  /** Figures of others, such as imported ones, in front of those that come with the project. */
  readonly beside?: readonly Published[];
}

/**
 * Renders a page.
 *
 * @param results A results file.
 * @param options Figures of others.
 * @returns HTML, newline at its end included.
 */
export async function renderPage(results: Results, { beside = [] }: PageOptions = {}): Promise<string> {
  const { label, startedAt, endedAt, command, cells, environment } = results;
  const groups = groupCells(results);
  const sources = (["kernel", "memory"] as const).filter((source) =>
    cells.some((cell) => cell.source === source)
  );
  const parts: string[] = [];
  for (const source of sources) {
    parts.push(await partOf(source, groups.filter((group) => group.source === source)));
  }
  const title = label === undefined ? "eventpipe benchmark" : `eventpipe benchmark: ${label}`;
  const others = await othersSection([...beside, ...PUBLISHED], cells);
  const [programs, crossings, floor] = [
    programsSection(results),
    await crossingsSection(results),
    await floorSection(results),
  ];
  return htmlDocument(
    title,
    `<header>
<h1>${escapeHtml(title)}</h1>
<p class="machine">${escapeHtml(machineText(environment))}</p>
<p class="soft">Measured from ${secondsText(startedAt)} to ${secondsText(endedAt)}, ${cells.length} cells. The
<a href="#environment">machine</a> and the <a href="#repeat">command</a> that repeats it stand at the end; the data are
results.json beside this page.</p>
${partialBanner(results)}
<nav aria-label="Parts">${
      [
        ...((results.goals ?? []).length === 0 ? [] : [["goals", "Goals"]]),
        ...sources.map((source) => [source, PARTS[source].title]),
        ...(programs === "" ? [] : [["programs", "Programs"]]),
        ...(crossings === "" ? [] : [["crossings", "Crossings"]]),
        ...(floor === "" ? [] : [["floor", "Noise floor"]]),
        ...(others === "" ? [] : [["others", "What others published"]]),
        ["reading", "How to read it"],
        ["environment", "Environment"],
      ].map(([id, text]) => `<a href="#${id}">${text}</a>`).join(" ")
    }</nav>
${tiles(cells)}
</header>
<main>
${goalsSection(results)}
${programs}
${parts.join("\n")}
${crossings}
${floor}
${absentSection(results)}
${others}
${readingSection(results)}
${environmentSection(environment)}
<section><h2 id="repeat">Repeat it</h2>
<pre><code>${escapeHtml(command)}</code></pre>
<p>Figures of two machines are not to be compared cell by cell. <code>deno task compare A B</code> compares two runs of one
machine, with intervals, and refuses others.</p></section>
</main>`,
  );
}

/**
 * A page around a body.
 *
 * @param title Its title.
 * @param body HTML of its body.
 * @returns HTML, newline at its end included.
 */
export function htmlDocument(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${styleSheet()}</style>
</head>
<body>
${body}
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function machineText(environment: Environment): string {
  const { cpuModel, cpuCount, hypervisor, kernelRelease, os, arch, deno } = environment;
  const machine = hypervisor === true ? "virtual machine" : "machine";
  return [
    `${cpuModel ?? arch} ${machine} with ${cpuCount ?? "an unknown number of"} ${
      cpuCount === 1 ? "CPU" : "CPUs"
    }`,
    kernelRelease === null ? os : `${os === "linux" ? "Linux" : os} ${kernelRelease}`,
    `Deno ${deno}`,
  ].join(", ");
}

function tiles(cells: readonly Cell[]): string {
  const kernel = cells.filter(({ source }) => source === "kernel");
  const found = tilesOf(kernel.length > 0 ? kernel : cells);
  if (found.length === 0) return "";
  const note = kernel.length > 0
    ? "Of kernel events. Each figure is of the cell below it."
    : "Of the memory source: no kernel is involved. Each figure is of the cell below it.";
  const items = found.map(({ name, figure, cell }) =>
    `<div class="tile"><dt>${escapeHtml(name)}</dt><dd><div class="figure">${escapeHtml(figure)}</div>` +
    `<div class="cell">${escapeHtml(cell)}</div></dd></div>`
  );
  return `<dl class="tiles">${items.join("\n")}</dl>\n<p class="soft">${note}</p>`;
}
