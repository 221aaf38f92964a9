/** What is said of a ratio: case by case, and how often it is right on a machine whose noise is known. */

import { assert, assertEquals } from "@std/assert";
import { ratioInterval } from "../../../../bench/measure/bootstrap.ts";
import { detectableEffect, type Verdict, verdictOf } from "../../../../bench/measure/verdict.ts";
import { REALISTIC, simulate } from "./_simulation.ts";

Deno.test("detectableEffect is how far the interval of a program over itself reaches, and at least 2 %", () => {
  const rounded = (low: number, high: number): number =>
    Math.round(detectableEffect({ low, high }) * 1e6) / 1e6;
  assertEquals(rounded(0.95, 1.03), 0.05);
  assertEquals(rounded(0.98, 1.07), 0.07);
  assertEquals(rounded(0.995, 1.004), 0.02);
  assertEquals(rounded(1.04, 1.06), 0.06, "two launches of one program differ that much");
});

for (
  const [what, low, median, high, expected] of [
    ["all of the interval and the median lie below what is detectable", 0.7, 0.8, 0.9, "faster"],
    ["they lie above it", 1.1, 1.2, 1.3, "slower"],
    ["the interval holds 1 but reaches far", 0.8, 0.9, 1.01, "inconclusive"],
    ["the interval leaves 1 out but the effect cannot be detected", 0.9, 0.96, 0.99, "inconclusive"],
    ["all of it is nearer than what is detectable", 0.97, 1.0, 1.03, "equivalent"],
    ["it leaves 1 out and is nearer still", 1.01, 1.02, 1.04, "equivalent"],
  ] as const
) {
  Deno.test(`verdictOf says ${expected} where ${what}`, () => {
    assertEquals(verdictOf({ low, median, high }, 0.05), expected);
  });
}

/** How often each verdict is given for a ratio, each run with an A/A arm of its own. */
function verdicts(ratio: number, experiments: number): Map<Verdict, number> {
  const counts = new Map<Verdict, number>();
  for (let i = 0; i < experiments; i++) {
    const interval = (measured: number[][]): ReturnType<typeof ratioInterval> =>
      ratioInterval(measured, { seed: i, resamples: 400 });
    const same = interval(simulate(1, REALISTIC, 10_000 + i));
    const verdict = verdictOf(interval(simulate(ratio, REALISTIC, 20_000 + i)), detectableEffect(same));
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  return counts;
}

Deno.test("a program over itself is called different in at most 5 of 100 runs, and equivalent in many", () => {
  const counts = verdicts(1, 400);
  const different = (counts.get("faster") ?? 0) + (counts.get("slower") ?? 0);
  assert(different <= 20, `${different} of 400`);
  assert((counts.get("equivalent") ?? 0) >= 150, `${counts.get("equivalent")} of 400`);
});

Deno.test("a program that takes 10 % longer or less is found so in at least 90 of 100 runs", () => {
  const slower = verdicts(1.1, 200).get("slower") ?? 0;
  const faster = verdicts(1 / 1.1, 200).get("faster") ?? 0;
  assert(slower >= 180 && faster >= 180, `${slower} and ${faster} of 200`);
});
