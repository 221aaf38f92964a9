/**
 * Axes that several charts share: logarithmic ones of times and rates with round figures, and colours of ring sizes. Relies
 * on nothing but the palette.
 *
 * @module
 */

import { seriesColor } from "../palette.ts";

/** Writes ns with the unit they reach. A Vega expression, since axes label themselves. */
export const NS_LABEL =
  "datum.value >= 1e9 ? datum.value / 1e9 + ' s' : datum.value >= 1e6 ? datum.value / 1e6 + ' ms' : " +
  "datum.value >= 1e3 ? datum.value / 1e3 + ' us' : datum.value + ' ns'";

/** Writes a rate or a count with k, M or G. */
export const COUNT_LABEL =
  "datum.value >= 1e9 ? datum.value / 1e9 + 'G' : datum.value >= 1e6 ? datum.value / 1e6 + 'M' : " +
  "datum.value >= 1e3 ? datum.value / 1e3 + 'k' : datum.value + ''";

/** Writes bytes in powers of 1024. */
export const BYTES_LABEL =
  "datum.value >= 1073741824 ? datum.value / 1073741824 + ' GiB' : datum.value >= 1048576 ? datum.value / 1048576 + " +
  "' MiB' : datum.value >= 1024 ? datum.value / 1024 + ' KiB' : datum.value + ' B'";

/** So many sizes have room on an axis. */
const MOST_SIZES = 6;

/**
 * Powers of two for a logarithmic axis of sizes.
 *
 * @param values Sizes in bytes, above 0.
 * @returns Its ends, which hold all values, and where it has lines.
 */
export function powersOfTwo(values: readonly number[]): { domain: [number, number]; ticks: number[] } {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [Math.floor(Math.log2(low)), Math.ceil(Math.log2(high))];
  const step = Math.max(1, Math.ceil((last - first + 1) / MOST_SIZES));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) ticks.push(2 ** power);
  return { domain: [2 ** first, 2 ** last], ticks };
}

/**
 * Round figures for a logarithmic axis: powers of ten, with 2 and 5 between them where the range is short.
 *
 * @param values What has to fit.
 * @returns Its ends, which hold all values, and where it has lines.
 */
export function logAxis(values: readonly number[]): { domain: [number, number]; ticks: number[] } {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const decades = Math.log10(high / low);
  const factors = decades > 2.5 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++) {
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  }
  const first = ticks.findLastIndex((tick) => tick <= low * 1.02);
  const last = ticks.findIndex((tick) => tick >= high / 1.02);
  const kept = ticks.slice(first, last + 1);
  return { domain: [Math.min(low, kept[0]!), Math.max(high, kept.at(-1)!)], ticks: kept };
}

/**
 * A colour for each of several values in their order.
 *
 * @param names The names of the series, in order.
 * @returns A scale for Vega-Lite.
 */
export function seriesScale(names: readonly string[]): { domain: string[]; range: string[] } {
  return { domain: [...names], range: names.map((_, index) => seriesColor(index, names.length)) };
}

/** A channel of Vega-Lite, as its words stand in a chart. */
type Encoding = Readonly<Record<string, unknown>>;

/**
 * The colours of points by the size of their ring, with the legend above.
 *
 * @param rings The sizes as texts, in order.
 * @returns An encoding for Vega-Lite; the data has the size in `ring`.
 */
export function ringColor(rings: readonly string[]): Encoding {
  return {
    field: "ring",
    type: "nominal",
    title: "ring size",
    scale: seriesScale(rings),
    legend: { orient: "top", symbolType: "circle", columns: 4 },
  };
}

/**
 * The axis of how many events a wake-up stands for.
 *
 * @param axis Its domain and ticks.
 * @returns An encoding for Vega-Lite; the data has the number in `n`.
 */
export function wakeupAxis({ domain, ticks }: ReturnType<typeof logAxis>): Encoding {
  return {
    field: "n",
    type: "quantitative",
    title: "events per wake-up in effect, N",
    scale: { type: "log", domain, nice: false },
    axis: { values: ticks, labelExpr: COUNT_LABEL, grid: false },
  };
}

/**
 * A layer that makes points hollow, to lie above them: a smaller point in the colour of the card.
 *
 * @param flag The key of the data that says which.
 * @param size Of the hole.
 * @param place The encoding of x and y, where the chart's layers do not share one.
 * @returns A layer for Vega-Lite.
 */
export function hollow(flag: string, size: number, place: object = {}): object {
  return {
    transform: [{ filter: `datum.${flag}` }],
    mark: { type: "point", filled: true, size, opacity: 1 },
    encoding: { ...place, color: { value: "var(--card)" } },
  };
}

/**
 * Layers of texts above the rows of a chart: names at the left, figures at the right, each with a halo that keeps lines from
 * running through it.
 *
 * @param field The key of the data.
 * @param align At which side.
 * @returns Layers for Vega-Lite.
 */
export function rowText(field: string, align: "left" | "right"): object[] {
  const [x, fontWeight] = align === "left" ? [0, 400] : ["width", 600];
  const mark = { type: "text", align, baseline: "bottom", x, dy: 1, fontSize: 11, fontWeight };
  const text = { field, type: "nominal" };
  return [
    {
      mark: { ...mark, stroke: "var(--card)", strokeWidth: 5 },
      encoding: { text, color: { value: "var(--card)" } },
    },
    { mark, encoding: { text, color: { value: "var(--ink)" } } },
  ];
}

/**
 * Values in which each stands once.
 *
 * @param values In the order wanted.
 * @returns The same without repetitions.
 */
export function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
