/** Tests of the terminal tables: width, colour, and nothing left out silently. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { renderTerminal } from "../../../src/report/terminal.ts";
import type { Cell } from "../../../src/report/schema.ts";
import { cell, results, stage } from "./_cells.ts";

const RATIO = { to: "libbpf", median: 1.05, low: 0.99, high: 1.1, pairs: 40 };

/** Two cells that differ in everything, with the widest numbers there are. */
const WIDE: Cell[] = [
  cell({
    peer: "a-peer-with-a-long-name",
    waiter: "epoll",
    ringBytes: 1.27 * 2 ** 20,
    watermarkBytes: 130_000,
    effectiveWakeupEvents: 1_234_567,
    payloadBytes: 1001,
    cpus: 128,
    rate: 123_456,
    produced: 1_234_567_890,
    dispatched: 1_000_000_000,
    unknown: 111_111,
    lost: 234_000_000,
    left: 123_456,
    corrupt: 123,
    exact: false,
    latency: [stage({ p50: 123_456, p90: 1_234_567, p99: 12_345_678, max: 123_456_789 }), stage()],
    ratio: RATIO,
    flags: ["lossy", "noisy", "not-steady", "n-small", "watermark"],
  }),
  cell({ ring: "ringbuf", scanner: "wasm", waiter: "spin" }),
];

Deno.test("renderTerminal stays within 110 columns without colour, whatever the cells hold", () => {
  for (const cells of [[cell()], WIDE, [...WIDE, cell({ latency: [stage({ from: "planned" })] })]]) {
    const text = renderTerminal(results(cells), { color: false });
    for (const line of text.split("\n")) assert(line.length <= 110, `${line.length} columns: ${line}`);
    // deno-lint-ignore no-control-regex -- the escape character is what must not be there
    assertEquals(/\x1b/.test(text), false);
  }
});

Deno.test("renderTerminal cuts no text off, and names the columns it leaves out", () => {
  const text = renderTerminal(results(WIDE), { color: false });
  assertEquals(text.includes("\u2026"), false);
  for (const word of ["a-peer-with-a-long-name", "1001 B", "123k/s", "128 CPUs"]) {
    assertStringIncludes(text.replace(/\n/g, " "), word);
  }
  assertStringIncludes(text, "1.27 MiB");
  assertMatch(text, /^not shown: ratio \(95% interval\)/m);
  assertEquals(renderTerminal(results([cell()]), { color: false }).includes("not shown"), false);
});

Deno.test("renderTerminal makes a table wider rather than cut a name", () => {
  const peer = "p".repeat(120);
  assertStringIncludes(renderTerminal(results([...WIDE, cell({ peer })]), { color: false }), peer);
});

Deno.test("renderTerminal prints a row per cell under the headings", () => {
  const cells = [cell(), cell({ ringBytes: 65_536, lost: 250_000, dispatched: 1_750_000, flags: ["lossy"] })];
  const lines = renderTerminal(results(cells), { color: false }).split("\n");
  assertEquals(lines.slice(0, 6).map((line) => line.trim().split(/ {2,}/)), [
    ["throughput (kernel events)"],
    ["every row: ring perf, reader eventpipe/ts, waiter epoll, payload 64 B, CPUs 1, load saturating"],
    ["ring", "wake", "prod", "lost", "left", "wakeups", "ev/wake", "ev/s", "ns/ev", "cpu-ns", "flags"],
    ["-".repeat(lines[3]?.length ?? 0)],
    ["256 KiB", "512", "2M", "0", "0", "4k", "500", "2M", "45.6", "60"],
    ["64 KiB", "512", "2M", "12.5%", "0", "4k", "438", "2M", "45.6", "60", "a"],
  ]);
  assertEquals(lines.slice(6), [
    "",
    "a lossy: events were lost; a percentile that would be one of them is said to be lost",
    "",
  ]);
});

Deno.test("renderTerminal draws latencies in a table of their own, with a row per stage", () => {
  const latency = [stage(), stage({ from: "planned", p50: 20_000, p99: null })];
  const cells = [cell({ suite: "latency", latency }), cell({ suite: "latency", cpus: 2 })];
  const text = renderTerminal(results(cells), { color: false });
  const [counts = "", latencies = ""] = text.split("\n\n").map((table) => table.replace(/ {2,}/g, "  "));
  assertStringIncludes(counts, "\n1 CPU  256 KiB  512  2M  0  0  4k  500  2M  45.6  60\n2 CPUs  256 KiB");
  assertEquals(
    latencies.split("\n").filter((line) => !line.startsWith("-")),
    [
      "  ring  wake  p50  p90  p99  p99.9  max",
      "1 CPU emitted to handled  256 KiB  512  11.2 us  15.4 us  98.7 us  1.23 ms  4.56 ms",
      "planned to handled  20 us  15.4 us  -  1.23 ms  4.56 ms",
    ].concat(latencies.endsWith("\n") ? [""] : []),
  );
});

Deno.test("renderTerminal draws p50 and p99 of the stages of a cell in one row, and names no missing part", () => {
  const latency = [
    stage({ from: "planned" }),
    stage({ from: "emitted", stage: "wake", p50: 2000, p99: 3000 }),
    stage({ from: "wake", stage: "read", p50: 5, p99: null }),
  ];
  const cells = [cell({ latency, rate: 10, arrivals: "fixed" }), cell({ ringBytes: 4096 })];
  const text = renderTerminal(results(cells), { color: false }).replace(/ {2,}/g, "  ");
  const [heads, , row] = text.split("stages, p50 / p99\n")[1]!.split("\n");
  assertEquals(heads?.trim(), "ring  wake  emitted to wake  wake to read");
  assertEquals(row?.trim(), "256 KiB  512  2 us / 3 us  5 ns / -");
  assertStringIncludes(text, "\n10/s fixed  256 KiB");
  assertStringIncludes(text, "\nsaturating  4 KiB");
});

Deno.test("renderTerminal says in front that a run is partial", () => {
  const [first] = renderTerminal(results([cell()], { partial: true }), { color: false }).split("\n");
  assertEquals(first, "This run was ended before its last cell: what is missing was not measured.");
});

Deno.test("renderTerminal keeps kernel and memory cells apart", () => {
  const text = renderTerminal(results([cell(), cell({ source: "memory" })]), { color: false });
  assertMatch(
    text,
    /^throughput \(kernel events\)\n[^]*\n\nthroughput \(memory source: no kernel involved\)\n/,
  );
});

Deno.test("renderTerminal says when accounts are not exact", () => {
  const cells = [cell({ corrupt: 1, exact: false }), cell({ lost: 1 }), cell()];
  const text = renderTerminal(results(cells), { color: false });
  assertStringIncludes(text, "The accounts of 2 of 3 cells are not exact.");
  assertEquals(renderTerminal(results([cell()]), { color: false }).includes("accounts"), false);
});

Deno.test("renderTerminal with colour differs by escape codes alone", () => {
  const cells = [cell({ lost: 250_000, dispatched: 1_750_000 }), ...WIDE];
  const colored = renderTerminal(results(cells), { color: true });
  assertStringIncludes(colored, "\x1b[31m12.5%\x1b[0m");
  // deno-lint-ignore no-control-regex -- the escape codes are what is taken out
  const bare = colored.replace(/\x1b\[\d+m/g, "");
  const trimmed = (text: string): string => text.replace(/ +$/gm, "");
  assertEquals(trimmed(bare), trimmed(renderTerminal(results(cells), { color: false })));
});
