/** The binomial tail against the sum of its definition. */

import { assertAlmostEquals, assertThrows } from "@std/assert";
import { binomialTail } from "../../../../bench/measure/binomial.ts";

Deno.test("binomialTail is the sum over all outcomes of few trials", () => {
  for (let trials = 1; trials <= 10; trials++) {
    for (let successes = 0; successes <= trials; successes++) {
      let expected = 0;
      for (let outcome = 0; outcome < 2 ** trials; outcome++) {
        const ones = outcome.toString(2).replaceAll("0", "").length;
        if (ones >= successes) expected += 0.3 ** ones * 0.7 ** (trials - ones);
      }
      assertAlmostEquals(binomialTail(successes, trials, 0.3), expected, 1e-12);
    }
  }
});

Deno.test("binomialTail of 400 trials neither underflows nor loses its sum", () => {
  assertAlmostEquals(binomialTail(0, 400, 0.05), 1, 1e-9);
  // 20 are expected; 28 are the first that are rejected at 5 %.
  const [rejected, kept] = [binomialTail(28, 400, 0.05), binomialTail(27, 400, 0.05)];
  assertAlmostEquals(rejected, 0.0489, 5e-3);
  assertAlmostEquals(kept, 0.0735, 8e-3);
});

Deno.test("binomialTail refuses what is no count and no probability", () => {
  assertThrows(() => binomialTail(2, 1, 0.5), RangeError, "an integer from 0 to 1, current value is 2");
  assertThrows(() => binomialTail(1.5, 2, 0.5), RangeError, "current value is 1.5");
  for (const wrong of [0, 1, NaN]) {
    assertThrows(() => binomialTail(1, 2, wrong), RangeError, `current value is ${wrong}`);
  }
});
