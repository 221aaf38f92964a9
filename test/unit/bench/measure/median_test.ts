/** The median against its definition. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { median, medianInPlace } from "../../../../bench/measure/median.ts";

const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
  minLength: 1,
});

Deno.test("median is the middle of an odd count and the mean of the middle two of an even one", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([10, 9]), 9.5);
});

Deno.test("median has as many numbers on either side, for any numbers", () => {
  fc.assert(
    fc.property(numbers, (all) => {
      const before = [...all];
      const middle = median(all);
      assertEquals(all, before);
      const below = all.filter((number) => number < middle).length;
      const above = all.filter((number) => number > middle).length;
      assert(below <= all.length / 2 && above <= all.length / 2, `${below} and ${above} of ${all.length}`);
      assertEquals(medianInPlace(Float64Array.from(all)), middle);
    }),
    { seed: 1 },
  );
});

Deno.test("median refuses nothing at all and what is no number", () => {
  assertThrows(() => median([]), RangeError, "there are no numbers");
  assertThrows(() => median([1, NaN]), RangeError, "one of 2 is NaN");
  assertThrows(() => median([1, Infinity]), RangeError, "one of 2 is Infinity");
});
