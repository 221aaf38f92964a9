/**
 * The two parts of a page: kernel events, and the memory source, which is never drawn together with them. Each has its charts,
 * then its tables. Relies on the charts.
 *
 * @module
 */

import type { Floor, Group } from "../rows.ts";
import type { Cell } from "../schema.ts";
import { WAKEUP_SUITE, wakeupFits, wakeupFitsTable } from "../wakeup_fits.ts";
import { batchingCharts } from "./charts/batching.ts";
import type { Figure } from "./charts/figure.ts";
import { heatMaps } from "./charts/heat_map.ts";
import { paretoChart } from "./charts/pareto.ts";
import { peerCharts } from "./charts/peers.ts";
import { loadSpectra, spectra } from "./charts/spectrum.ts";
import { stagesByName, stagesCharts } from "./charts/stages.ts";
import {
  adaptiveCharts,
  cpusCharts,
  loadCharts,
  payloadCharts,
  pingpongCharts,
  sizeCharts,
  waiterCharts,
} from "./charts/suites.ts";
import { throughputCharts } from "./charts/throughput.ts";
import { wakeupCharts } from "./charts/wakeup.ts";
import { escapeHtml } from "./escape.ts";
import { chartsHtml } from "./figures.ts";
import { byConfiguration, type Slice, slicesOf, thresholdOf } from "./slices.ts";
import { groupTable, htmlTextTable, stagesTable } from "./tables.ts";

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
  const floor = groups[0]?.floor ?? null;
  const swept = groups.filter(({ suite }) => !(suite in SUITES));
  const slices = swept.flatMap(({ cells }) => slicesOf(cells));
  const saturated = slices.filter(({ cells }) => cells[0]!.rate === null);
  const offered = slices.filter(({ cells }) => cells[0]!.rate !== null);
  const ofLoads = loads(offered, swept);
  const drawn = [
    await section(
      source,
      "throughput",
      "How fast",
      saturated.flatMap((slice) => [
        ...heatMaps(slice),
        ...throughputCharts(slice),
      ]).concat(swept.flatMap(({ cells }) => adaptiveCharts(cells))),
      "No suite at saturation has cells with a wake-up threshold, so there is no chart of throughput.",
    ),
    await section(
      source,
      "latency",
      "How soon",
      [
        ...offered.filter(isSweep).flatMap((slice) => [
          ...heatMaps(slice),
          ...batchingCharts(slice),
          ...spectra(slice, floor),
          ...stagesCharts(slice),
        ]),
        ...ofLoads.flatMap((ofOne) => loadSpectra(ofOne, floor)),
        ...swept.flatMap(({ cells }) => loadCharts(cells, floor)),
        ...ofLoads.flatMap((ofOne) => stagesByName(ofOne, "load")),
      ],
      "No suite at an offered rate has cells with latencies, so there is no chart of latency.",
    ),
    await section(
      source,
      "choice",
      "What to choose",
      paretos(saturated, offered),
      "Throughput against latency is drawn where both were measured for the same ring sizes and thresholds; they were not.",
    ),
  ];
  for (const { suite, cells } of groups) {
    const own = SUITES[suite];
    if (own === undefined) continue;
    const figures = own.charts(cells, floor);
    drawn.push(
      await section(source, suite, own.title, figures, `Suite ${suite} has too few cells for a chart.`),
    );
    if (suite === WAKEUP_SUITE) drawn.push(fitsTable(cells));
  }
  drawn.push(
    await section(
      source,
      "peers",
      "Beside peers",
      groups.flatMap(({ cells }) => peerCharts(cells)),
      "No cell was measured in paired blocks beside another program, so there is no chart of ratios.",
    ),
  );
  return `<section class="source ${source}"><h2 id="${source}">${title}</h2>
<p>${about}</p>
${drawn.join("\n")}
${groups.map(tables).join("\n")}</section>`;
}

/** Cells of a table that is shown at once. */
const MOST_UNFOLDED = 12;

/** Suites that vary one thing are drawn over it. */
interface SuiteCharts {
  readonly title: string;
  readonly charts: (cells: readonly Cell[], floor: Floor | null) => Figure[];
}

const SUITES: Readonly<Record<string, SuiteCharts>> = {
  size: { title: "Ring size", charts: sizeCharts },
  payload: { title: "Size of events", charts: payloadCharts },
  cpus: { title: "CPUs that produce", charts: cpusCharts },
  waiters: {
    title: "Ways of waiting",
    charts: (cells, floor) => [...waiterCharts(cells, floor), ...stagesByName(cells, "waiter")],
  },
  pingpong: {
    title: "Round trips",
    charts: (cells, floor) => [...pingpongCharts(cells, floor), ...stagesByName(cells, "configuration")],
  },
  [WAKEUP_SUITE]: { title: "What a wake-up costs", charts: wakeupCharts },
};

/** Slices of one cell are of a load that was measured for one configuration alone. */
function isSweep({ cells }: Slice): boolean {
  return cells.length > 1;
}

/** Cells by configuration, where at least one of its loads is in no sweep and would not be drawn otherwise. */
function loads(offered: readonly Slice[], swept: readonly Group[]): Cell[][] {
  const drawn = new Set(offered.filter(isSweep).flatMap(({ cells }) => cells));
  const adaptive = swept.flatMap(({ cells }) => cells.filter(isAdaptive));
  return byConfiguration([...offered.flatMap(({ cells }) => cells), ...adaptive])
    .filter((ofOne) => ofOne.some((cell) => !drawn.has(cell)));
}

/** At a rate and without a threshold: a BPF ring buffer wakes a reader that had read all. */
function isAdaptive(cell: Cell): boolean {
  return cell.rate !== null && cell.peer === null && cell.latency !== null && thresholdOf(cell) === null;
}

function fitsTable(cells: readonly Cell[]): string {
  const fits = wakeupFits(cells);
  return fits.length === 0 ? "" : `<h3>Fits of t(N) = a + b/N</h3>\n${htmlTextTable(wakeupFitsTable(fits))}`;
}

/** The table of a suite, and that of the stages of its cells where they have any. */
function tables(group: Group): string {
  const name = escapeHtml(group.suite);
  const stages = stagesTable(group);
  return foldedTable(group, name, groupTable(group)) +
    (stages === "" ? "" : `\n${foldedTable(group, `${name}, stages`, stages)}`);
}

/** Long tables are there for looking something up: they are folded until one does, or prints the page. */
function foldedTable({ cells: { length } }: Group, name: string, table: string): string {
  const count = `${length} ${length === 1 ? "cell" : "cells"}`;
  return `<details${length > MOST_UNFOLDED ? "" : " open"}><summary><h3>Table: ${name}</h3> ` +
    `<span class="soft">${count}</span></summary>\n${table}</details>`;
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
  return `${heading}\n${await chartsHtml(figures, `${source}-${name}`)}`;
}
