/** Tests of the charts of single suites, of stages, loads, fits, crossings and programs. */

import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { crossingCharts } from "../../../../src/report/html/charts/crossings.ts";
import { curveFigure, legendColumns } from "../../../../src/report/html/charts/curve.ts";
import type { Figure } from "../../../../src/report/html/charts/figure.ts";
import { rangesFigure } from "../../../../src/report/html/charts/ranges.ts";
import { powersOfTwo } from "../../../../src/report/html/charts/scales.ts";
import { floorSpectrum, loadSpectra, spectra } from "../../../../src/report/html/charts/spectrum.ts";
import { stagesByName, stagesCharts } from "../../../../src/report/html/charts/stages.ts";
import {
  cpusCharts,
  loadCharts,
  payloadCharts,
  pingpongCharts,
  sizeCharts,
  waiterCharts,
} from "../../../../src/report/html/charts/suites.ts";
import { wakeupCharts } from "../../../../src/report/html/charts/wakeup.ts";
import { renderPage } from "../../../../src/report/html/page.ts";
import { byConfiguration, differingNames, slicesOf } from "../../../../src/report/html/slices.ts";
import { middleCells } from "../../../../src/report/repeats.ts";
import { latencyStage } from "../../../../src/report/percentiles.ts";
import type { Cell } from "../../../../src/report/schema.ts";
import { cell, results, stage } from "../_cells.ts";
import { road, whole } from "./_whole.ts";

/** A chart's specification without its types: tests look into all of it. */
// deno-lint-ignore no-explicit-any -- a tree of another's types
function specOf(figure: Figure): any {
  return figure.chart;
}

const WHOLE = whole();

function cellsOf(suite: string, source: Cell["source"] = "kernel"): Cell[] {
  return WHOLE.cells.filter((each) => each.suite === suite && each.source === source);
}

const FLOOR = WHOLE.noiseFloor!.delays!;

function titles(figures: readonly Figure[]): string[] {
  return figures.map(({ title }) => title);
}

Deno.test("slicesOf parts cells by arrivals and by share of the capacity, and names both", () => {
  const slices = slicesOf([
    cell({ rate: 1000, arrivals: "fixed" }),
    cell({ rate: 1000, arrivals: "poisson" }),
    cell({ rate: 1000 }),
    cell({ rate: 1000, loadShare: 0.5, arrivals: "fixed" }),
    cell({ rate: 3000, loadShare: 0.5, arrivals: "fixed", ringBytes: 4096 }),
    cell({ rate: 1000, loadShare: 0.1, arrivals: "fixed" }),
  ]);
  assertEquals(slices.map(({ cells, title }) => [cells.length, title.replace(/^.*1 CPU, /, "")]), [
    [1, "1k events/s offered, fixed"],
    [1, "1k events/s offered, poisson"],
    [1, "1k events/s offered"],
    [2, "1k to 3k events/s offered (50% of capacity), fixed"],
    [1, "1k events/s offered (10% of capacity), fixed"],
  ]);
});

Deno.test("of cells that measured the same, a slice has the one in the middle", () => {
  const of = (p50: number): Cell => cell({ rate: 10, latency: [stage({ from: "planned", p50 })] });
  const cells = [of(9), of(1), of(5)];
  assertEquals(slicesOf(cells)[0]!.cells, [cells[2]!]);
  const repeated = [3, 1, 2, 4].map((eventsPerSecond) => cell({ eventsPerSecond }));
  assertEquals(middleCells(repeated).map(({ eventsPerSecond }) => eventsPerSecond), [2]);
});

Deno.test("byConfiguration puts loads of one configuration together, and a share once though its rate differs", () => {
  const at = (rate: number, changes: Partial<Cell> = {}): Cell =>
    cell({ rate, arrivals: "fixed", ...changes });
  const cells = [
    at(100),
    at(200, { ringBytes: 4096 }),
    at(500, { loadShare: 0.5, latency: [stage({ p50: 3 })] }),
    at(510, { loadShare: 0.5, latency: [stage({ p50: 1 })] }),
    at(490, { loadShare: 0.5, latency: [stage({ p50: 2 })] }),
    at(100, { arrivals: "poisson" }),
  ];
  assertEquals(byConfiguration(cells).map((ofOne) => ofOne.map(({ rate }) => rate)), [[100, 490, 100], [
    200,
  ]]);
});

