/** Tests of what charts and tables are made of, before they are drawn. */

import { assert, assertAlmostEquals, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { batchingCharts } from "../../../../src/report/html/charts/batching.ts";
import type { Figure } from "../../../../src/report/html/charts/figure.ts";
import { heatMaps } from "../../../../src/report/html/charts/heat_map.ts";
import { frontOf, paretoChart } from "../../../../src/report/html/charts/pareto.ts";
import { publishedChart } from "../../../../src/report/html/charts/published.ts";
import { logAxis } from "../../../../src/report/html/charts/scales.ts";
import { spectra } from "../../../../src/report/html/charts/spectrum.ts";
import { modelsOf, throughputCharts } from "../../../../src/report/html/charts/throughput.ts";
import { isHalfRing, slicesOf } from "../../../../src/report/html/slices.ts";
import { tilesOf } from "../../../../src/report/html/summary.ts";
import { sortKey } from "../../../../src/report/html/tables.ts";
import { PUBLISHED } from "../../../../src/report/import/published.ts";
import { cell, stage } from "../_cells.ts";
import { sweep } from "./_sweep.ts";

/** A chart's specification without its types: tests look into all of it. */
// deno-lint-ignore no-explicit-any -- a tree of another's types
function specOf(figure: Figure): any {
  return figure.chart;
}

const [saturated, offered] = slicesOf(sweep("kernel")) as [
  ReturnType<typeof slicesOf>[0],
  ReturnType<typeof slicesOf>[0],
];

Deno.test("slicesOf parts cells by everything but ring size and threshold", () => {
  const slices = slicesOf([
    cell({ ringBytes: 4096, wakeupEvents: 2 }),
    cell({ ringBytes: 4096, wakeupEvents: 1 }),
    cell({ ringBytes: 8192, wakeupEvents: 1 }),
    cell({ payloadBytes: 32 }),
    cell({ waiter: "poll" }),
    cell({ rate: 100 }),
    cell({ delivery: "each", handlers: 8 }),
    cell({ wakeupEvents: null, watermarkBytes: 4096 }),
    cell({ wakeupEvents: null, watermarkBytes: null }),
  ]);
  assertEquals(slices.map(({ cells, threshold }) => [cells.length, threshold]), [
    [3, "events"],
    [1, "events"],
    [1, "events"],
    [1, "events"],
    [1, "events"],
    [1, "bytes"],
  ]);
  assertEquals(slices[0]!.cells.map(({ ringBytes, wakeupEvents }) => [ringBytes, wakeupEvents]), [
    [4096, 1],
    [4096, 2],
    [8192, 1],
  ]);
  assertEquals(slices[0]!.title, "perf rings, eventpipe/ts, epoll, 64 B, 1 CPU, saturating");
});

Deno.test("isHalfRing is true where half the ring fills before wakeup_events is reached", () => {
  // Records of 144 bytes: half of 16 KiB holds 56.9, half of 64 KiB 227.6.
  const inEffect = (wakeupEvents: number, ringBytes: number): boolean =>
    isHalfRing(cell({ wakeupEvents, effectiveWakeupEvents: 1 / (1 / wakeupEvents + 144 / (ringBytes / 2)) }));
  assertEquals([inEffect(56, 16_384), inEffect(57, 16_384)], [false, true]);
  assertEquals([inEffect(227, 65_536), inEffect(228, 65_536)], [false, true]);
  assert(!isHalfRing(cell({ effectiveWakeupEvents: null })));
});

Deno.test("a heat map frames the fields that half the ring decides, and says at which N", () => {
  const [throughput] = heatMaps(saturated);
  const rows: { frame: string; below: string; ring: string; threshold: string }[] =
    specOf(throughput!).data.values;
  const framed = rows.filter(({ frame }) => frame !== "transparent");
  assertEquals(framed.map(({ ring, threshold, below }) => [ring, threshold, below]), [
    ["16 KiB", "256", "at ~47"],
    ["64 KiB", "256", "at ~120"],
  ]);
  assertMatch(throughput!.caption, /Dashed: half the ring fills before N is reached/);
});

Deno.test("where more than 1 - q were lost, the heat map of quantile q says lost", () => {
  const [p50, p99] = heatMaps(offered);
  const textOf = (figure: Figure): string[] =>
    specOf(figure).data.values.filter(({ text }: { text: string }) => text === "lost")
      .map(({ ring, threshold }: { ring: string; threshold: string }) => `${ring} ${threshold}`);
  // A quarter of the events of that cell was lost.
  assertEquals([textOf(p50!), textOf(p99!)], [[], ["16 KiB 256"]]);
  assertMatch(p99!.caption, /Where it says lost/);
  assertNotMatch(p50!.caption, /Where it says lost/);
});

Deno.test("a heat map without losses has no map of them, and says so", () => {
  const figures = heatMaps({ ...saturated, cells: saturated.cells.filter(({ lost }) => lost === 0) });
  assertEquals(figures.map(({ title }) => title), ["Throughput"]);
  assertMatch(figures[0]!.caption, /No event was lost\./);
});

Deno.test("modelsOf finds the costs that the cells were made with", () => {
  const [handOver, cpu] = modelsOf(saturated);
  for (const { model } of [handOver!, cpu!]) {
    assertEquals(model.points, 9);
    // N below 1 counts as 1, so the fit of the smallest ring is not exact.
    assertAlmostEquals(model.a.value, 100, 3);
    assertAlmostEquals(model.b.value, 2000, 40);
  }
  assertMatch(
    throughputCharts(saturated)[0]!.caption,
    /a = 99\.\d ns \(.*\) per event and b = 2\.0\d us \(.*\) per wake-up/,
  );
});

Deno.test("the spectra of a slice share their axes, and end in the maximum", () => {
  const figures = spectra(offered);
  const domains = figures.map((figure) => JSON.stringify(specOf(figure).encoding.y.scale.domain));
  assertEquals([figures.length, new Set(domains).size], [3, 1]);
  const points: { odds: number; ns: number; isMax: boolean; threshold: string }[] =
    specOf(figures[0]!).data.values;
  const first = points.filter(({ threshold }) => threshold === "1");
  assertEquals(first.map(({ odds, isMax }) => [odds, isMax]), [
    [2, false],
    [10, false],
    [100, false],
    [1000, false],
    [20_000, true],
  ]);
});

Deno.test("where a stage has a spectrum, the line follows it between the percentiles", () => {
  const cells = offered.cells.map((each) => ({
    ...each,
    latency: [stage({ from: "planned", p50: 100, p90: 900, spectrum: [100, 200, 300, 0] })],
  }));
  const points: { odds: number; ns: number; isMarked: boolean; threshold: string }[] =
    specOf(spectra({ ...offered, cells })[0]!).data.values;
  const bends = points.filter(({ threshold, isMarked }) => threshold === "1" && !isMarked);
  assertEquals(bends.map(({ odds, ns }) => [Math.round(odds * 10), ns]), [[20, 100], [28, 200], [40, 300]]);
});

Deno.test("the wait for a batch is drawn as (N-1)/2r for p50 and (N-1)/r for p99", () => {
  const [p50, p99] = batchingCharts(offered);
  for (const [figure, share] of [[p50!, 0.5], [p99!, 1]] as const) {
    const { n, ns } = specOf(figure).layer[0].data.values.at(-1);
    assertAlmostEquals(ns, share * (n - 1) / 10_000 * 1e9, 1e-3);
  }
});

Deno.test("frontOf keeps what nothing betters in both", () => {
  const points = [[1, 1], [2, 3], [3, 2], [4, 5], [4, 6], [0.5, 1]].map(([rate, ns]) => ({
    rate: rate!,
    ns: ns!,
  }));
  assertEquals(frontOf(points).map(({ rate, ns }) => [rate, ns]), [[1, 1], [3, 2], [4, 5]]);
});

Deno.test("paretoChart joins cells of one ring size and threshold, and keeps lossy ones off its line", () => {
  const figure = paretoChart(saturated, offered)!;
  const [line, points] = specOf(figure).layer;
  assertEquals(points.data.values.length, 9);
  assert(line.data.values.every(({ isLossy }: { isLossy: boolean }) => !isLossy));
  assert(points.data.values.some(({ isLossy }: { isLossy: boolean }) => isLossy));
  assertEquals(paretoChart({ ...saturated, cells: saturated.cells.slice(0, 2) }, offered), null);
});

Deno.test("published sweeps are drawn beside ours of the largest ring", () => {
  const layers: { mark: { type: string; stroke?: string }; data: { values: { name: string }[] } }[] =
    specOf(publishedChart(PUBLISHED, [saturated])!).layer;
  const labels = layers.filter(({ mark }) => mark.type === "text" && mark.stroke === undefined);
  const series = labels.map(({ data }) => data.values[0]!.name);
  assertEquals(series.toSorted(), [
    "eventpipe, perf, 1 MiB, 128 B events",
    "pb-custom, Ryzen 7950X, 2023",
    "pb-custom, Xeon E5-2680 v4, 2020",
    "rb-custom, Ryzen 7950X, 2023",
    "rb-custom, Xeon E5-2680 v4, 2020",
  ]);
  assertEquals(publishedChart(PUBLISHED, []), null);
  assertEquals(publishedChart([], [saturated]), null);
});

Deno.test("logAxis holds all values between round figures", () => {
  assertEquals(logAxis([87e3, 2.6e6]), { domain: [3e4, 3e6], ticks: [3e4, 1e5, 3e5, 1e6, 3e6] });
  assertEquals(logAxis([1, 3000]).ticks, [1, 10, 100, 1000, 10_000]);
  assertEquals(logAxis([0.9, 1.1]).ticks, [0.5, 1, 2]);
  assertEquals(logAxis([5, 5]).domain, [5, 5]);
});

Deno.test("sortKey reads numbers with their units, and leaves nothing for what was not measured", () => {
  const keys = [
    "-",
    "416,000",
    "1.5 MiB",
    "792 us",
    "1.04M",
    "16 (in effect 12)",
    "65.2%",
    "128 B",
    "-3 ns",
    "epoll",
  ];
  assertEquals(keys.map(sortKey), [
    "",
    "416000",
    "1572864",
    "792000",
    "1040000",
    "16",
    "65.2",
    "128",
    "-3",
    "epoll",
  ]);
  assertEquals(sortKey("271,060 (65.2%)"), "271060");
});

Deno.test("the first figures are of loss-free cells and name them", () => {
  const tiles = tilesOf(sweep("kernel"));
  assertEquals(tiles.map(({ name }) => name), [
    "Highest rate without loss",
    "Lowest p99 at 10k events/s",
    "Consumer CPU of an event",
    "Consumer CPU of a wake-up",
  ]);
  assertMatch(tiles[0]!.cell, /^1 MiB, wake-up every 256, 128 B/);
  assertEquals(tilesOf([cell({ lost: 1, dispatched: 1_999_999, cpuNsPerEvent: null })]), []);
  const lossy = cell({ rate: 10, lost: 1, latency: [stage({ from: "planned" })] });
  assertEquals(tilesOf([lossy]), []);
});
