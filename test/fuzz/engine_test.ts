/** The parts of the fuzzer: random numbers, inputs made smaller, and the loop that brings them together. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { countAllocated } from "./allocations.ts";
import { fuzz, type Target } from "./engine.ts";
import { GuardedMemory, MARGIN_BYTES } from "./memory.ts";
import { nextSeed, Random, weigh } from "./random.ts";
import { shrink } from "./shrink.ts";

Deno.test("seeds do not come again soon", () => {
  const seen = new Set<number>();
  for (let seed = 1; seen.size < 100_000; seed = nextSeed(seed)) {
    assert(!seen.has(seed));
    seen.add(seed);
  }
});

Deno.test("random numbers are of their range, and all of it comes", () => {
  for (const seed of [0, 1, 0x9e3779b9, 0xffffffff]) {
    const random = new Random(seed);
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) seen.add(random.between(-3, 3));
    assertEquals([...seen].sort((a, b) => a - b), [-3, -2, -1, 0, 1, 2, 3]);
    assertEquals(random.below(1), 0);
    assert(random.below(2 ** 32) < 2 ** 32);
  }
});

Deno.test("an element comes as often as its weight", () => {
  assertEquals(weigh([2, "often"], [1, "once"]), ["often", "often", "once"]);
});

Deno.test("an input is made as small as it can be and still fail", () => {
  const input = { size: 4096, steps: [5, 17, 300, -40, 2], name: "kept" };
  assertEquals(shrink(input, ({ steps }) => steps.some((step) => step > 99)), {
    size: 0,
    steps: [100],
    name: "kept",
  });
  assertEquals(shrink(input, ({ steps }) => steps.some((step) => step < -7)), {
    size: 0,
    steps: [-8],
    name: "kept",
  });
  assertEquals(shrink(input, ({ size, steps }) => size >= 64 && steps.length > 1).steps, [0, 0]);
  assertEquals(shrink(input, (candidate) => candidate === input), input);
});

Deno.test("an input that gets smaller by too small steps is given up some time", () => {
  let tries = 0;
  let size = 2 ** 40;
  const smallest = shrink({ size }, (candidate) => {
    tries++;
    return candidate.size === size - 1 && size-- > 0;
  });
  assertEquals([tries, smallest], [20_000, { size }]);
  assert(size < 2 ** 40);
});

const TARGET: Target<{ readonly n: number }> = {
  generate: (random) => ({ n: random.below(1000) }),
  accepts: ({ n }) => n !== 990,
  run: ({ n }) => {
    if (n >= 990) throw new RangeError(`${n} is too large`);
  },
};

Deno.test("the loop ends at the first input that fails, and makes it smaller as far as it is one", () => {
  const { runs, finding } = fuzz(TARGET, 5, (runs) => runs < 10_000);
  assert(finding !== null);
  assert(runs > 1 && runs < 10_000);
  assertEquals([finding.input, String(finding.error)], [{ n: 991 }, "RangeError: 991 is too large"]);
  const again = fuzz(TARGET, finding.seed, (runs) => runs < 1);
  assertEquals([again.runs, again.finding?.seed, again.finding?.input], [1, finding.seed, finding.input]);
  assertEquals(fuzz(TARGET, 5, (count) => count < runs - 1), { runs: runs - 1, finding: null });
});

Deno.test("the loop tells the seeds of its runs, which lead on from each other", () => {
  const told: number[] = [];
  fuzz({ ...TARGET, run: () => {} }, 5, (runs, seed) => told.push(seed) > 0 && runs < 2);
  assertEquals(told, [5, nextSeed(5), nextSeed(nextSeed(5))]);
});

Deno.test("a byte that is written where none may be is named", () => {
  const memory = new GuardedMemory(64);
  memory.reset(new Uint8Array(8).fill(7));
  memory.mark();
  const start = MARGIN_BYTES + 8;
  memory.bytes[start] = 1;
  memory.bytes[start + 7] = 1;
  memory.expectUnchanged({ start, end: start + 8 });
  for (const at of [0, start - 1, start + 8, MARGIN_BYTES + 64, memory.bytes.length - 1]) {
    const before = memory.bytes[at]!;
    memory.bytes[at] = before ^ 1;
    assertThrows(
      () => memory.expectUnchanged({ start, end: start + 8 }),
      Error,
      `byte ${at} of the memory was written`,
    );
    memory.bytes[at] = before;
  }
  memory.reset(new Uint8Array(8).fill(7));
  memory.expectUnchanged({ start: 0, end: 0 });
});

Deno.test("arrays are counted as they are made, and only then", () => {
  const Original = Uint8Array;
  const { bytes, result } = countAllocated(
    () => [new Uint8Array(1000), new Uint8Array(24), new Uint8Array([1, 2])],
  );
  assertEquals([bytes, result[2]], [1024, new Uint8Array([1, 2])]);
  assertThrows(
    () =>
      countAllocated(() => {
        throw new Error("on the way");
      }),
    Error,
    "on the way",
  );
  assertEquals(Uint8Array, Original);
});