Deno.test("the loads of a configuration are drawn together, that of a sweep among them, and sweeps alone are not", async () => {
  const at = (changes: Partial<Cell>): Cell =>
    cell({
      suite: "latency",
      rate: 1000,
      arrivals: "fixed",
      payloadBytes: 128,
      latency: road(0, 1),
      ...changes,
    });
  const sweepCells = [4096, 8192, 16_384].map((ringBytes) => at({ ringBytes }));
  const figures = async (cells: readonly Cell[]): Promise<string[]> =>
    [...(await renderPage(results(cells))).matchAll(/<figure.*?<\/figure>/gs)].map(([text]) => text)
      .filter((text) => text.includes("<b>Latency by percentile</b>"));
  assertEquals((await figures(sweepCells)).length, 0);
  const [figure, ...more] = await figures([
    ...sweepCells,
    at({ ringBytes: 8192, rate: 500, loadShare: 0.1 }),
  ]);
  assertEquals(more.length, 0);
  for (const load of [">1k/s, fixed</text>", ">500/s (10%), fixed</text>"]) {
    assertStringIncludes(figure!, load);
  }
});

Deno.test("the maximum of what the machine adds stands where its spectrum ends, since its events are ns", () => {
  const floor = { ...FLOOR, count: 1e9, p9999: null, spectrum: [1, 2, 3, 4, 5].map((ns) => ns * 1000) };
  const values: { odds: number; isMax: boolean }[] = specOf(floorSpectrum(floor)[0]!).data.values;
  assertEquals(values.filter(({ isMax }) => isMax).map(({ odds }) => Math.round(odds)), [113]);
});

Deno.test("cells without a threshold have charts too", async () => {
  const ringbuf = {
    ring: "ringbuf",
    wakeupEvents: null,
    effectiveWakeupEvents: null,
    payloadBytes: 128,
  } as const;
  const cells = [4096, 8192].flatMap((ringBytes) => [
    cell({ ...ringbuf, ringBytes, eventsPerSecond: ringBytes }),
    cell({
      ...ringbuf,
      ringBytes,
      suite: "latency",
      rate: 1000,
      arrivals: "fixed",
      latency: road(0, ringBytes),
    }),
  ]);
  const page = await renderPage(results(cells));
  assertEquals([...page.matchAll(/<figure.*?<b>(.*?)<\/b>/g)].map(([, title]) => title), [
    "Throughput over ring size, woken when all was read",
    "Latency by percentile",
    "Latency by percentile",
    "Where the time goes",
    "Where the time goes",
  ]);
});

Deno.test("differingNames names cells by what differs, and says once what they share", () => {
  const cells = [cell({ waiter: "poll" }), cell({ ring: "ringbuf", wakeupEvents: null })];
  const { names, shared } = differingNames(cells, ["ringBytes"]);
  assertEquals(names, ["perf rings, poll, wake-up every 512", "BPF ring buffer, epoll"]);
  assertEquals(shared, "eventpipe/ts, 64 B, 1 CPU, saturating");
  assertEquals(differingNames([cell(), cell()]).names, ["eventpipe/ts", "eventpipe/ts"]);
});

Deno.test("curveFigure needs two places, keeps what is not above 0 out, and tells lossy points", () => {
  const point = (x: number, y: number, isLossy = false): Parameters<typeof curveFigure>[0]["points"][0] => ({
    x,
    y,
    series: "s",
    isLossy,
    about: "",
  });
  const draw = (...points: ReturnType<typeof point>[]): Figure | null =>
    curveFigure({
      title: "t",
      of: "o",
      caption: "c.",
      x: { title: "x", unit: "count" },
      y: { title: "y", unit: "ns" },
      legend: "l",
      points,
    });
  assertEquals([draw(), draw(point(1, 1), point(1, 2)), draw(point(1, 1), point(2, 0))], [null, null, null]);
  const figure = draw(point(4, 1), point(1, 1, true))!;
  assertEquals(specOf(figure).data.values.map(({ x }: { x: number }) => x), [1, 4]);
  assertMatch(figure.caption, /Hollow: more than 1% of the events were lost/);
  assertEquals(specOf(figure).layer.length, 3);
});

Deno.test("powersOfTwo holds all sizes between whole powers, with room for their labels", () => {
  assertEquals(powersOfTwo([20_000, 65_536]), { domain: [16_384, 65_536], ticks: [16_384, 32_768, 65_536] });
  assert(powersOfTwo([1, 2 ** 30]).ticks.length <= 6);
  assertEquals([legendColumns(["1", "16"]), legendColumns(["x".repeat(30)])], [4, 1]);
});

Deno.test("rangesFigure draws a dot, ticks and a line, and gives long names a row of the page", () => {
  const values = [{ label: "p50", ns: 10 }, { label: "p99", ns: 90 }, { label: "p99.9", ns: 0 }];
  const draw = (name: string): Figure =>
    rangesFigure({
      title: "t",
      of: "o",
      caption: "c.",
      axis: "a",
      rows: [{ name, values }, { name: "empty", values: [] }],
      line: { name: "the floor", ns: 5 },
    })!;
  const figure = draw("short");
  assertEquals(specOf(figure).data.values, [{
    index: 0,
    name: "short",
    low: 10,
    high: 90,
    figure: "10 ns / 90 ns",
  }]);
  assertMatch(figure.caption, /The dashed line is the floor, 5 ns\.$/);
  assertEquals([figure.row, draw("x".repeat(60)).row], [undefined, "beside"]);
  assertEquals(rangesFigure({ title: "", of: "", caption: "", axis: "", rows: [] }), null);
});

