/** Tests of the event view: values, bounds of every accessor, copies and staleness. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../src/errors.ts";
import { type Event, EventView } from "../../../src/pipe/event.ts";
import { eventBytes } from "./_pipe.ts";

/** Every accessor that takes an offset, with the bytes it reads. */
const ACCESSORS: readonly (readonly [string, number, (event: Event, offset: number) => unknown])[] = [
  ["u8", 1, (event, offset) => event.u8(offset)],
  ["u16", 2, (event, offset) => event.u16(offset)],
  ["u32", 4, (event, offset) => event.u32(offset)],
  ["i8", 1, (event, offset) => event.i8(offset)],
  ["i16", 2, (event, offset) => event.i16(offset)],
  ["i32", 4, (event, offset) => event.i32(offset)],
  ["u64", 8, (event, offset) => event.u64(offset)],
  ["bigU64", 8, (event, offset) => event.bigU64(offset)],
  ["bigI64", 8, (event, offset) => event.bigI64(offset)],
  ["bytes", 5, (event, offset) => event.bytes(offset, 5)],
  ["string", 5, (event, offset) => event.string(offset, 5)],
  ["locate", 6, (event, offset) => event.locate(offset, 6)],
];

/** An event somewhere in a larger buffer, whose other bytes must never be seen. */
function eventIn(bytes: Uint8Array, cpu = 0): EventView {
  const buffer = new Uint8Array(bytes.length + 40).fill(0xee);
  buffer.set(bytes, 21);
  const event = new EventView(new DataView(buffer.buffer));
  event.point(21, bytes.length, cpu);
  return event;
}

Deno.test("an event shows its size, category, time and CPU", () => {
  const event = eventIn(eventBytes(7, 123), 5);
  assertEquals([event.size, event.category, event.time, event.cpu], [20, 7, 123_000, 5]);
  assertEquals(eventIn(eventBytes(0xffffffff)).category, 0xffffffff);
  const late = eventBytes(0);
  new DataView(late.buffer).setBigUint64(4, 2n ** 53n + 2n, true);
  assertEquals(eventIn(late).time, 2 ** 53 + 2);
});

Deno.test("accessors read little-endian values at any alignment, signed and unsigned", () => {
  const event = eventIn(Uint8Array.of(0x80, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0x09, 0x00));
  assertEquals([event.u8(0), event.i8(0)], [0x80, -128]);
  assertEquals([event.u16(1), event.i16(1)], [0xfeff, 0xfeff - 0x10000]);
  assertEquals([event.u32(2), event.i32(2)], [0xfbfcfdfe, 0xfbfcfdfe - 2 ** 32]);
  assertEquals([event.bigU64(1), event.bigI64(1)], [0x0009fafbfcfdfeffn, 0x0009fafbfcfdfeffn]);
  assertEquals(event.u64(1), 0x0009fafbfcfdfeff);
  assertEquals(eventIn(new Uint8Array(8).fill(0xff)).bigI64(0), -1n);
});

for (const [name, bytes, read] of ACCESSORS) {
  Deno.test(`${name} reads up to the end of the event and refuses every offset outside`, () => {
    const event = eventIn(new Uint8Array(24));
    read(event, 0);
    read(event, 24 - bytes);
    for (const offset of [24 - bytes + 1, 24, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53]) {
      const error = assertThrows(() => read(event, offset), RangeError);
      assertEquals(error.message.includes(`offset ${offset}`), true, error.message);
    }
    for (const offset of ["0", null, undefined, {}]) {
      assertThrows(() => read(event, offset as number), RangeError);
    }
    const short = eventIn(new Uint8Array(bytes - 1));
    assertThrows(() => read(short, 0), RangeError);
  });
}

Deno.test("time and category of an event too short for them are a RangeError", () => {
  assertThrows(() => eventIn(new Uint8Array(11)).time, RangeError);
  assertThrows(() => eventIn(new Uint8Array(3)).category, RangeError);
});

Deno.test("u64 refuses values above 2^53 - 1 and says what to use", () => {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  const event = eventIn(bytes);
  for (const value of [0n, 2n ** 32n, 2n ** 53n - 1n]) {
    view.setBigUint64(0, value, true);
    assertEquals(eventIn(bytes).u64(0), Number(value));
  }
  for (const value of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    view.setBigUint64(0, value, true);
    assertThrows(() => eventIn(bytes).u64(0), RangeError, "bigU64");
    assertEquals(eventIn(bytes).bigU64(0), value);
  }
  assertEquals(event.u64(0), 0);
});

Deno.test("bytes gives a copy of its own and refuses wrong lengths", () => {
  const event = eventIn(Uint8Array.of(1, 2, 3, 4));
  const copy = event.bytes(1, 2);
  copy[0] = 99;
  assertEquals([copy.buffer.byteLength, event.u8(1)], [2, 2]);
  assertEquals([...event.bytes(4, 0)], []);
  for (const length of [-1, 0.5, NaN, Infinity, "2" as unknown as number]) {
    assertThrows(() => event.bytes(0, length), RangeError, `current value is ${length}`);
  }
  for (const [offset, length] of [[0, 5], [4, 1], [0, 2 ** 31], [5, 0]] as const) {
    assertThrows(() => event.bytes(offset, length), RangeError, `${length} bytes at offset ${offset}`);
  }
});

Deno.test("string ends at the first NUL, or else at the length", () => {
  const event = eventIn(new TextEncoder().encode("aé\0rest"));
  assertEquals([event.string(0, 8), event.string(4, 4), event.string(0, 1)], ["aé", "rest", "a"]);
  assertEquals([event.string(3, 1), event.string(0, 0)], ["", ""]);
});

Deno.test("copy stays valid and the same whatever happens to the event", () => {
  const event = eventIn(eventBytes(3, 42), 6);
  const copy = event.copy();
  event.point(0, 4, 1);
  event.release();
  assertEquals([copy.size, copy.category, copy.cpu, copy.u64(12)], [20, 3, 6, 42]);
  assertThrows(() => copy.u8(20), RangeError);
  assertEquals(copy.copy().u64(12), 42);
});

Deno.test("locate tells where bytes stand in the view, of an event in a ring and of a copy", () => {
  const event = eventIn(eventBytes(3, 42), 6);
  for (const each of [event, event.copy()]) {
    assertEquals(each.view.getUint32(each.locate(12, 4), true), 42);
    assertEquals(each.locate(20, 0) - each.locate(0, 20), 20);
    for (const length of [-1, 0.5, NaN, 21]) assertThrows(() => each.locate(0, length), RangeError);
  }
});

Deno.test("every accessor of a released event throws STALE_EVENT", () => {
  const event = eventIn(new Uint8Array(24));
  event.release();
  const reads: (() => unknown)[] = [
    () => event.size,
    () => event.category,
    () => event.time,
    () => event.cpu,
    () => event.copy(),
    () => event.bytes(0, 0),
    () => event.view,
    ...ACCESSORS.map(([, , read]) => () => read(event, 0)),
    ...ACCESSORS.map(([, , read]) => () => read(event, -1)),
  ];
  for (const read of reads) {
    const error = assertThrows(read, EventPipeError, "its process call has returned");
    assertEquals(error.code, "STALE_EVENT");
  }
});
