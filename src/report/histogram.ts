/**
 * Latencies as HdrHistogram, the form in which other programs read them: V2, compressed, base64. Recording stays an append to
 * an array; histograms are made of it when its window has closed. Relies on hdr-histogram-js, because what the Java, C and Go
 * readers of these histograms expect is defined by their code.
 *
 * @module
 */

import type * as Hdr from "hdr-histogram-js";
import { createRequire } from "node:module";

/** A histogram with its counts. */
export type Histogram = Hdr.JsHistogram;

/** Two latencies that differ by less than a thousandth may share a bucket. */
const DIGITS = 3;

let library: typeof Hdr | undefined;

/**
 * Encodes latencies.
 *
 * @param sorted Latencies in ns, finite, from the lowest to the highest. Fractions are dropped, and what is below zero counts
 * as 0, since a histogram has no place for it.
 * @returns HdrHistogram V2, compressed, base64.
 */
export function encodeHistogram(sorted: Float64Array): string {
  const { Int32Histogram, encodeIntoCompressedBase64 } = hdr();
  // Its buckets end above the highest value, so that none is ever refused; 2 is the lowest bound the library takes.
  const histogram = new Int32Histogram(1, Math.max(2, Math.ceil(sorted.at(-1) ?? 0)), DIGITS);
  for (let start = 0; start < sorted.length;) {
    const value = Math.max(0, Math.trunc(sorted[start]!));
    const end = firstAtLeast(sorted, histogram.highestEquivalentValue(value) + 1, start);
    histogram.recordValueWithCount(value, end - start);
    start = end;
  }
  return encodeIntoCompressedBase64(histogram);
}

/**
 * Decodes what {@linkcode encodeHistogram} or another HdrHistogram encoded.
 *
 * @param text HdrHistogram V2, compressed, base64.
 * @returns The histogram. Its highest value is the upper end of its bucket, not the latency that was recorded.
 * @throws {Error} If the text is something else.
 */
export function decodeHistogram(text: string): Histogram {
  try {
    return hdr().decodeFromCompressedBase64(text) as Histogram;
  } catch (error) {
    throw new Error(
      `Cannot decode a histogram: expected HdrHistogram V2, compressed, base64, current value is ${
        JSON.stringify(text.slice(0, 20))
      }`,
      { cause: error },
    );
  }
}

/** Loaded when the first window has closed: it takes some 60 ms, which no command waits for before it begins. */
function hdr(): typeof Hdr {
  library ??= createRequire(import.meta.url)("hdr-histogram-js") as typeof Hdr;
  return library;
}

/** The index of the first value that is not below `bound`, from `start` on. */
function firstAtLeast(sorted: Float64Array, bound: number, start: number): number {
  let low = start;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