Deno.test("each suite that varies one thing has its charts", () => {
  assertEquals(titles(sizeCharts(cellsOf("size"))), ["Throughput over ring size", "Latency over ring size"]);
  assertEquals(titles(payloadCharts(cellsOf("payload"))), [
    "Time per event over its size",
    "Bytes per second over the size of events",
  ]);
  const [cpus] = cpusCharts(cellsOf("cpus"));
  assertEquals(specOf(cpus!).encoding.color.scale.domain, [
    "perf rings, wake-up every 512",
    "BPF ring buffer",
  ]);
  assertEquals(titles(waiterCharts(cellsOf("waiters"), FLOOR)), [
    "Latency by waiter",
    "Consumer CPU by waiter",
  ]);
  assertEquals(titles(pingpongCharts(cellsOf("pingpong"), FLOOR)), ["Round trip"]);
  const [rows] = pingpongCharts(cellsOf("pingpong"), FLOOR);
  assertMatch(rows!.caption, /^From the request for the event to the handler/);
  for (const charts of [sizeCharts, payloadCharts, cpusCharts]) assertEquals(charts([]), []);
  for (const charts of [loadCharts, pingpongCharts, waiterCharts]) assertEquals(charts([], FLOOR), []);
});

Deno.test("bytes per second are the rate times the size of events", () => {
  const [, bytes] = payloadCharts([
    cell({ payloadBytes: 64, eventsPerSecond: 100 }),
    cell({ payloadBytes: 128, eventsPerSecond: 90 }),
  ]);
  assertEquals(specOf(bytes!).data.values.map(({ y }: { y: number }) => y), [6400, 11_520]);
});

Deno.test("a load curve has fixed beside random arrivals, p50 and p99, and states the capacity", () => {
  const [figure, ...more] = loadCharts(cellsOf("latency"), FLOOR);
  assertEquals(more, []);
  const values: { series: string; kind: string; x: number }[] = specOf(figure!).data.values;
  assertEquals(values.length, 12);
  assertEquals([...new Set(values.map(({ series, kind }) => `${series} ${kind}`))].sort(), [
    "fixed p50",
    "fixed p99",
    "poisson p50",
    "poisson p99",
  ]);
  assertMatch(
    figure!.caption,
    /The highest rate without loss was 1\.2M\/s\. The machine alone adds [\d.]+ us at p99/,
  );
});

Deno.test("the stages of a slice are drawn with its largest ring, a bar per stage and threshold, the whole last", () => {
  const slice = slicesOf(cellsOf("latency")).find(({ cells }) => cells.length === 9)!;
  const [figure] = stagesCharts(slice);
  assertEquals(figure!.title, "Where the time goes, ring of 1 MiB");
  const spec = specOf(figure!);
  const values: { name: string; series: string; p50: number; p99: number }[] = spec.data.values;
  assertEquals(values.length, 15);
  assertEquals(spec.layer[0].encoding.y.sort, [
    "generator late",
    "until wake-up",
    "until scanned",
    "until handled",
    "in all",
  ]);
  assert(values.every(({ p50, p99 }) => p99 > p50));
  assertEquals(stagesCharts({ ...slice, cells: [cell({ rate: 1, latency: [stage()] })] }), []);
  assertEquals(stagesByName(cellsOf("waiters"), "waiter").length, 1);
  assertEquals(stagesByName([], "waiter"), []);
});

Deno.test("the spectra have the machine's own line, and end where events were lost", () => {
  const slice = slicesOf(cellsOf("latency")).find(({ cells }) => cells.length === 9)!;
  const [figure] = spectra(slice, FLOOR);
  const values: { threshold: string; odds: number; isMax: boolean }[] = specOf(figure!).data.values;
  assert(values.some(({ threshold }) => threshold === "the machine alone"));
  assertMatch(figure!.caption, /Where events were lost, a line ends/);
  // A quarter was lost: nothing above the 75th percentile, and no maximum.
  const lossy = values.filter(({ threshold }) => threshold === "256");
  assert(lossy.length > 0 && lossy.every(({ odds, isMax }) => odds <= 4 && !isMax));
  assert(values.some(({ threshold, isMax }) => threshold === "16" && isMax));
  assertEquals(titles(floorSpectrum(FLOOR)), ["What the machine alone adds"]);
  const loads = cellsOf("latency").filter(({ loadShare }) => loadShare !== undefined);
  assertEquals(specOf(loadSpectra(loads, null)[0]!).encoding.color.scale.domain.slice(0, 2), [
    "120k/s (10%), fixed",
    "120k/s (10%), poisson",
  ]);
});

