/** Tests of line breaking. */

import { assertEquals } from "@std/assert";
import { wrapText } from "../../../src/report/wrap.ts";

Deno.test("wrapText fills lines up to the given column and breaks at spaces only", () => {
  assertEquals(wrapText("aa bb cc", 5), ["aa bb", "cc"]);
  assertEquals(wrapText("aa bb cc", 4), ["aa", "bb", "cc"]);
  assertEquals(wrapText("a longerword b", 4), ["a", "longerword", "b"]);
  assertEquals(wrapText("", 4), [""]);
});
