/** Tests of what the benchmark prints at its end. */

import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { renderConsole } from "../../../src/report/console.ts";
import { crossingsTable } from "../../../src/report/crossings.ts";
import { programsTable } from "../../../src/report/programs.ts";
import { wakeupFits, wakeupPoints } from "../../../src/report/wakeup_fits.ts";
import { cell, results } from "./_cells.ts";
import { whole } from "./html/_whole.ts";

const WHOLE = whole();
const TEXT = renderConsole(WHOLE, { color: false });

Deno.test("renderConsole prints what a run has, in one order", () => {
  const marks = [
    "This run was ended before its last cell",
    "throughput (kernel events)",
    "stages, p50 / p99",
    "wakeup, perf 1 MiB, 32 B, epoll, wake-up every 1",
    "eventpipe's a over it",
    "rate without loss",
    "reads of memory",
    "emitter's cost of a wake-up",
    "Not measured: cilium/ebpf",
    "Of one block of libbpf",
    "On the consumer's CPU, a loop",
    "This machine alone keeps a loop away",
  ];
  let place = -1;
  for (const mark of marks) {
    const found = TEXT.indexOf(mark, place);
    assertGreater(found, place, mark);
    place = found;
  }
  assertMatch(TEXT, /[^\n]\n$/);
});

Deno.test("renderConsole prints nothing of what a run has not", () => {
  const text = renderConsole(results([cell()]), { color: false });
  assertEquals(text.split("\n\n").length, 1);
  assertStringIncludes(
    renderConsole(results([], { partial: true }), { color: false }),
    "ended before its last cell",
  );
});

Deno.test("the table of programs marks the best of a column of two values or more", () => {
  const table = programsTable(WHOLE.programs!);
  const bestOf = (index: number): string[] =>
    table.rows.map((fields) => fields[index]!).filter(({ isBest }) => isBest).map(({ text }) => text);
  assertEquals([2, 7, 8].map(bestOf), [["11 ns"], ["3.91 MiB"], ["9 ms"]]);
  assertEquals([3, 4, 5].map(bestOf), [[], [], []], "rates and latencies are not ranked");
  const alone = programsTable(WHOLE.programs!.slice(0, 1));
  assertEquals(alone.rows[0]!.some(({ isBest }) => isBest), false);
});

Deno.test("the table of crossings keeps groups together", () => {
  const crossing = (group: string, name: string): NonNullable<typeof WHOLE.crossings>[0] => ({
    group,
    name,
    ns: 1,
    low: 1,
    high: 1,
    blocks: 1,
  });
  const { rows } = crossingsTable([crossing("a", "1"), crossing("b", "2"), crossing("a", "3")]);
  assertEquals(rows.map((fields) => `${fields[0]!.text}${fields[1]!.text}`), ["a1", "a3", "b2"]);
});

Deno.test("the fits of the wake-up suite find the costs of each program, and eventpipe's over the other's", () => {
  const cells = WHOLE.cells.filter(({ suite }) => suite === "wakeup");
  const fits = wakeupFits(cells);
  assertEquals(fits.map(({ kind, reader }) => [kind, reader]), [
    ["events", "eventpipe/ts"],
    ["events", "libbpf perf_buffer (C)"],
    ["bytes", "eventpipe/ts"],
    ["bytes", "libbpf perf_buffer (C)"],
  ]);
  const [, theirs] = fits;
  assertEquals([Math.round(theirs!.model.a.value), Math.round(theirs!.model.b.value)], [370, 940]);
  assertEquals(fits.map(({ over }) => over === null), [true, false, true, false]);
  assertGreater(theirs!.over!.a, 1);
  // A cell stands in the results once for each of its ratios.
  assertEquals(wakeupPoints(cells, "events").length, 20);
  assertEquals(wakeupFits(cells.slice(0, 6)), []);
});

Deno.test("of cells that were measured several times the terminal shows the one in the middle", () => {
  const rates = [3000, 1000, 2000].map((eventsPerSecond) => cell({ eventsPerSecond }));
  const text = renderConsole(results([...rates, cell({ ringBytes: 8192, eventsPerSecond: 7000 })]), {
    color: false,
  });
  assertStringIncludes(text, "2k");
  assertStringIncludes(text, "7k");
  assert(!text.includes("1k") && !text.includes("3k"), text);
  assertStringIncludes(text, "the one in the middle is shown");
});
