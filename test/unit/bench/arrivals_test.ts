/** Planned times of random arrivals. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { PoissonTimes } from "../../../bench/arrivals.ts";

/** The first times of a process, all at once. */
function timesOf(count: number, rate: number, seed: number): Float64Array {
  const times = new Float64Array(count);
  assertEquals(new PoissonTimes(0, rate, seed).takeDue(Infinity, times), count);
  return times;
}

function gapsOf(times: Float64Array): Float64Array {
  return times.map((time, index) => index === 0 ? time : time - times[index - 1]!);
}

Deno.test("random arrivals have the rate as their mean, and gaps of an exponential distribution", () => {
  const COUNT = 100_000;
  const gaps = gapsOf(timesOf(COUNT, 10_000, 7));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / COUNT;
  // The standard error of the mean is a 316th of it.
  assertAlmostEquals(mean, 100_000, 1500);
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / COUNT);
  assertAlmostEquals(deviation / mean, 1, 0.02);
  for (const multiple of [0.1, 0.5, 1, 2, 4]) {
    const longer = gaps.filter((gap) => gap > multiple * mean).length / COUNT;
    assertAlmostEquals(longer, Math.exp(-multiple), 0.01, `longer than ${multiple} means`);
  }
});

Deno.test("a seed repeats random arrivals, and another one gives others", () => {
  assertEquals(timesOf(100, 1000, 1), timesOf(100, 1000, 1));
  assert(timesOf(100, 1000, 1).every((time, index) => time !== timesOf(100, 1000, 2)[index]));
});

Deno.test("planned times do not depend on when they are taken, and none is left out", () => {
  const all = timesOf(1000, 1e6, 3);
  const plan = new PoissonTimes(0, 1e6, 3);
  const taken: number[] = [];
  const few = new Float64Array(4);
  // A stall in the middle: what was due meanwhile comes in several calls, each with its own planned time.
  for (let now = 0; taken.length < all.length; now += now === 300_000 ? 200_000 : 100) {
    for (let count = -1; count !== 0;) {
      count = plan.takeDue(now, few);
      assert(few.subarray(0, count).every((time) => time <= now));
      taken.push(...few.subarray(0, count));
    }
  }
  assertEquals(taken.slice(0, all.length), [...all]);
});
