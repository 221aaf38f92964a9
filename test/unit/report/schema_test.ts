/** Tests of the results format: what readers accept, what they refuse and where, and the published JSON Schema. */

import { assertEquals, assertThrows } from "@std/assert";
import { SCHEMA_FILE, schemaText } from "../../../src/report/publish_schema.ts";
import { type Cell, conserves, parseResults } from "../../../src/report/schema.ts";
import { cell, environment, results, stage } from "./_cells.ts";

/** A results file as JSON reads it, with one value set at a path. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const json = JSON.parse(JSON.stringify(results([cell({ latency: [stage()] }), cell()])));
  let at = json;
  for (const key of path.slice(0, -1)) at = at[key];
  const last = path.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return json;
}

Deno.test("parseResults returns what was written, label or not", () => {
  const ratio = { to: "libbpf", median: 1.1, low: 1, high: 1.2, pairs: 40 };
  const written = results([cell({ latency: [stage()] }), cell({ peer: "libbpf", scanner: null, ratio })]);
  assertEquals(parseResults(JSON.parse(JSON.stringify(written))), written);
  const labelled = { ...written, label: "first" };
  assertEquals(parseResults(JSON.parse(JSON.stringify(labelled))), labelled);
});

Deno.test("parseResults accepts an environment in which nothing could be read", () => {
  const known = new Set(["os", "arch", "deno", "v8", "typescript", "seeds", "libraries"]);
  const blank = Object.fromEntries(
    Object.entries(environment()).map(([key, value]) => [key, known.has(key) ? value : null]),
  );
  const at = "2026-01-02T03:04:05.000Z";
  const state = { at, load: null, stealTicks: null, totalTicks: null };
  const affinity = { allowed: null, consumer: null, producers: null };
  const file = { ...results([]), environment: { ...blank, affinity, before: state, after: state } };
  assertEquals(parseResults(JSON.parse(JSON.stringify(file))).environment.kernelRelease, null);
});

Deno.test("parseResults keeps unknown keys at every level", () => {
  for (
    const path of [["later"], ["environment", "later"], ["cells", 0, "later"], [
      "cells",
      0,
      "latency",
      0,
      "x",
    ]]
  ) {
    const json = changed(path, 1);
    assertEquals(parseResults(json) as unknown, json);
  }
});

Deno.test("parseResults names the path of the first wrong field", () => {
  const table: [(string | number)[], unknown, string][] = [
    [["schema"], "eventpipe-bench/2", "schema: "],
    [["startedAt"], "yesterday", "startedAt: "],
    [["command"], undefined, "command: "],
    [["cells"], {}, "cells: "],
    [["environment", "cpuCount"], "2", "environment.cpuCount: "],
    [["environment", "before", "load"], [1, 2], "environment.before.load: "],
    [["environment", "rlimitMemlockBytes"], "lots", "environment.rlimitMemlockBytes: "],
    [["cells", 1, "source"], "file", "cells[1].source: "],
    [["cells", 1, "lost"], -1, "cells[1].lost: "],
    [["cells", 1, "produced"], 1.5, "cells[1].produced: "],
    [["cells", 1, "exact"], undefined, "cells[1].exact: "],
    [["cells", 1, "rate"], 0, "cells[1].rate: "],
    [["cells", 0, "latency", 0, "p50"], "11 us", "cells[0].latency[0].p50: "],
    [["cells", 0, "latency", 0, "from"], "seen", "cells[0].latency[0].from: "],
    [["cells", 0, "ratio"], { to: "x", median: 1, low: 1, high: 1 }, "cells[0].ratio.pairs: "],
  ];
  for (const [path, value, where] of table) {
    assertThrows(
      () => parseResults(changed(path, value)),
      Error,
      `Cannot read results: ${where}`,
      path.join("."),
    );
  }
  assertThrows(() => parseResults(null), Error, "Cannot read results: the file: ");
});

Deno.test("conserves holds exactly when the four fates of an event add up to what was produced", () => {
  const whole = { produced: 100, dispatched: 70, unknown: 15, lost: 10, left: 5 };
  assertEquals(conserves(cell(whole)), true);
  for (const name of ["produced", "dispatched", "unknown", "lost", "left"] as const) {
    assertEquals(conserves(cell({ ...whole, [name]: whole[name] + 1 })), false, name);
  }
});

Deno.test("conserves forbids a cell with corrupt records to claim exactness, and asks no more of it", () => {
  const short: Partial<Cell> = { produced: 100, dispatched: 70, corrupt: 2 };
  assertEquals(conserves(cell({ ...short, exact: false })), true);
  assertEquals(conserves(cell({ ...short, exact: true })), false);
  assertEquals(conserves(cell({ corrupt: 2, exact: true })), false);
});

Deno.test("schemaText is what stands in the published JSON Schema", async () => {
  assertEquals(await Deno.readTextFile(SCHEMA_FILE), schemaText());
});

Deno.test("schemaText asks for every key of a cell and lets further ones through", () => {
  const { properties } = JSON.parse(schemaText());
  const { required, additionalProperties } = properties.cells.items;
  assertEquals([...required].sort(), Object.keys(cell()).sort());
  assertEquals(additionalProperties, {});
});
