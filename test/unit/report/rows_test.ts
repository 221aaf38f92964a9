/** Tests of the layout of cells: which tables, which columns, and the text in each field. */

import { assertEquals } from "@std/assert";
import { flagsOf, type Group, groupCells, layOut, layOutStages, percent } from "../../../src/report/rows.ts";
import type { Cell, LatencyStage } from "../../../src/report/schema.ts";
import { cell, results, stage } from "./_cells.ts";

function groupOf(...cells: Cell[]): Group {
  const group = groupCells(results(cells))[0];
  if (group === undefined || group.cells.length !== cells.length) throw new Error("expected one group");
  return group;
}

function headsOf(group: Group): string[] {
  return layOut(group).columns.map(({ head }) => head);
}

/** The long and the short texts of the column `head`, row by row. */
function textsOf(group: Group, head: string): { long: string[]; short: string[] } {
  const { rows, columns } = layOut(group);
  const column = columns.find((candidate) => candidate.head === head);
  if (column === undefined) throw new Error(`no column ${head}`);
  return { long: rows.map(column.text), short: rows.map(column.shortText) };
}

Deno.test("groupCells never puts kernel and memory cells together, nor two suites", () => {
  const cells = [
    cell({ source: "memory" }),
    cell({ suite: "latency" }),
    cell(),
    cell({ source: "memory" }),
    cell({ suite: "latency", source: "memory" }),
  ];
  const groups = groupCells(results(cells));
  assertEquals(groups.map(({ source, suite, cells }) => [source, suite, cells.length]), [
    ["kernel", "latency", 1],
    ["kernel", "throughput", 1],
    ["memory", "throughput", 2],
    ["memory", "latency", 1],
  ]);
  assertEquals(new Set(groups.map(({ sourceLabel }) => sourceLabel)).size, 2);
});

Deno.test("layOut states once what all rows share and gives a column to what differs", () => {
  const same = layOut(groupOf(cell(), cell({ ringBytes: 65_536 })));
  assertEquals(same.shared, [
    "ring perf",
    "reader eventpipe/ts",
    "waiter epoll",
    "payload 64 B",
    "CPUs 1",
    "load saturating",
  ]);
  const group = groupOf(cell(), cell({ waiter: "spin", peer: "libbpf", scanner: null, rate: 200_000 }));
  assertEquals(layOut(group).shared, ["ring perf", "payload 64 B", "CPUs 1"]);
  assertEquals(textsOf(group, "reader").long, ["eventpipe/ts", "libbpf"]);
  assertEquals(textsOf(group, "waiter").long, ["epoll", "spin"]);
  assertEquals(textsOf(group, "load").long, ["saturating", "200k/s"]);
});

Deno.test("layOut leaves out columns without a value, and zeros of rare trouble only", () => {
  const plain = headsOf(groupOf(cell({ consumeNsPerEvent: null })));
  for (
    const head of ["consumer ns/event", "p50", "max", "latency", "ratio (95% interval)", "unknown", "corrupt"]
  ) {
    assertEquals(plain.includes(head), false, head);
  }
  for (const head of ["lost", "left"]) assertEquals(plain.includes(head), true, head);
  const troubled = headsOf(groupOf(cell(), cell({ unknown: 1 }), cell({ corrupt: 1, exact: false })));
  assertEquals(troubled.filter((head) => head === "unknown" || head === "corrupt"), ["unknown", "corrupt"]);
});

Deno.test("layOut gives a cell with several stages a row for each, counts in the first alone", () => {
  const planned = stage({ from: "planned", p50: 20_000, p99: null });
  const group = groupOf(cell({ latency: [stage(), planned] }), cell());
  assertEquals(textsOf(group, "latency").long, ["emitted to handled", "planned to handled", "-"]);
  assertEquals(textsOf(group, "p50").long, ["11.2 us", "20 us", "-"]);
  assertEquals(textsOf(group, "p50").short, ["11.2 us", "20 us", "-"]);
  assertEquals(textsOf(group, "p99").long, ["98.7 us", "-", "-"]);
  assertEquals(textsOf(group, "produced").long, ["2,000,000", "", "2,000,000"]);
  assertEquals(textsOf(group, "produced").short, ["2M", "", "2M"]);
});

Deno.test("layOut shows the wake-up setting, and what is in effect where that is less by a fifth", () => {
  const group = groupOf(
    cell(),
    cell({ effectiveWakeupEvents: 400.4 }),
    cell({ effectiveWakeupEvents: 455.4 }),
    cell({ effectiveWakeupEvents: null }),
    cell({ wakeupEvents: null, watermarkBytes: 131_072, effectiveWakeupEvents: 1310 }),
    cell({ wakeupEvents: null, effectiveWakeupEvents: null }),
  );
  const { long, short } = textsOf(group, "wake-up every");
  assertEquals(long, ["512", "512 (in effect 400)", "512", "512", "128 KiB (in effect 1,310)", "-"]);
  assertEquals(short, ["512", "512>400", "512", "512", "128 KiB>1.31k", "-"]);
});

