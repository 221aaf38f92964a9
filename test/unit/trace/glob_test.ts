/** Patterns match whole names. */

import { assertEquals, assertThrows } from "@std/assert";
import { globMatcher, isGlob } from "../../../src/trace/glob.ts";

for (
  const [pattern, matching, other] of [
    ["sched_*", ["sched_", "sched_switch"], ["xsched_switch", "sched"]],
    ["*", ["", "anything"], []],
    ["dup?", ["dup2", "dup3"], ["dup", "dup22"]],
    ["dup[23]", ["dup2", "dup3"], ["dup4"]],
    ["dup[!2]", ["dup3"], ["dup2", "dup"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "-x"]],
    ["a.b", ["a.b"], ["axb"]],
    ["a[b", ["a[b"], ["ab"]],
    ["a[^b]", ["a^", "ab"], ["ac"]],
    ["a+(b)", ["a+(b)"], ["aab"]],
  ] as const
) {
  Deno.test(`the pattern ${pattern} matches what it should and nothing else`, () => {
    const matches = globMatcher(pattern);
    assertEquals(matching.filter((name) => !matches(name)), []);
    assertEquals(other.filter((name) => matches(name)), []);
  });
}

Deno.test("isGlob tells patterns from names", () => {
  assertEquals(["a*", "a?", "[a]"].filter((text) => !isGlob(text)), []);
  assertEquals(isGlob("sched:sched_switch"), false);
});

Deno.test("globMatcher refuses a range that runs backwards", () => {
  assertThrows(
    () => globMatcher("x[z-a]"),
    RangeError,
    "Cannot read the pattern x[z-a]: a range runs backwards",
  );
});
