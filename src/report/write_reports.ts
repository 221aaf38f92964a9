/**
 * The files of a published run: its data, its reports and its histograms, in one folder. The benchmark calls it at its end,
 * `deno task report` to render again. The charts' library is loaded when the page is drawn: it takes half a second.
 *
 * @module
 */

import { hgrmText, hlogText, namedHistograms } from "./export/histograms.ts";
import type { PageOptions } from "./html/page.ts";
import { renderReport } from "./markdown.ts";
import type { Results } from "./schema.ts";

/** What the files are called in their folder. */
export const FILES = {
  data: "results.json",
  report: "report.md",
  page: "report.html",
  log: "latency.hlog",
  spectra: "hgrm",
} as const;

/**
 * Writes a run: its data, and all that is rendered from them.
 *
 * @param results What was measured.
 * @param folder Where to; it is made if it is not there.
 * @param options What the page shows beside the results.
 * @returns The paths of what was written; one for all spectra, with a `/` at its end.
 */
export async function writeReports(
  results: Results,
  folder: string,
  options: PageOptions = {},
): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const data = `${folder}/${FILES.data}`;
  await Deno.writeTextFile(data, `${JSON.stringify(results, null, 2)}\n`);
  return [data, ...await renderReports(results, folder, options)];
}

/**
 * Writes all that is rendered from data that are there.
 *
 * @param results The data.
 * @param folder Where they lie.
 * @param options What the page shows beside the results.
 * @returns The paths of what was written; one for all spectra, with a `/` at its end.
 */
export async function renderReports(
  results: Results,
  folder: string,
  options: PageOptions = {},
): Promise<string[]> {
  const { renderPage } = await import("./html/page.ts");
  const written: string[] = [];
  const write = async (name: string, text: string): Promise<void> => {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    written.push(`${folder}/${name}`);
  };
  await write(FILES.report, renderReport(results));
  await write(FILES.page, await renderPage(results, options));
  return [...written, ...await writeHistograms(results, folder)];
}

/** Nothing where no stage has a histogram; spectra of an earlier rendering go, since their cells may have other names. */
async function writeHistograms(results: Results, folder: string): Promise<string[]> {
  const [log, spectra] = [`${folder}/${FILES.log}`, `${folder}/${FILES.spectra}`];
  for (const stale of [log, spectra]) await removeIfThere(stale);
  const named = namedHistograms(results);
  if (named.length === 0) return [];
  await Deno.mkdir(spectra);
  for (const each of named) await Deno.writeTextFile(`${spectra}/${each.name}.hgrm`, hgrmText(each));
  await Deno.writeTextFile(log, hlogText(results));
  return [log, `${spectra}/`];
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
