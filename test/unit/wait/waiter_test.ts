/** Tests of what all waiters share about time. */

import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual, assertThrows } from "@std/assert";
import { checkTimeout, deadline } from "../../../src/wait/waiter.ts";

Deno.test("checkTimeout rounds up, knows two names of no limit, and refuses the rest", () => {
  const table: [number, number][] = [
    [0, 0],
    [1, 1],
    [0.01, 1],
    [Number.MIN_VALUE, 1],
    [1.5, 2],
    [-1, -1],
    [Infinity, -1],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31 - 1.5, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31 - 1],
    [2 ** 32, 2 ** 31 - 1],
    [2 ** 32 + 5, 2 ** 31 - 1],
    [1e12, 2 ** 31 - 1],
    [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1],
    [Number.MAX_VALUE, 2 ** 31 - 1],
  ];
  for (const [given, taken] of table) assertEquals(checkTimeout(given), taken);
  for (const wrong of [-2, -0.5, -1.5, NaN, -Infinity, "1", null, undefined, 1n]) {
    assertThrows(() => checkTimeout(wrong as number), RangeError, `current value is ${wrong}`);
  }
});

Deno.test("checkTimeout makes 0 of -0, which native calls refuse", () => {
  assert(Object.is(checkTimeout(-0), 0));
});

Deno.test("a deadline is never in the past, however far it is", () => {
  assertEquals(deadline(-1), Infinity);
  for (const timeoutMs of [0, 1, 2 ** 31 - 1]) {
    const before = performance.now();
    const end = deadline(timeoutMs);
    assertGreaterOrEqual(end, before + timeoutMs);
    assertLessOrEqual(end, performance.now() + timeoutMs);
  }
});
