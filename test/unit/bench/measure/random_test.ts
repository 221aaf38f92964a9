/** Seeds repeat what they made, and orders are fair. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { randomFrom, randomSeed, shuffled } from "../../../../bench/measure/random.ts";

Deno.test("randomFrom repeats its numbers by seed and stays in [0, 1)", () => {
  const draw = (seed: number): number[] => {
    const random = randomFrom(seed);
    return Array.from({ length: 1000 }, () => random());
  };
  assertEquals(draw(7), draw(7));
  assertNotEquals(draw(7), draw(8));
  assert(draw(7).every((number) => number >= 0 && number < 1));
});

Deno.test("randomFrom fills ten equal shares of [0, 1) evenly", () => {
  const random = randomFrom(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]! += 1;
  for (const count of counts) assert(Math.abs(count - 10_000) < 500, `${counts}`);
});

Deno.test("randomSeed gives u32s", () => {
  const random = randomFrom(3);
  for (let i = 0; i < 1000; i++) {
    const seed = randomSeed(random);
    assertEquals(seed >>> 0, seed);
  }
  assertEquals(randomSeed(() => 1 - 2 ** -32), 2 ** 32 - 1);
});

Deno.test("shuffled keeps all things, whatever they are and however it draws", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(2 ** 32 - 1), (things, seed) => {
      const before = [...things];
      const order = shuffled(things, randomFrom(seed));
      assertEquals(things, before);
      assertEquals(order.toSorted((a, b) => a - b), things.toSorted((a, b) => a - b));
    }),
    { seed: 1 },
  );
});

Deno.test("shuffled gives each of the orders of three things equally often", () => {
  const random = randomFrom(5);
  const counts = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    const order = shuffled(["a", "b", "c"], random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 6);
  for (const [order, count] of counts) assert(Math.abs(count - 10_000) < 500, `${order}: ${count}`);
});
