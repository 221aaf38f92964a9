/** Counting V8's lines about collections between markers, and the row of goals that follows. */

import { assertEquals, assertThrows } from "@std/assert";
import { collectionsOf, gcGoal } from "../../../../bench/suites/gc_lines.ts";

const MARKER =
  "[1:0x1]  9 ms: Mark-Compact 1.0 (2.0) -> 0.9 (2.0) MB, pooled: 0 MB, 1.00 / 0.00 ms  testing; GC in old";
const SCAVENGE = "[1:0x1]  9 ms: Scavenge 1.0 (2.0) -> 0.9 (2.0) MB, pooled: 0 MB, 0.10 / 0.00 ms  task;";

Deno.test("collectionsOf counts what stands between the markers of the last block", () => {
  const block = '{"events":1}';
  const lines = [
    MARKER,
    SCAVENGE,
    SCAVENGE,
    MARKER,
    block,
    SCAVENGE,
    MARKER,
    SCAVENGE,
    MARKER,
    block,
    SCAVENGE,
  ];
  assertEquals(collectionsOf(lines.join("\n")), 1);
  assertEquals(collectionsOf([MARKER, MARKER, MARKER, MARKER].join("\n")), 0);
});

Deno.test("collectionsOf refuses text without its markers", () => {
  assertThrows(() => collectionsOf([MARKER, SCAVENGE].join("\n")), Error, "expected 4 markers, there are 1");
});

Deno.test("gcGoal is reached by no collection at all", () => {
  const row = (count: number | null): string =>
    gcGoal({ ring: "perf", scanner: "ts", events: 1e7, count }).reached;
  assertEquals([row(0), row(1), row(null)], ["goal", "no", "not measured"]);
  assertEquals(
    gcGoal({ ring: "perf", scanner: "ts", events: 1e7, count: 0 }).what,
    "GC lines in 10,000,000 events, perf scanner, ts",
  );
});
