/** Tests of the spectrum of latencies: its ranks, its end, and that it meets the percentiles of the same stage. */

import { assertEquals } from "@std/assert";
import { latencyStage, spectrumOdds } from "../../../src/report/percentiles.ts";

/** The spectrum of 1, 2, ..., n in falling order. */
function spectrumOf(n: number): readonly number[] | undefined {
  const samples = Float64Array.from({ length: n }, (_, index) => n - index);
  return latencyStage({ stage: "handled", from: "planned", samples }).spectrum;
}

Deno.test("the points of a spectrum are two per doubling of 1 / (1 - q), from the median on", () => {
  assertEquals([0, 2, 4, 6].map(spectrumOdds), [2, 4, 8, 16]);
  assertEquals(Math.round(spectrumOdds(1) * 1e4), 28_284);
});

Deno.test("a spectrum has the latencies by nearest rank", () => {
  // 1 - 1/2, 1 - 1/2.83, 1 - 1/4, ...
  assertEquals(spectrumOf(160), [80, 104, 120, 132, 140, 146, 150]);
});

Deno.test("a spectrum ends where fewer than ten latencies are above", () => {
  assertEquals(spectrumOf(19), undefined);
  assertEquals(spectrumOf(20), [10]);
  assertEquals(spectrumOf(39)?.length, 2);
  assertEquals(spectrumOf(40), [20, 26, 30]);
});