Deno.test("layOut shows loss as a count and a share, and events per wake-up where there were any", () => {
  const group = groupOf(
    cell(),
    cell({ lost: 250_000, dispatched: 1_750_000 }),
    cell({ lost: 1, dispatched: 1_999_999, wakeups: 0 }),
  );
  assertEquals(textsOf(group, "lost").long, ["0", "250,000 (12.5%)", "1 (<0.01%)"]);
  assertEquals(textsOf(group, "lost").short, ["0", "12.5%", "<0.01%"]);
  assertEquals(textsOf(group, "events/wake-up").long, ["500", "438", "-"]);
});

Deno.test("layOut shows a ratio with its interval and what it is against", () => {
  const ratio = { to: "libbpf", median: 1.0512, low: 0.99, high: 1.1, pairs: 40 };
  const { long, short } = textsOf(groupOf(cell({ ratio }), cell()), "ratio (95% interval)");
  assertEquals(long, ["1.05 (0.99 to 1.1) against libbpf, 40 pairs", "-"]);
  assertEquals(short, ["1.05", "-"]);
});

Deno.test("layOut leaves parts of the road to a table of their own, with a row per cell in the road's order", () => {
  const part = (from: LatencyStage["from"], name: string, p50: number): LatencyStage =>
    stage({ from, stage: name, p50, p99: 10 * p50 });
  const latency = [
    part("read", "handled", 4),
    part("emitted", "wake", 2),
    stage({ from: "planned" }),
    part("planned", "emitted", 1),
    part("wake", "read", 3),
  ];
  const group = groupOf(cell({ latency }), cell());
  assertEquals(textsOf(group, "p50").long, ["11.2 us", "-"]);
  const { rows, columns } = layOutStages(group);
  assertEquals(rows.length, 1);
  assertEquals(columns.map((column) => [column.head, column.text(rows[0]!)]).slice(-4), [
    ["planned to emitted", "1 ns / 10 ns"],
    ["emitted to wake", "2 ns / 20 ns"],
    ["wake to read", "3 ns / 30 ns"],
    ["read to handled", "4 ns / 40 ns"],
  ]);
  assertEquals(layOutStages(groupOf(cell({ latency: [stage()] }))).rows, []);
});

Deno.test("layOut says lost where a percentile is that of a lost event, and - where there are too few", () => {
  const group = groupOf(
    cell({ latency: [stage({ count: 980, lost: 20, p99: null, p999: null })] }),
    cell({ latency: [stage({ count: 980, p99: null, p999: 5 })] }),
  );
  assertEquals(textsOf(group, "p99").long, ["lost", "-"]);
  assertEquals(textsOf(group, "p99.9").long, ["-", "5 ns"]);
});

Deno.test("layOut sets p99 beside that of the machine alone, where that was measured", () => {
  const { stage: _, from: __, ...delays } = stage({ p99: 40_000 });
  const noiseFloor = { spanNs: 1, readingNs: 1, lostShare: 0, longestNs: 1, delays };
  const cells = [cell({ latency: [stage({ p99: 60_000 })] }), cell()];
  const [group] = groupCells(results(cells, { noiseFloor }));
  assertEquals(textsOf(group!, "p99/floor").long, ["1.5x", "-"]);
  assertEquals(headsOf(groupOf(...cells)).includes("p99/floor"), false);
});

Deno.test("layOut shows where CPU time went, and the arrivals, in files that tell", () => {
  const group = groupOf(
    cell({
      userNsPerEvent: 40,
      systemNsPerEvent: 20,
      switches: { voluntary: 1234, involuntary: 5 },
      stealShare: 0.05,
      waitShare: 0,
      rate: 1000,
      arrivals: "poisson",
      loadShare: 0.1,
    }),
    cell({ stealShare: null, arrivals: "pingpong" }),
  );
  assertEquals(textsOf(group, "in the program, CPU ns/event").long, ["40", "-"]);
  assertEquals(textsOf(group, "in the kernel, CPU ns/event").long, ["20", "-"]);
  assertEquals(textsOf(group, "switches (given / taken)"), {
    long: ["1,234 / 5", "-"],
    short: ["1.23k/5", "-"],
  });
  assertEquals(textsOf(group, "CPU time stolen").long, ["5.00%", "-"]);
  assertEquals(textsOf(group, "waited for the CPU").long, ["0.00%", "-"]);
  assertEquals(textsOf(group, "arrivals").long, ["poisson", "-"]);
  assertEquals(textsOf(group, "load"), {
    long: ["1k/s, 10% of capacity", "asked for one by one"],
    short: ["1k/s (10%)", "asked for one by one"],
  });
  const plain = headsOf(groupOf(cell(), cell({ ringBytes: 4096 })));
  for (const head of ["CPU time stolen", "waited for the CPU", "arrivals"]) {
    assertEquals(plain.includes(head), false, head);
  }
});

Deno.test("percent does not round a small share to nothing", () => {
  const table: [number, number, string][] = [
    [0, 10, "0.00%"],
    [1, 1_000_000, "<0.01%"],
    [1, 100, "1.00%"],
    [123, 1000, "12.3%"],
    [1, 1, "100.0%"],
  ];
  for (const [part, whole, text] of table) assertEquals(percent(part, whole), text);
});

Deno.test("flagsOf lists each flag once, in order", () => {
  assertEquals(flagsOf([cell({ flags: ["noisy", "lossy"] }), cell({ flags: ["lossy"] }), cell()]), [
    "lossy",
    "noisy",
  ]);
});