Deno.test("the wake-up suite has a chart per kind of threshold, a line and points per reader", () => {
  const figures = wakeupCharts(cellsOf("wakeup"));
  assertEquals(titles(figures), [
    "Time per event over events per wake-up, threshold in events",
    "Time per event over events per wake-up, threshold in bytes",
  ]);
  const [curves, points] = specOf(figures[0]!).layer;
  assertEquals(points.data.values.length, 20);
  const theirs = curves.data.values.filter(({ reader }: { reader: string }) => reader !== "eventpipe/ts");
  assertAlmostEquals(theirs[0].ns, 370 + 940 / theirs[0].n, 1e-6);
  assertEquals(wakeupCharts([cell({ suite: "wakeup" })]), []);
});

Deno.test("crossings have a chart per group, and all of them one axis", () => {
  const figures = crossingCharts(WHOLE.crossings!);
  assertEquals(titles(figures), [
    "FFI calls",
    "FFI calls, nonblocking",
    "callbacks from C",
    "WebAssembly",
    "reads of memory",
  ]);
  const domains = figures.map((figure) => JSON.stringify(specOf(figure).layer[0].encoding.x.scale.domain));
  assertEquals(new Set(domains).size, 1);
  assertEquals(crossingCharts([{ group: "g", name: "n", ns: 0, low: 0, high: 0, blocks: 1 }]), []);
});

const PAGE = await renderPage(WHOLE);

/** The part of the page that a heading's id begins. */
function part(id: string): string {
  return new RegExp(`<h2 id="${id}">.*?(?=<section|</main>)`, "s").exec(PAGE)?.[0] ?? "";
}

Deno.test("a page says in front that its run is partial, and only then", async () => {
  assertMatch(PAGE, /<header>.*<b>Partial\.<\/b> This run was ended before its last cell.*<\/header>/s);
  assertEquals((await renderPage(results([cell()]))).includes("Partial."), false);
});

Deno.test("programs stand side by side, the best of each column bold and what is missing as -", () => {
  const rows = [...part("programs").matchAll(/<tr><td.*?<\/tr>/g)].map(([row]) => row);
  assertEquals(rows.length, 6);
  assertMatch(rows[4]!, /libbpf ring_buffer \(C\).*<b>11 ns<\/b>.*>-<\/td>/);
  assertMatch(rows[0]!, /data-by="1600000">at least 1\.6M\/s/);
  assertMatch(rows[2]!, />2\.1M\/s<\/td>/);
});

Deno.test("crossings, the noise floor and fits have their tables beside the charts", () => {
  assertMatch(part("crossings"), /reads of memory.*Int32Array, mapped.*0\.4 ns/s);
  assertMatch(part("floor"), /This machine alone keeps a loop away for p50 .* p99 .*<figure/s);
  assertMatch(
    part("kernel"),
    /Fits of t\(N\) = a \+ b\/N.*eventpipe\/ts.*libbpf perf_buffer \(C\).*1\.03.*0\.95/s,
  );
  assertStringIncludes(part("kernel"), "Table: latency, stages");
});

Deno.test("suites that vary one thing leave sweeps alone: the figures of others and the first figures are beside those", () => {
  assertMatch(part("others"), /<b>Beside what others published<\/b>.*eventpipe, perf, 1 MiB, 128 B events/s);
  const tiles = [...PAGE.matchAll(/<dt>(.*?)<\/dt>.*?<div class="cell">(.*?)<\/div>/gs)];
  const cellOf = (name: string): string => tiles.find(([, text]) => text!.startsWith(name))?.[2] ?? "";
  assertEquals(cellOf("Highest rate without loss"), "1 MiB, wake-up every 256, 128 B per event, epoll");
  assertMatch(cellOf("Lowest p99"), /^16 KiB, wake-up every 1, epoll; its p50 is/);
});

Deno.test("old cells without histograms, stages and arrivals make the page they made", async () => {
  const { histogram: _, ...old } = latencyStage({
    stage: "handled",
    from: "planned",
    samples: Float64Array.from({ length: 2000 }, (__, index) => index + 1),
  });
  const page = await renderPage(results([cell({ suite: "latency", rate: 10, latency: [old] })]));
  assertStringIncludes(page, "Latency by percentile");
  for (const absent of ["stages", "p99/floor", "arrivals", "the machine alone"]) {
    assertEquals(page.includes(absent), false, absent);
  }
  assertEquals(road(0, 1).length, 6);
});
