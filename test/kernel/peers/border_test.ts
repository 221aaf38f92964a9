/** The suite `border`, small: every kind of crossing is made, and each costs some time. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { randomFrom } from "../../../bench/measure/random.ts";
import { measureBorder } from "../../../bench/suites/border.ts";
import { kernelTest, testCpus } from "../_kernel.ts";

kernelTest("the suite border measures every kind of crossing, the empty loop first", async () => {
  let asked = 0;
  const crossings = await measureBorder({ launches: 3, rounds: 2 }, {
    consumerCpu: testCpus.at(-1)!,
    random: randomFrom(1),
    seed: 1,
    isInterrupted: () => asked++ === 2,
  });
  assertEquals([...new Set(crossings.map(({ group }) => group))], [
    "the loop itself",
    "FFI call through dlopen",
    "FFI call through UnsafeFnPointer",
    "FFI call, nonblocking",
    "callback from C",
    "WebAssembly call",
    "WebAssembly's call of an import",
    "read of an ArrayBuffer",
    "read of mapped memory",
    "read of a WebAssembly.Memory",
    "reading of a clock",
  ]);
  const names = crossings.map(({ group, name }) => `${group} ${name}`);
  assertEquals(new Set(names).size, names.length, "each has a name of its own");
  assert(crossings.every(({ ns, low, high }) => low > 0 && low <= ns && ns <= high));
  assert(crossings.every(({ blocks }) => blocks === 4), "the third launch was not begun");
  const of = (wanted: string): number => crossings.find(({ group }) => group === wanted)!.ns;
  assertGreater(of("FFI call, nonblocking"), 10 * of("the loop itself"), "another thread is far away");
});
