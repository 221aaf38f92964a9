/** Text on its way into C and out of it. */

import { assertEquals, assertThrows } from "@std/assert";
import { cstring, textUntilNul } from "../../../src/ffi/cstring.ts";

Deno.test("cstring puts a NUL behind the UTF-8 bytes", () => {
  assertEquals([...cstring("né")], [0x6e, 0xc3, 0xa9, 0]);
  assertEquals([...cstring("")], [0]);
});

Deno.test("cstring refuses a text with a NUL in it, wherever it stands", () => {
  for (const text of ["\0", "a\0b", "a\0"]) {
    assertThrows(() => cstring(text), TypeError, "the text contains a NUL");
  }
});

Deno.test("textUntilNul reads up to the first NUL, or all where there is none", () => {
  assertEquals(textUntilNul(Uint8Array.of(0x61, 0x62, 0, 0x63, 0)), "ab");
  assertEquals(textUntilNul(Uint8Array.of(0x61, 0x62)), "ab");
  assertEquals(textUntilNul(new Uint8Array(0)), "");
});

Deno.test("textUntilNul reads a part of shared memory", () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
  bytes.set([0x68, 0x69, 0]);
  assertEquals(textUntilNul(bytes), "hi");
});
