/** Tests of Student's distribution against tables and against its closed forms. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { criticalT, twoSided } from "../../../src/report/student.ts";

/** Freedom, level, t: from printed tables. */
const TABLE = [
  [1, 0.95, 12.706],
  [2, 0.95, 4.303],
  [4, 0.95, 2.776],
  [8, 0.95, 2.306],
  [8, 0.99, 3.355],
  [30, 0.95, 2.042],
  [1000, 0.95, 1.962],
] as const;

for (const [freedom, level, t] of TABLE) {
  Deno.test(`the critical t of ${freedom} degrees of freedom at ${level} is ${t}`, () => {
    assertAlmostEquals(criticalT(level, freedom), t, 0.001);
    assertAlmostEquals(twoSided(t, freedom), 1 - level, 0.0001);
  });
}

Deno.test("the probability of a t is 1 at 0 and falls on both sides alike", () => {
  assertEquals(twoSided(0, 5), 1);
  assertAlmostEquals(twoSided(-2, 5), twoSided(2, 5), 1e-12);
  // Of one degree of freedom it is Cauchy's distribution.
  assertAlmostEquals(twoSided(1, 1), 0.5, 1e-10);
  assertAlmostEquals(twoSided(3.7, 1), 1 - 2 / Math.PI * Math.atan(3.7), 1e-10);
  // Of two it is 1 - t / sqrt(2 + t^2).
  assertAlmostEquals(twoSided(2.5, 2), 1 - 2.5 / Math.sqrt(2 + 6.25), 1e-10);
});
