/**
 * A folder of published folders: what its index lists. Relies on the names that the benchmarks give their files.
 *
 * @module
 */

import { type IndexEntry, renderIndex } from "../../report/html/index_page.ts";
import { type Results, RESULTS_SCHEMA } from "../../report/schema.ts";
import { findResults, readResults, readText, RESULTS_NAME } from "../results_file.ts";

/** Files of a folder in the order they are linked; the first that is there is the report. */
const FILES = [
  { name: "report.html", title: "page" },
  { name: "report.md", title: "report.md" },
  { name: RESULTS_NAME, title: RESULTS_NAME },
  { name: "latency.hlog", title: "histograms" },
] as const;

/**
 * The index of a folder of folders.
 *
 * @param folder Such as `results`.
 * @returns HTML.
 * @throws {UsageError} If there is no results file in it.
 */
export function indexOf(folder: string): string {
  return renderIndex(findResults(folder).files.map(entryOf));
}

/**
 * Whether a file is of `deno task bench`; other benchmarks have results of their own and write their own report.
 *
 * @param file A file called results.json.
 * @returns True if it says so.
 */
export function isOfBench(file: string): boolean {
  return schemaOf(readText(file)) === RESULTS_SCHEMA;
}

function entryOf(file: string): IndexEntry {
  const folder = file.split("/").slice(0, -1).join("/");
  const files = FILES.filter(({ name }) => isThere(`${folder}/${name}`));
  const common = { folder: folder.split("/").at(-1)!, files };
  if (isOfBench(file)) {
    const { label = null, startedAt, environment, cells } = readResults(file);
    return { ...common, label, startedAt, environment, what: whatOf(cells) };
  }
  const { startedAt, environment, schema } = JSON.parse(readText(file));
  return { ...common, label: null, startedAt, environment, what: TITLES[schema] ?? String(schema) };
}

/** What the other benchmarks measure. */
const TITLES: Readonly<Record<string, string>> = {
  "eventpipe-trace-bench/1": "the tracer beside other tracers",
};

function whatOf(cells: Results["cells"]): string {
  const suites = [...new Set(cells.map(({ suite }) => suite))];
  const sources = [...new Set(cells.map(({ source }) => source))].map((source) =>
    source === "kernel" ? "kernel events" : "memory source"
  );
  return `${suites.join(", ")}: ${cells.length} cells, ${sources.join(" and ")}`;
}

function schemaOf(text: string): unknown {
  try {
    return JSON.parse(text)?.schema;
  } catch {
    return null;
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
