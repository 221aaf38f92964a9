import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as events from "../../../src/eventpoll/events.ts";

Deno.test("masks are written as names in ascending order of bits, and bits without names as digits", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [events.EPOLLIN, "IN"],
    [events.EPOLLET | events.EPOLLIN | events.EPOLLHUP, "IN|HUP|ET"],
    [events.EPOLLONESHOT | 0x800 | events.EPOLLRDHUP, "0x800|RDHUP|ONESHOT"],
    [0x08000000, "0x8000000"],
    [
      -1,
      "IN|PRI|OUT|ERR|HUP|NVAL|RDNORM|RDBAND|WRNORM|WRBAND|MSG|0x800|0x1000|RDHUP|0x4000|0x8000|0x10000|" +
      "0x20000|0x40000|0x80000|0x100000|0x200000|0x400000|0x800000|0x1000000|0x2000000|0x4000000|0x8000000|" +
      "EXCLUSIVE|WAKEUP|ONESHOT|ET",
    ],
  ];
  for (const [mask, text] of cases) assertEquals(events.formatMask(mask), text);
});

Deno.test("every mask is read back as it was written", () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (mask) => {
      assertEquals(events.parseMask(events.formatMask(mask)), mask);
    }),
    { seed: 1 },
  );
});

Deno.test("masks are read with the kernel's names too, and from digits", () => {
  assertEquals(events.parseMask("EPOLLIN|EPOLLET"), 0x80000001);
  assertEquals(events.parseMask("0x80000000|IN|4"), 0x80000005);
  assertEquals(events.parseMask("IN||OUT"), null);
  assertEquals(events.parseMask("INN"), null);
  assertEquals(events.parseMask("0x100000000"), null);
  assertEquals(events.parseMask(""), null);
});

Deno.test("a mask made with JavaScript's operators becomes unsigned, and what is no mask is refused", () => {
  assertEquals(events.epollMask(events.EPOLLIN | events.EPOLLET), 0x80000001);
  assertEquals(events.epollMask(0xffffffff), 0xffffffff);
  for (const wrong of [1.5, NaN, 2 ** 32, -(2 ** 31) - 1]) {
    assertThrows(() => events.epollMask(wrong), RangeError, `current value is ${wrong}`);
  }
});
