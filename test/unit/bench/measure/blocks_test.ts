/** Rounds measure every arm once, in orders that a seed repeats. */

import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { type Arm, measureRounds, pairRatios } from "../../../../bench/measure/blocks.ts";
import { randomFrom } from "../../../../bench/measure/random.ts";

/** Arms that note when they were called and with what. */
function arms(names: readonly string[], calls: { name: string; seed: number }[]): Arm<number>[] {
  return names.map((name) => ({
    name,
    block(seed: number): Promise<number> {
      return Promise.resolve(calls.push({ name, seed }));
    },
  }));
}

Deno.test("measureRounds calls each arm once a round, all with one seed, which differs between rounds", async () => {
  const calls: { name: string; seed: number }[] = [];
  const rounds = await measureRounds(arms(["a", "b", "c"], calls), 50, randomFrom(1));
  assertEquals([...rounds.keys()], ["a", "b", "c"]);
  const seeds = new Set<number>();
  for (let round = 0; round < 50; round++) {
    const ofRound = calls.slice(3 * round, 3 * round + 3);
    assertEquals(ofRound.map(({ name }) => name).sort(), ["a", "b", "c"]);
    assertEquals(new Set(ofRound.map(({ seed }) => seed)).size, 1);
    seeds.add(ofRound[0]!.seed);
    for (const { name } of ofRound) {
      const place = calls.indexOf(ofRound.find((call) => call.name === name)!);
      assertEquals(rounds.get(name)![round], place + 1, "a block stands at the place of its round");
    }
  }
  assertEquals(seeds.size, 50);
});

Deno.test("measureRounds draws orders that a seed repeats, and either arm goes first about as often", async () => {
  const order = async (seed: number): Promise<string> => {
    const calls: { name: string; seed: number }[] = [];
    await measureRounds(arms(["a", "b"], calls), 400, randomFrom(seed));
    return calls.map(({ name }) => name).join("");
  };
  assertEquals(await order(1), await order(1));
  assertNotEquals(await order(1), await order(2));
  const firsts = (await order(1)).match(/../g)!.filter((pair) => pair === "ab").length;
  assert(firsts > 160 && firsts < 240, `${firsts} of 400`);
});

Deno.test("measureRounds ends with what an arm throws", async () => {
  const broken: Arm<number> = { name: "broken", block: () => Promise.reject(new Error("it broke")) };
  await assertRejects(() => measureRounds([broken], 1, randomFrom(1)), Error, "it broke");
});

Deno.test("measureRounds refuses two arms of one name", async () => {
  await assertRejects(
    () => measureRounds(arms(["a", "a"], []), 1, randomFrom(1)),
    TypeError,
    "each arm needs a name of its own, they are a,a",
  );
});

Deno.test("pairRatios divides within rounds", () => {
  assertEquals(pairRatios([6, 8], [2, 4]), [3, 2]);
  assertThrows(() => pairRatios([1, 2], [1]), RangeError, "they have 2 and 1");
});
