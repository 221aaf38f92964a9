/** The search for the highest rate without loss, with programs that are made up. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { randomFrom } from "../../../../bench/measure/random.ts";
import {
  findLossFreeRates,
  type FoundRate,
  type RateArm,
  type RateBlock,
} from "../../../../bench/suites/loss_free.ts";

const RATES = [100, 200, 400, 800, 1600];

/** A program that loses above a rate, behind a generator that offers no more than another. */
class Program implements RateArm {
  readonly name: string;
  readonly tried: number[] = [];
  readonly #keeps: number;
  readonly #offers: number;
  /** Rates at which the next block loses something all the same. */
  readonly #unlucky: Set<number>;

  constructor(name: string, keeps: number, offers = Infinity, unlucky: readonly number[] = []) {
    this.name = name;
    this.#keeps = keeps;
    this.#offers = offers;
    this.#unlucky = new Set(unlucky);
  }

  block(rate: number): Promise<RateBlock> {
    this.tried.push(rate);
    const offered = Math.min(rate, this.#offers);
    return Promise.resolve({ lost: this.#unlucky.delete(rate) || offered > this.#keeps ? 1 : 0, offered });
  }
}

async function search(programs: readonly Program[], halvings = 3, blocks = 2): Promise<FoundRate[]> {
  const random = randomFrom(1);
  const isInterrupted = (): boolean => false;
  const found = await findLossFreeRates(programs, { rates: RATES, blocks, halvings, random, isInterrupted });
  assertEquals([...found.keys()], programs.map(({ name }) => name));
  return [...found.values()];
}

Deno.test("the search doubles rates up to a loss and halves the distance to it", async () => {
  const program = new Program("one", 500);
  const [found] = await search([program]);
  assertEquals([...new Set(program.tried.map(Math.round))], [100, 200, 400, 800, 1600, 566, 476, 519]);
  assertAlmostEquals(found!.rate!, 476, 1);
  assertEquals(found!.isLimited, false);
});

Deno.test("a rate has lost once one of its blocks has, and is not tried on", async () => {
  const program = new Program("one", 500);
  await search([program], 0, 3);
  const blocks = RATES.map((rate) => program.tried.filter((tried) => tried === rate).length);
  assertEquals(blocks, [3, 3, 3, 1, 1]);
});

Deno.test("the search can fail: a program that loses at every rate has none", async () => {
  const program = new Program("one", 50);
  assertEquals(await search([program]), [{ rate: null, isLimited: false }]);
  assertEquals(program.tried, [100, 200], "two rates with loss end it");
});

Deno.test("a rate that cannot be offered ends the search with what was offered", async () => {
  const program = new Program("one", Infinity, 700);
  assertEquals(await search([program]), [{ rate: 700, isLimited: true }]);
  assertEquals(program.tried.at(-1), 800);
});

Deno.test("a spell of the machine at a low rate does not end the search", async () => {
  const [found] = await search([new Program("one", 900, Infinity, [200])], 0);
  assertEquals(found, { rate: 800, isLimited: false });
});

Deno.test("each program is searched on its own, and all are tried at the same rates first", async () => {
  const programs = [new Program("slow", 150), new Program("fast", 1e9, 1000)];
  const [slow, fast] = await search(programs);
  assert(slow!.rate! >= 100 && slow!.rate! <= 150);
  assertEquals(fast, { rate: 1000, isLimited: true });
});

Deno.test("an interrupted search tells what it has found", async () => {
  let asked = 0;
  const found = await findLossFreeRates([new Program("one", 500)], {
    rates: RATES,
    blocks: 1,
    halvings: 1,
    random: randomFrom(1),
    isInterrupted: () => asked++ >= 4, // asked in front of each block and behind each rate
  });
  assertEquals(found.get("one"), { rate: 200, isLimited: false });
});
