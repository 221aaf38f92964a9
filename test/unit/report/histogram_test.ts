/** Tests of latencies as HdrHistogram: what is kept through V2, `.hgrm` and the log, and what cannot be. */

import { assert, assertEquals, assertGreater, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HistogramLogReader, listTags } from "hdr-histogram-js";
import { hgrmText, hlogText, namedHistograms } from "../../../src/report/export/histograms.ts";
import { decodeHistogram, encodeHistogram } from "../../../src/report/histogram.ts";
import { latencyStage } from "../../../src/report/percentiles.ts";
import type { Cell } from "../../../src/report/schema.ts";
import { cell, results } from "./_cells.ts";

function encoded(latencies: readonly number[]): string {
  return encodeHistogram(Float64Array.from(latencies).sort());
}

/** A cell with two stages of n latencies each: 1 us, 2 us, ..., and the same doubled. */
function measured(n: number, changes: Partial<Cell> = {}): Cell {
  const samples = Float64Array.from({ length: n }, (_, index) => (index + 1) * 1000);
  const doubled = samples.map((ns) => 2 * ns);
  return cell({
    suite: "latency",
    rate: 10_000,
    latency: [
      latencyStage({ stage: "handled", from: "planned", samples: doubled, lost: 7 }),
      latencyStage({ stage: "handled", from: "emitted", samples }),
    ],
    ...changes,
  });
}

Deno.test("a histogram that was encoded has every latency within a thousandth when it is decoded", () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 1e13 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(latencies, (values) => {
    const histogram = decodeHistogram(encoded(values));
    assertEquals(histogram.totalCount, values.length);
    const sorted = values.toSorted((one, other) => one - other);
    for (const [index, value] of sorted.entries()) {
      const found = histogram.getValueAtPercentile((index + 0.5) / values.length * 100);
      assert(found >= value && found <= value * 1.001 + 1, `${found} for ${value}`);
    }
  }));
});

Deno.test("a histogram counts latencies below zero as 0 and drops fractions", () => {
  const histogram = decodeHistogram(encoded([-5, -0.5, 0.9, 1.5, 2]));
  const counts = [0, 1, 2].map((value) => histogram.getCountAtIndex(histogram.countsArrayIndex(value)));
  assertEquals(counts, [3, 1, 1]);
  assertEquals(decodeHistogram(encoded([0, 0])).totalCount, 2);
});

Deno.test("decodeHistogram refuses what is no histogram", () => {
  for (const text of ["", "abc", "HISTFAAAA"]) {
    assertThrows(() => decodeHistogram(text), Error, "Cannot decode a histogram");
  }
});

Deno.test("an .hgrm file has the percentiles in us, the count, and the exact maximum and losses as comments", () => {
  const [planned, emitted] = namedHistograms(results([measured(2000)]));
  const lines = hgrmText(emitted!).split("\n");
  const rows = lines.filter((line) => /^ *[\d.]+ +[\d.]+ +\d+/.test(line)).map((line) => {
    return line.trim().split(/ +/).map(Number);
  });
  assertGreater(rows.length, 20);
  const median = rows.find(([, quantile]) => quantile === 0.5)!;
  assert(Math.abs(median[0]! - 1000) <= 1, `${median}`);
  assertEquals(rows.at(-1)!.slice(1), [1, 2000]);
  assert(lines.includes("#[Exact max = 2000]"));
  assert(lines.includes("#[Lost = 0, Negative = 0]"));
  assertMatch(hgrmText(planned!), /^#\[Lost = 7, Negative = 0\]$/m);
});

Deno.test("a log has a tagged line per stage, which a reader of HdrHistogram reads again", () => {
  const file = results([measured(100), cell({ durationMs: 500 }), measured(50, { arrivals: "poisson" })]);
  const text = hlogText(file);
  const names = namedHistograms(file).map(({ name }) => name);
  assertEquals([...listTags(text)], names);
  const reader = new HistogramLogReader(text);
  const read = names.map(() => reader.nextIntervalHistogram()!);
  assertEquals(read.map(({ tag }) => tag), names);
  assertEquals(read.map(({ totalCount }) => totalCount), [100, 100, 50, 50]);
  const began = Date.parse(file.startedAt);
  assertEquals(read.map(({ startTimeStampMsec }) => startTimeStampMsec - began), [0, 0, 1500, 1500]);
  assertEquals(reader.nextIntervalHistogram(), null);
});

Deno.test("stages of histograms have names of their own that are file names and tags", () => {
  const cells = [
    measured(10),
    measured(10),
    measured(10, { arrivals: "fixed" }),
    measured(10, { arrivals: "fixed", loadShare: 0.5 }),
    measured(10, { peer: "a, b/c = d" }),
  ];
  const names = namedHistograms(results(cells)).map(({ name }) => name);
  assertEquals(new Set(names).size, 10);
  for (const name of names) assertMatch(name, /^[A-Za-z0-9._-]{1,250}$/);
  assertEquals(
    names[0],
    "latency-kernel_perf-256-KiB_scanner-ts_epoll_wake-up-512_64-B_10k-s_planned-to-handled",
  );
  assertEquals(names[2], `${names[0]}-2`);
});

Deno.test("cells of files that keep no histogram are left out of the exports", () => {
  const { histogram: _, ...old } = latencyStage({
    stage: "handled",
    from: "planned",
    samples: Float64Array.of(1),
  });
  assertEquals(namedHistograms(results([cell({ latency: [old] }), cell()])), []);
});
