/**
 * `results/index.html`: what is published, one row per folder, the newest first. Relies on the tables and the style of the
 * pages.
 *
 * @module
 */

import type { Environment } from "../schema.ts";
import { escapeHtml } from "./escape.ts";
import { htmlDocument } from "./page.ts";
import { type HtmlField, htmlTable } from "./tables.ts";

/** A published folder. */
export interface IndexEntry {
  /** Its name, relative to the index. */
  readonly folder: string;
  /** What the run was called; null where it has no name. */
  readonly label: string | null;
  /** What was measured, such as the suites. */
  readonly what: string;
  /** When it began, an ISO time in UTC. */
  readonly startedAt: string;
  readonly environment: Pick<Environment, "cpuModel" | "cpuCount" | "hypervisor" | "kernelRelease">;
  /** The files in the folder to link to, with what they are called in a row. */
  readonly files: readonly { readonly name: string; readonly title: string }[];
}

/**
 * Renders the index.
 *
 * @param entries In any order.
 * @returns HTML, newline at its end included.
 */
export function renderIndex(entries: readonly IndexEntry[]): string {
  const sorted = entries.toSorted((one, other) =>
    other.startedAt.localeCompare(one.startedAt) || one.folder.localeCompare(other.folder)
  );
  const columns = [
    { head: "report", wraps: true },
    { head: "measured" },
    { head: "machine", wraps: true },
    { head: "kernel" },
    { head: "what", wraps: true },
    { head: "files", wraps: true },
  ];
  return htmlDocument(
    "eventpipe: published results",
    `<header><h1>eventpipe: published results</h1>
<p>Each folder holds a report and its data. Figures of different machines are not to be compared cell by cell; the
environment of each stands at the end of its report.</p></header>
<main>
${htmlTable(columns, sorted.map(fieldsOf))}
</main>`,
  );
}

function fieldsOf({ folder, label, what, startedAt, environment, files }: IndexEntry): HtmlField[] {
  const { cpuModel, cpuCount, hypervisor, kernelRelease } = environment;
  const machine = `${cpuModel ?? "unknown CPU"}, ${cpuCount ?? "?"} CPUs${
    hypervisor === true ? ", virtual" : ""
  }`;
  const links = files.map(({ name, title }) =>
    `<a href="${escapeHtml(`${encodeURIComponent(folder)}/${name}`)}">${escapeHtml(title)}</a>`
  );
  const title = label ?? folder;
  const report = `${encodeURIComponent(folder)}/${files[0]!.name}`;
  return [
    { html: `<a href="${escapeHtml(report)}">${escapeHtml(title)}</a>`, by: title },
    { html: escapeHtml(startedAt.slice(0, 10)), by: startedAt },
    { html: escapeHtml(machine), by: machine },
    { html: escapeHtml(kernelRelease ?? "unknown"), by: kernelRelease ?? "" },
    { html: escapeHtml(what), by: what },
    { html: links.join(", "), by: "" },
  ];
}
