/**
 * A chart with its words, before it is drawn: what every builder of charts returns. Relies on nothing.
 *
 * @module
 */

import type { Chart } from "./draw.ts";

/** A chart and its words. */
export interface Figure {
  /** What it shows, in a few words. */
  readonly title: string;
  /** The configuration of its cells. */
  readonly of: string;
  /** How to read it, with units and the cells behind it. */
  readonly caption: string;
  readonly chart: Chart;
  /** Has a row of the page for itself: as one that needs the width, or with its words beside it. */
  readonly row?: "wide" | "beside";
}

/** The width of the plot of a chart that fits a phone. */
export const PLOT_WIDTH = 270;

/** Its height. */
export const PLOT_HEIGHT = 190;
