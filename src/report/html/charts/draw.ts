/**
 * Draws charts: a Vega-Lite specification becomes SVG text, without a browser. What a page must add to that is done here:
 * fonts and colours by CSS variables, ids that do not clash with those of other charts, and what a mark is about as a title
 * that shows under the pointer. Relies on vega and vega-lite.
 *
 * @module
 */

import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { escapeHtml } from "../escape.ts";

/** What is drawn: a specification without what {@linkcode drawSvg} sets. */
export type Chart = Omit<TopLevelSpec, "config" | "background" | "padding">;

const CONFIG = {
  font: "system-ui, sans-serif",
  view: { stroke: null },
  aria: false,
  axis: {
    labelColor: "var(--soft)",
    titleColor: "var(--soft)",
    titleFontWeight: "normal",
    titleFontSize: 12,
    labelFontSize: 11,
    gridColor: "var(--grid)",
    domainColor: "var(--rule)",
    tickColor: "var(--rule)",
    titlePadding: 8,
  },
  legend: {
    labelColor: "var(--ink)",
    titleColor: "var(--soft)",
    titleFontWeight: "normal",
    titleLimit: 300,
    labelFontSize: 11,
    titleFontSize: 12,
    symbolStrokeWidth: 2,
  },
  text: { color: "var(--ink)", fontSize: 11 },
  rule: { color: "var(--rule)" },
} as const;

/**
 * Draws a chart.
 *
 * @param chart Its specification; marks with the channel `description` get it as their title.
 * @param id Of its figure; no other chart of the page has it.
 * @param label What the chart shows, for who does not see it.
 * @returns SVG to stand within HTML.
 */
export async function drawSvg(chart: Chart, id: string, label: string): Promise<string> {
  const { spec } = compile(
    { ...chart, config: CONFIG, background: "transparent", padding: 4 } as TopLevelSpec,
  );
  const view = new View(parse(spec), { renderer: "none" });
  try {
    return toInline(await view.toSVG(), id, label);
  } finally {
    view.finalize();
  }
}

/** Vega numbers clip paths over all charts of a process; the same chart has to come out the same in each page. */
function toInline(svg: string, id: string, label: string): string {
  const clips = [...new Set([...svg.matchAll(/id="(clip\d+)"/g)].map((match) => match[1]!))];
  const named = clips.reduce(
    (text, clip, index) =>
      text.replaceAll(`"${clip}"`, `"${id}-clip-${index}"`).replaceAll(`#${clip})`, `#${id}-clip-${index})`),
    svg,
  );
  return named
    .replace(
      /^<svg [^>]*?width="([\d.]+)" height="[\d.]+" viewBox="([^"]+)">/,
      (_, width, box) =>
        `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${
          escapeHtml(label)
        }" viewBox="${box}" ` +
        `style="--drawn: ${Math.ceil(Number(width))}px">`,
    )
    .replace(
      /<(path|text|line)( aria-label="([^"]*)") role="graphics-symbol" aria-roledescription="[^"]*"([^>]*?)(\/?)>/g,
      (_, element, _attribute, about, rest, close) =>
        close === "" ? `<${element}${rest}>` : `<${element}${rest}><title>${about}</title></${element}>`,
    )
    .replaceAll(/ (?:aria-hidden|aria-roledescription|role|pointer-events)="(?!img)[^"]*"/g, "")
    .replaceAll(/<path class="(?:foreground|background)" d="[^"]*"(?: display="none")?\/>/g, "")
    .replaceAll(/ class="mark-[^"]*"/g, "");
}
