/** The table of what was measured beside other programs. */

import { assertEquals } from "@std/assert";
import { isCompared, renderComparisons } from "../../../src/report/comparisons.ts";
import { cell, stage } from "./_cells.ts";

const RATIO = { to: "libbpf", median: 1.05, low: 0.99, high: 1.1, pairs: 40 };

const CONSUME = cell({
  suite: "consume",
  ratio: RATIO,
  payload: "28 to 140 B",
  delivery: "each",
  handlers: 4,
  rings: 1,
  verdict: "slower",
  detectable: 0.03,
  launchMedians: [1, 1.2],
});

Deno.test("renderComparisons has a row per comparison, and none for cells alone or over themselves", () => {
  const cells = [
    CONSUME,
    { ...CONSUME, ratio: { ...RATIO, to: "eventpipe" } },
    cell(),
    cell({ peer: "libbpf" }),
    {
      ...CONSUME,
      rings: 256,
      delivery: "scan",
      handlers: 0,
      verdict: null,
      detectable: null,
      launchMedians: [],
    },
  ];
  const rows = renderComparisons(cells).split("\n").slice(2).map((line) =>
    line.split("|").slice(1, -1).map((text) => text.trim())
  );
  assertEquals(rows, [
    [
      "consume, perf 256 KiB, 28 to 140 B, each, 4 handlers",
      "45.6 ns/event",
      "libbpf",
      "1.05",
      "0.99 to 1.10",
      "1.20",
      "3.00%",
      "slower",
      "",
    ],
    [
      "consume, perf 256 x 256 KiB, 28 to 140 B, scan",
      "45.6 ns/event",
      "libbpf",
      "1.05",
      "0.99 to 1.10",
      "-",
      "-",
      "-",
      "",
    ],
  ]);
});

Deno.test("renderComparisons tells latency or CPU time where those were compared", () => {
  const waiting = { suite: "latency", ratio: RATIO, consumeNsPerEvent: null, rate: 5000 };
  const valueOf = (changes: Parameters<typeof cell>[0]): string[] =>
    renderComparisons([cell({ ...waiting, ...changes })]).split("\n")[2]!.split("|").slice(1, 3).map((text) =>
      text.trim()
    );
  assertEquals(valueOf({ latency: [stage()] }), ["latency, perf 256 KiB, 64 B, epoll, 5k/s", "p50 11.2 us"]);
  assertEquals(valueOf({ cpuNsPerEvent: 45 })[1], "45 ns CPU/event");
  assertEquals(valueOf({ cpuNsPerEvent: null })[1], "-");
});

Deno.test("isCompared tells the cells of comparisons from those of a sweep", () => {
  assertEquals([CONSUME, cell({ peer: "libbpf" }), cell({ delivery: "scan" }), cell()].map(isCompared), [
    true,
    true,
    true,
    false,
  ]);
});
