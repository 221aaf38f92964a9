/** Samples are kept in order, counted when there is no room, and bucketed as an oracle does. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { histogramOf, Samples } from "../../../../bench/measure/samples.ts";

Deno.test("Samples keep what is appended in its order, and count what finds no place", () => {
  const samples = new Samples(3);
  assertEquals([...samples.values], []);
  for (const value of [5, 0, -1, 7, 8]) samples.add(value);
  assertEquals([...samples.values], [5, 0, -1]);
  assertEquals(samples.dropped, 2);
});

Deno.test("Samples refuse a capacity that is none", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Samples(capacity), RangeError, `current value is ${capacity}`);
  }
});

Deno.test("histogramOf counts each number in the bucket whose bounds hold it", () => {
  const distinctEdges = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -60, max: 60 })), distinctEdges, (values, drawn) => {
      const edges = drawn.toSorted((a, b) => a - b);
      const buckets = histogramOf(values, edges);
      assertEquals(buckets.map(({ from }) => from), edges);
      for (const { from, to, count } of buckets) {
        assertEquals(count, values.filter((value) => value >= from && value < to).length);
      }
      assertEquals(buckets.at(-1)!.to, Infinity);
    }),
    { seed: 1 },
  );
});

Deno.test("histogramOf refuses edges that do not ascend", () => {
  assertThrows(() => histogramOf([], [1, 1]), RangeError, "edges must ascend, current value is [1,1]");
});
