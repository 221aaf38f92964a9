/**
 * `deno task report`: renders report.md, report.html and the histograms from results.json, and the index of a folder of such
 * folders.
 *
 * @module
 */

import { parseBenchRingbufs } from "../report/import/bench_ringbufs.ts";
import { parsePublished, type Published } from "../report/import/published.ts";
import { renderReports } from "../report/write_reports.ts";
import { type Options, runCommand, UsageError } from "./args.ts";
import { EXIT_FAILED, EXIT_OK } from "./exit.ts";
import { indexOf, isOfBench } from "./report/collection.ts";
import { findResults, readResults, readText, ResultsError } from "./results_file.ts";

const OPTIONS = {
  beside: {
    type: "list",
    value: "FILE",
    help:
      "draw figures of others beside these: what bench_ringbufs of the kernel printed, or a JSON file as in " +
      "src/report/import/published/",
  },
} as const satisfies Options;

const COMMAND = {
  name: "report",
  summary:
    "Render report.md, report.html and histograms (hgrm/, latency.hlog) again from results.json. Of a folder of published " +
    "folders, render each and index.html.",
  options: OPTIONS,
  positionals: {
    usage: "FILE|DIR",
    help: "results.json, its folder, or a folder of such folders",
    min: 1,
    max: 1,
  },
  examples: [
    "report results/runs/2026-11-22T09-05-23-192Z",
    "report results",
    "report --beside bench_ringbufs.txt results/runs/2026-11-22T09-05-23-192Z",
  ],
} as const;

Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options, positionals: [path = ""] }) => {
  const { files, isCollection } = findResults(path);
  const beside = (options.beside ?? []).map(readBeside);
  try {
    // Other benchmarks publish beside ours and write reports of their own.
    for (const file of isCollection ? files.filter(isOfBench) : files) await render(file, beside);
    if (isCollection) {
      const index = `${path.replace(/(?<=.)\/+$/, "")}/index.html`;
      await Deno.writeTextFile(index, indexOf(path));
      console.log(index);
    }
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    console.error(error.message);
    return EXIT_FAILED;
  }
  return EXIT_OK;
});

async function render(file: string, beside: readonly Published[]): Promise<void> {
  const folder = file.includes("/") ? file.replace(/\/[^/]*$/, "") : ".";
  for (const path of await renderReports(readResults(file), folder, { beside })) console.log(path);
}

/** A data file of published figures, or the output of the kernel's benchmark. */
function readBeside(path: string): Published {
  const text = readText(path);
  const name = path.split("/").at(-1)!;
  try {
    return path.endsWith(".json") ? parsePublished(JSON.parse(text)) : parseBenchRingbufs(text, name);
  } catch (error) {
    throw new UsageError(`--beside ${path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
