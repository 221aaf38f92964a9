/**
 * The two parts of a page: kernel events, and the memory source, which is never drawn together with them. Each has its charts,
 * then its tables. Relies on the charts.
 *
 * @module
 */

import type { Group } from "../rows.ts";
import type { Cell } from "../schema.ts";
import { batchingCharts } from "./charts/batching.ts";
import { drawSvg } from "./charts/draw.ts";
import type { Figure } from "./charts/figure.ts";
import { heatMaps } from "./charts/heat_map.ts";
import { paretoChart } from "./charts/pareto.ts";
import { peerCharts } from "./charts/peers.ts";
import { spectra } from "./charts/spectrum.ts";
import { throughputCharts } from "./charts/throughput.ts";
import { escapeHtml } from "./escape.ts";
import { type Slice, slicesOf } from "./slices.ts";
import { groupTable } from "./tables.ts";

/** The headings of the two parts. */
export const PARTS = {
  kernel: {
    title: "Kernel events",
    about:
      "A BPF program outputs events on one CPU; eventpipe reads them, on another CPU where there is one.",
  },
  memory: {
    title: "Memory source",
    about:
      "A Worker writes the same bytes by the kernel's rules into a shared buffer. No kernel is involved, so these figures " +
      "tell what the reader costs by itself, and nothing about BPF. They are not to be compared with those above.",
  },
} as const;

/**
 * A source's part: its charts, then its tables.
 *
 * @param source The source.
 * @param groups Its cells by suite.
 * @returns HTML.
 */
export async function partOf(source: Cell["source"], groups: readonly Group[]): Promise<string> {
  const { title, about } = PARTS[source];
  const slices = groups.flatMap(({ cells }) => slicesOf(cells));
  const saturated = slices.filter(({ cells }) => cells[0]!.rate === null);
  const offered = slices.filter(({ cells }) => cells[0]!.rate !== null);
  const drawn = [
    await section(
      source,
      "throughput",
      "How fast",
      saturated.flatMap((slice) => [
        ...heatMaps(slice),
        ...throughputCharts(slice),
      ]),
      "No suite at saturation has cells with a wake-up threshold, so there is no chart of throughput.",
    ),
    await section(
      source,
      "latency",
      "How soon",
      offered.flatMap((slice) => [
        ...heatMaps(slice),
        ...batchingCharts(slice),
        ...spectra(slice),
      ]),
      "No suite at an offered rate has cells with latencies, so there is no chart of latency.",
    ),
    await section(
      source,
      "choice",
      "What to choose",
      paretos(saturated, offered),
      "Throughput against latency is drawn where both were measured for the same ring sizes and thresholds; they were not.",
    ),
    await section(
      source,
      "peers",
      "Beside peers",
      groups.flatMap(({ cells }) => peerCharts(cells)),
      "No cell was measured in paired blocks beside another program, so there is no chart of ratios.",
    ),
  ];
  const tables = groups.map((group) => `<h3>Table: ${escapeHtml(group.suite)}</h3>\n${groupTable(group)}`);
  return `<section class="source ${source}"><h2 id="${source}">${title}</h2>
<p>${about}</p>
${drawn.join("\n")}
${tables.join("\n")}</section>`;
}

function paretos(saturated: readonly Slice[], offered: readonly Slice[]): Figure[] {
  return offered.flatMap((slice) => {
    const other = saturated.find(({ kin, threshold }) => kin === slice.kin && threshold === slice.threshold);
    const figure = other === undefined ? null : paretoChart(other, slice);
    return figure === null ? [] : [figure];
  });
}

/** Charts under a heading, or the sentence why there is none. */
async function section(
  source: string,
  name: string,
  title: string,
  figures: readonly Figure[],
  absent: string,
): Promise<string> {
  const heading = `<h3>${title}</h3>`;
  if (figures.length === 0) return `${heading}\n<p class="absent">${absent}</p>`;
  const drawn: string[] = [];
  for (const [index, figure] of figures.entries()) {
    drawn.push(await figureHtml(figure, `${source}-${name}-${index}`));
  }
  return `${heading}\n<div class="charts">\n${drawn.join("\n")}\n</div>`;
}

/**
 * A figure with its words.
 *
 * @param figure What is drawn.
 * @param id No other element of the page has it.
 * @returns HTML.
 */
export async function figureHtml({ title, of, caption, chart, row }: Figure, id: string): Promise<string> {
  const svg = await drawSvg(chart, id, title);
  return `<figure id="${id}"${row === undefined ? "" : ` class="${row}"`}><figcaption><b>${
    escapeHtml(title)
  }</b>` +
    `<span class="of">${escapeHtml(of)}</span>${
      escapeHtml(caption)
    }</figcaption><div class="plot">${svg}</div></figure>`;
}
