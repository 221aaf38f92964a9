/**
 * The part of a page that shows what others published. Relies on the figures that come with the project.
 *
 * @module
 */

import type { Published } from "../import/published.ts";
import type { Cell } from "../schema.ts";
import { publishedChart } from "./charts/published.ts";
import { othersTable } from "./others_table.ts";
import { figureHtml } from "./figures.ts";
import { slicesOf } from "./slices.ts";

/**
 * What others published, beside the kernel events of a run.
 *
 * @param published Figures of others.
 * @param cells Of the run.
 * @returns HTML; nothing where the run has no kernel events to set beside it.
 */
export async function othersSection(
  published: readonly Published[],
  cells: readonly Cell[],
): Promise<string> {
  const kernel = cells.filter(({ source }) => source === "kernel");
  if (kernel.length === 0) return "";
  // Suites that vary something else have one threshold.
  const sweeps = kernel.filter(({ suite, peer }) => suite === "throughput" && peer === null);
  const slices = slicesOf(sweeps);
  const figure = publishedChart(published, slices);
  return `<section class="source"><h2 id="others">What others published</h2>
<p>Figures of the kernel's own benchmark, bench_ringbufs, as their authors printed them. It measures throughput and drops at
saturation, with one ring size and records of 8 bytes.</p>
${figure === null ? "" : `<div class="charts">${await figureHtml(figure, "others-sweep")}</div>`}
${othersTable(published)}</section>`;
}
