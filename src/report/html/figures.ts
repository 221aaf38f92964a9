/**
 * Figures as they stand on a page: a chart with its words, and a grid of them. Relies on the drawing of charts.
 *
 * @module
 */

import { drawSvg } from "./charts/draw.ts";
import type { Figure } from "./charts/figure.ts";
import { escapeHtml } from "./escape.ts";

/**
 * Figures in a grid.
 *
 * @param figures What is drawn.
 * @param id What the ids of the figures begin with; no other part of the page has it.
 * @returns HTML; nothing without a figure.
 */
export async function chartsHtml(figures: readonly Figure[], id: string): Promise<string> {
  if (figures.length === 0) return "";
  const drawn: string[] = [];
  for (const [index, figure] of figures.entries()) drawn.push(await figureHtml(figure, `${id}-${index}`));
  return `<div class="charts">\n${drawn.join("\n")}\n</div>`;
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
