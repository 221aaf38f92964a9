/** Tests of report.html without a browser: what stands in it, where, and that it is whole by itself. */

import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { renderPage } from "../../../../src/report/html/page.ts";
import type { Cell, Results } from "../../../../src/report/schema.ts";
import { cell, environment, results, stage } from "../_cells.ts";
import { sweep } from "./_sweep.ts";

const PAGE = await renderPage(results(sweep("kernel").concat(sweep("memory")), { label: `a <b> & "c"` }));

/** The figures of a page by their ids. */
function figuresOf(page: string): Map<string, string> {
  return new Map([...page.matchAll(/<figure id="([^"]+)".*?<\/figure>/gs)].map(([text, id]) => [id!, text]));
}

/** The part of a page that a heading's id begins. */
function partOf(page: string, id: string): string {
  return new RegExp(`<h2 id="${id}">.*?(?=<section class="source|</main>)`, "s").exec(page)?.[0] ?? "";
}

Deno.test("a page has heat maps, fits, spectra, waits and the choice of each source", () => {
  const titles = (source: string): string[] =>
    [...figuresOf(PAGE)].filter(([id]) => id.startsWith(source)).map(([, text]) =>
      /<b>(.*?)<\/b>/.exec(text)![1]!
    );
  const expected = [
    "Throughput",
    "Lost events",
    "Throughput over events per wake-up",
    "Consumer CPU per event",
    "Latency, p50",
    "Latency, p99",
    "Lost events",
    "p50 over events per wake-up",
    "p99 over events per wake-up",
    "Latency by percentile, ring of 16 KiB",
    "Latency by percentile, ring of 64 KiB",
    "Latency by percentile, ring of 1 MiB",
    "Throughput against latency",
  ];
  assertEquals(titles("kernel"), expected);
  assertEquals(titles("memory"), expected);
});

Deno.test("every figure has a drawing, its configuration and a caption", () => {
  for (const [id, text] of figuresOf(PAGE)) {
    assertMatch(text, /<svg [^>]*role="img" aria-label="[^"]+"/, id);
    assertMatch(text, /<span class="of">[^<]{10,}<\/span>[^<]{20,}<\/figcaption>/, id);
    assertGreater(text.match(/<(path|line|text)/g)!.length, 10, id);
  }
});

Deno.test("cells of the memory source stand in their own part, under its name, and those of the kernel do not", () => {
  const [kernel, memory] = [partOf(PAGE, "kernel"), partOf(PAGE, "memory")];
  assertStringIncludes(memory, "No kernel is involved");
  assertStringIncludes(memory, "atomics");
  assertNotMatch(memory, /epoll/);
  assertStringIncludes(kernel, "epoll");
  assertNotMatch(kernel, /atomics/);
  assertNotMatch(partOf(PAGE, "others"), /atomics/);
  assertNotMatch(/<dl class="tiles">.*?<\/dl>/s.exec(PAGE)![0], /memory/);
});

Deno.test("without kernel events the first figures say that no kernel is involved", async () => {
  const page = await renderPage(results(sweep("memory")));
  assertStringIncludes(page, "Of the memory source: no kernel is involved.");
  assertNotMatch(page, /id="kernel"|id="others"/);
});

Deno.test("what comes from the results file is escaped everywhere", async () => {
  const evil = `<img src=x onerror="alert('1')">`;
  const cells: Cell[] = [
    ...sweep("kernel").map((each) => ({ ...each, waiter: evil, flags: [evil] })),
    cell({ suite: evil, peer: evil, ratio: { to: evil, median: 1, low: 0.9, high: 1.1, pairs: 9 } }),
  ];
  const hostile: Results = results(cells, {
    label: evil,
    command: evil,
    environment: environment({ cpuModel: evil, cmdline: evil, mitigations: { [evil]: evil } }),
    absent: [{ name: evil, reason: evil }],
  });
  assertNotMatch(await renderPage(hostile), /<img/);
  assertMatch(PAGE, /<title>eventpipe benchmark: a &lt;b&gt; &amp; &quot;c&quot;<\/title>/);
});

Deno.test("a page asks no network for anything, and forbids it to itself", () => {
  assertStringIncludes(
    PAGE,
    `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`,
  );
  assertNotMatch(PAGE, /<(?:link|img|iframe|script src)|@import|url\((?!#)/);
});

Deno.test("every colour of a chart is a variable that the style sheet defines for light and for dark", () => {
  const style = /<style>(.*?)<\/style>/s.exec(PAGE)![1]!;
  const [light, dark] = style.split("@media (prefers-color-scheme: dark)");
  const used = new Set([...PAGE.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name!));
  used.delete("--drawn");
  assertGreater(used.size, 20);
  for (const name of used) {
    for (const theme of [light!, dark!.split("@media print")[0]!]) assertStringIncludes(theme, `${name}: #`);
  }
  for (const [id, text] of figuresOf(PAGE)) assertNotMatch(text, /(?:fill|stroke)="#/, id);
});

Deno.test("a page comes out the same each time it is rendered", async () => {
  const file = results(sweep("kernel"), { label: "twice" });
  assertEquals(await renderPage(file), await renderPage(file));
});

Deno.test("the clip paths of a page's charts have names of their own", () => {
  const ids = [...PAGE.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  assertEquals(ids.length, new Set(ids).size);
  for (const [, id] of PAGE.matchAll(/url\(#([^)]+)\)/g)) assert(ids.includes(id!), id);
});

Deno.test("charts that have no data are left out with a sentence why", async () => {
  const page = await renderPage(
    results([cell({ wakeupEvents: null, effectiveWakeupEvents: null, wakeups: null })]),
  );
  assertEquals(figuresOf(page).size, 0);
  assertStringIncludes(page, "so there is no chart of throughput.");
  assertStringIncludes(page, "so there is no chart of latency.");
  assertStringIncludes(page, "so there is no chart of ratios.");
  assertStringIncludes(page, "Table: throughput");
});

Deno.test("a results file without cells makes a page", async () => {
  const page = await renderPage(results([]));
  assertStringIncludes(page, "0 cells");
  assertStringIncludes(page, `<h2 id="environment">`);
});

Deno.test("ratios to peers stand in charts by peer, eventpipe over itself first, with the verdicts of the run", async () => {
  const compared = (to: string, median: number, verdict: Cell["verdict"]): Cell =>
    cell({
      suite: "consume",
      waiter: "none",
      wakeupEvents: null,
      effectiveWakeupEvents: null,
      ratio: { to, median, low: median * 0.98, high: median * 1.03, pairs: 200 },
      verdict,
      detectable: 0.03,
    });
  const page = await renderPage(results([
    compared("perf_buffer", 0.8, "faster"),
    compared("eventpipe", 1.001, null),
    compared("perf_walk", 1.2, "slower"),
  ]));
  const figures = [...figuresOf(page).values()];
  assertEquals(figures.map((text) => /<b>(.*?)<\/b>/.exec(text)![1]), [
    "eventpipe over itself",
    "eventpipe over perf_buffer",
    "eventpipe over perf_walk",
  ]);
  assertStringIncludes(figures[1]!, "200 pairs each");
  assertStringIncludes(figures[1]!, ">0.80</text>");
  assertStringIncludes(figures[1]!, ">faster</text>");
  assertStringIncludes(figures[2]!, ">slower</text>");
});

Deno.test("the command and the environment stand at the end", () => {
  const repeat = PAGE.indexOf(`<h2 id="repeat">`);
  assertGreater(repeat, PAGE.indexOf(`<h2 id="environment">`));
  assertGreater(PAGE.indexOf("deno task bench throughput"), repeat);
});

Deno.test("goals stand in front of the charts, and what could not be measured is listed with its reason", async () => {
  const page = await renderPage(results([cell()], {
    goals: [{
      what: "scan",
      over: "perf_walk",
      cell: "perf 8 MiB",
      value: 1.21,
      low: 1.2,
      high: 1.22,
      worstLaunch: 1.3,
      atMost: 1.5,
      goal: 1.25,
      verdict: "slower",
      reached: "goal",
    }],
    absent: [{ name: "perf_buffer", reason: "no libbpf" }],
  }));
  const [goals, absent] = [partOf(page, "goals"), partOf(page, "absent")];
  assertMatch(goals, /scan.*perf_walk.*1\.21.*1\.20 to 1\.22.*1\.50.*1\.25.*goal.*perf 8 MiB/s);
  assertStringIncludes(absent, "<b>perf_buffer</b>: no libbpf");
});

Deno.test("a latency without a percentile is no point and no field", async () => {
  const cells = [16_384, 65_536].flatMap((ringBytes) =>
    [1, 16].map((wakeupEvents) =>
      cell({
        suite: "latency",
        rate: 100,
        ringBytes,
        wakeupEvents,
        effectiveWakeupEvents: wakeupEvents,
        latency: [stage({ from: "planned", p99: null, p999: null, p9999: null })],
      })
    )
  );
  const text = figuresOf(await renderPage(results(cells))).get("kernel-latency-1")!;
  assertStringIncludes(text, "Latency, p99");
  assertEquals(text.match(/>-<\/text>/g)!.length, 4);
});

Deno.test("a short table is shown, a long one is folded until it is wanted", async () => {
  const foldedWith = async (count: number): Promise<boolean> => {
    const cells = Array.from({ length: count }, (_, index) => cell({ wakeupEvents: index + 1 }));
    const [details] = (await renderPage(results(cells))).match(/<details.*?<\/summary>/s)!;
    assertStringIncludes(details, `<h3>Table: throughput</h3> <span class="soft">${count} cells</span>`);
    return !details.startsWith("<details open>");
  };
  assertEquals([await foldedWith(12), await foldedWith(13)], [false, true]);
});
