/** Tests of the names of cells: the same name is the same configuration. */

import { assertEquals } from "@std/assert";
import { cellNameParts, loadText, shortLoadText } from "../../../src/report/cell_name.ts";
import { measuresOf } from "../../../src/report/compare/measures.ts";
import type { Cell } from "../../../src/report/schema.ts";
import { cell, results } from "./_cells.ts";

function nameOf(changes: Partial<Cell>): string {
  return cellNameParts(cell(changes)).join(", ");
}

Deno.test("cells that differ in any part of their configuration have names of their own", () => {
  const changes: Partial<Cell>[] = [
    {},
    { suite: "size" },
    { source: "memory" },
    { ring: "ringbuf" },
    { ringBytes: 4096 },
    { wakeupEvents: null, watermarkBytes: 4096 },
    { wakeupEvents: null, watermarkBytes: 4100 },
    { payloadBytes: 4096 },
    { payloadBytes: 4104 },
    { scanner: "wasm" },
    { peer: "libbpf" },
    { waiter: "poll" },
    { wakeupEvents: 1 },
    { wakeupEvents: null, watermarkBytes: 512 },
    { payloadBytes: 32 },
    { payload: "mixed" },
    { cpus: 2 },
    { rings: 256 },
    { delivery: "scan" },
    { delivery: "each", handlers: 4 },
    { rate: 1000 },
    { rate: 10_000 },
    { rate: 10_040 },
    { rate: 1000, arrivals: "fixed" },
    { rate: 1000, arrivals: "poisson" },
    { rate: 1000, arrivals: "fixed", loadShare: 0.1 },
    { rate: 1000, arrivals: "fixed", loadShare: 0.5 },
    { arrivals: "pingpong" },
  ];
  assertEquals(new Set(changes.map(nameOf)).size, changes.length);
});

Deno.test("a share of the capacity is one load, whatever rate it came to", () => {
  const at = (rate: number): Partial<Cell> => ({ rate, loadShare: 0.5, arrivals: "fixed", cpuNsPerEvent: 5 });
  assertEquals(nameOf(at(1000)), nameOf(at(1100)));
  const runs = [1000, 1100].map((rate) =>
    results([cell(at(rate)), cell({ ...at(rate), arrivals: "poisson" })])
  );
  const found = [...measuresOf(runs).values()].filter(({ what }) => what === "CPU per event");
  assertEquals(found.map(({ values }) => values.length), [2, 2]);
});

Deno.test("a load is written with its share and arrivals", () => {
  const loads: Partial<Cell>[] = [
    {},
    { rate: 10_000 },
    { rate: 10_000, arrivals: "poisson", loadShare: 0.125 },
    { arrivals: "pingpong" },
  ];
  assertEquals(loads.map((changes) => loadText(cell(changes))), [
    "saturating",
    "10k events/s offered",
    "10k events/s offered (12.5% of capacity), poisson",
    "each event asked for when the one before was handled",
  ]);
  assertEquals(loads.map((changes) => shortLoadText(cell(changes))), [
    "saturating",
    "10k/s",
    "10k/s (12.5%), poisson",
    "asked for one by one",
  ]);
});
