/** Launches, warm-up and comparisons of arms that are made up. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomFrom } from "../../../../bench/measure/random.ts";
import {
  AGAIN,
  compareArms,
  comparedCell,
  type Launches,
  measureLaunches,
  OURS,
  pairedCells,
  startAll,
} from "../../../../bench/suites/paired.ts";
import type { Cell } from "../../../../src/report/schema.ts";
import { cell } from "../../report/_cells.ts";

/** An arm that counts its blocks, and whose blocks are those counts. */
class CountingArm implements AsyncDisposable {
  #blocks = 0;
  isEnded = false;

  constructor(readonly name: string) {}

  block(): Promise<number> {
    return Promise.resolve(++this.#blocks);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isEnded = true;
    return Promise.resolve();
  }
}

Deno.test("measureLaunches starts arms anew, warms up those that compile, and ends them with their launch", async () => {
  const started: CountingArm[] = [];
  const blocks = await measureLaunches(
    { launches: 2, rounds: 3, warmUpRounds: 5 },
    randomFrom(1),
    (cleanup) => {
      assert(started.every(({ isEnded }) => isEnded));
      const arms = [OURS, "peer"].map((name) => cleanup.use(new CountingArm(name)));
      started.push(...arms);
      return Promise.resolve(arms);
    },
    (name) => name === OURS,
  );
  // A block of each goes in front of those that count.
  assertEquals([...blocks], [[OURS, [[7, 8, 9], [7, 8, 9]]], ["peer", [[2, 3, 4], [2, 3, 4]]]]);
  assert(started.every(({ isEnded }) => isEnded));
});

Deno.test("startAll lets all start before the failure of one ends them", async () => {
  const slow = Promise.withResolvers<CountingArm>();
  const arm = new CountingArm("slow");
  await assertRejects(
    async () => {
      await using cleanup = new AsyncDisposableStack();
      const starting = startAll(
        [Promise.reject<CountingArm>(new Error("no such program")), slow.promise],
        cleanup,
      );
      slow.resolve(arm);
      await starting;
    },
    Error,
    "no such program",
  );
  assert(arm.isEnded);
});

/** Five launches of eight blocks; the arm's values in a launch, or one for all. */
function launches(values: Readonly<Record<string, readonly number[]>>): Launches<number> {
  return new Map(Object.entries(values).map(([name, one]) => [name, new Array(5).fill(one)]));
}

const EVEN = [10, 11, 10, 9, 10, 10, 11, 10];

Deno.test("compareArms divides ours by each peer, and itself by itself", () => {
  const half = EVEN.map((value) => value / 2);
  const arms = launches({ [OURS]: EVEN, [AGAIN]: EVEN, fast: half, equal: EVEN });
  const outcome = compareArms(arms, (value) => value, 1);
  const { same, over, detectable, isSteady } = outcome;
  assertEquals([same.ratio.median, detectable, isSteady], [1, 0.02, true]);
  assertEquals([...over].map(([name, { ratio, verdict }]) => [name, ratio.median, verdict]), [
    ["fast", 2, "slower"],
    ["equal", 1, "equivalent"],
  ]);
  const ours = cell({ flags: ["lossy"] });
  const theirs = { ...cell({}), peer: "fast" };
  const [itself, keys, last, ...more] = pairedCells(ours, theirs, over.get("fast")!, outcome) as [
    Cell,
    Cell,
    Cell,
  ];
  assertEquals([last, more], [theirs, []]);
  assertEquals(ours.flags, ["lossy"]);
  assertEquals(keys.ratio, { to: "fast", median: 2, low: 2, high: 2, pairs: 40 });
  assertEquals([keys.verdict, keys.launchMedians, keys.pairRatios?.flat().length], [
    "slower",
    [2, 2, 2, 2, 2],
    40,
  ]);
  assertEquals([keys.flags, keys.detectable], [["lossy"], detectable]);
  assertEquals([itself.verdict, itself.ratio?.to], [null, "eventpipe"]);
});

Deno.test("compareArms tells a program that still got faster", () => {
  const warming = [20, 19, 18, 17, 10, 10, 10, 10];
  const arms = launches({ [OURS]: warming, [AGAIN]: warming });
  const warmed = compareArms(arms, (value) => value, 1);
  assertEquals(warmed.isSteady, false);
  assertEquals(comparedCell(cell({}), OURS, warmed.same, warmed).flags[0], "not-steady");
});
