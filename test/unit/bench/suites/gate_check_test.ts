/** The check of the gate: what it reads of a comparison and how it judges. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Compared, judgeCheck, slowerCells } from "../../../../bench/suites/gate_check.ts";
import { compareRuns } from "../../../../src/report/compare/compare.ts";
import { renderComparison } from "../../../../src/report/compare/table.ts";
import type { Results } from "../../../../src/report/schema.ts";
import { cell, results } from "../../report/_cells.ts";

const EQUAL: Compared = { status: 0, slower: [] };
const FOUND: Compared = { status: 1, slower: ["a cell"] };

function times(length: number, compared: Compared): Compared[] {
  return Array.from({ length }, () => compared);
}

/** Runs of two cells, of which the second takes twice the time on side B. */
function side(factor: number): Results[] {
  return [1, 1.01, 0.99].map((noise) =>
    results([
      cell({ eventsPerSecond: 1e7 / noise, cpuNsPerEvent: null, payloadBytes: 32 }),
      cell({ eventsPerSecond: 1e7 / noise / factor, cpuNsPerEvent: null, payloadBytes: 128 }),
    ])
  );
}

Deno.test("slowerCells finds the slower rows of what compare prints, with their ratios", () => {
  const [slower, ...more] = slowerCells(renderComparison(compareRuns(side(1), side(2), 0.02)));
  assertEquals(more, []);
  assertStringIncludes(slower!, "128 B");
  assertStringIncludes(slower!, "time per event: 2.000 (");
  assertEquals(slowerCells(renderComparison(compareRuns(side(1), side(1), 0.02))), []);
});

Deno.test("the gate is as it must be if 19 of 20 equal runs end with 0 and every slower one is found", () => {
  const wanted = { tries: 20, slowedTries: 5 };
  const judge = (equal: readonly Compared[], slowed: readonly Compared[]): boolean =>
    judgeCheck({ equal, slowed }, wanted).isPassed;
  assert(judge(times(20, EQUAL), times(5, FOUND)));
  assert(judge([...times(19, EQUAL), FOUND], times(5, FOUND)));
  assert(!judge([...times(18, EQUAL), FOUND, FOUND], times(5, FOUND)));
  assert(!judge([...times(18, EQUAL), ...times(2, { status: 2, slower: [] })], times(5, FOUND)));
  assert(!judge(times(20, EQUAL), [...times(4, FOUND), EQUAL]));
});

Deno.test("a slower run that ends with 1 and names no cell was not found", () => {
  const { isPassed, text } = judgeCheck({ equal: [EQUAL], slowed: [{ status: 1, slower: [] }] }, {
    tries: 1,
    slowedTries: 1,
  });
  assertEquals(isPassed, false);
  assertStringIncludes(text, "0 of 1");
});

Deno.test("a check that was interrupted has not passed", () => {
  const wanted = { tries: 20, slowedTries: 0 };
  assertEquals(judgeCheck({ equal: times(19, EQUAL), slowed: [] }, wanted).isPassed, false);
});
