/** Tests of layouts: where a C compiler puts the fields of a struct, and what the accessors read there. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Event, type FieldType, layout, type ScalarType } from "../../../mod.ts";
import { findExecutable } from "../../../src/cli/packages.ts";
import { EventView } from "../../../src/pipe/event.ts";

/** An event over bytes; an accessor finds what was put there. */
function eventOver(bytes: Uint8Array): Event {
  return EventView.over(bytes, 0);
}

Deno.test("fields stand where C puts them behind struct event, and size has the padding at the end", () => {
  const { offsets, size } = layout({ pid: "u32", started: "u64", state: "u8", comm: "char[16]" });
  // struct event ends at 16; pid 16, started 24, state 32, comm 33 to 49, padded to 56; the payload begins at 4.
  assertEquals(offsets, { pid: 12, started: 20, state: 28, comm: 29 });
  assertEquals(size, 52);
});

Deno.test("without a head, fields begin at 0 and the size is rounded to the widest of them", () => {
  const { offsets, size } = layout({ a: "u16", b: "u8", c: "u16[3]" }, { hasHead: false });
  assertEquals([offsets, size], [{ a: 0, b: 2, c: 4 }, 10]);
  assertEquals(layout({ text: "char[5]" }, { hasHead: false }).size, 5);
  assertEquals(layout({}).size, 12);
});

Deno.test("every type is read with its width and sign", () => {
  const fields = {
    u8: "u8",
    i8: "i8",
    u16: "u16",
    i16: "i16",
    u32: "u32",
    i32: "i32",
    u64: "u64",
    bigU64: "bigU64",
    bigI64: "bigI64",
    name: "char[8]",
    words: "u32[2]",
    bigs: "bigI64[2]",
  } as const;
  const { get, size, offsets } = layout(fields);
  const bytes = new Uint8Array(size).fill(0xff);
  bytes.set([1, 2, 3, 4, 5, 6, 0, 0], offsets.u64);
  bytes.set([0x63, 0x61, 0x74, 0, 0x21], offsets.name);
  bytes.set([7, 0, 0, 0, 8, 0, 0, 0], offsets.words);
  const event = eventOver(bytes);
  assertEquals(
    [get.u8, get.i8, get.u16, get.i16, get.u32, get.i32, get.u64].map((read) => read(event)),
    [255, -1, 65535, -1, 2 ** 32 - 1, -1, 0x060504030201],
  );
  assertEquals([get.bigU64(event), get.bigI64(event)], [2n ** 64n - 1n, -1n]);
  assertEquals([get.name(event), get.words(event, 0), get.words(event, 1)], ["cat", 7, 8]);
  assertEquals(get.bigs(event, 1), -1n);
  for (const index of [2, -1, 0.5, NaN]) {
    assertThrows(() => get.words(event, index), RangeError, `Cannot read words[${index}]`);
  }
});

Deno.test("a field behind the end of a short event is a RangeError", () => {
  const { get } = layout({ pid: "u32", comm: "char[16]" });
  const event = eventOver(new Uint8Array(16));
  assertEquals(get.pid(event), 0);
  assertThrows(() => get.comm(event), RangeError, "the event has 16 bytes");
});

Deno.test("types that are none are refused by the name of their field", () => {
  // deno-lint-ignore no-explicit-any -- the point is to pass what the types forbid
  const wrong = (value: unknown): any => value;
  for (
    const type of ["int", "char", "u32[0]", "u32[]", "u32[-1]", "char[1.5]", "u32[4", "", "toString", 4, null]
  ) {
    assertThrows(() => layout(wrong({ pid: type })), TypeError, 'Cannot lay out the field "pid"');
  }
  for (const fields of [null, undefined, 1]) {
    assertThrows(() => layout(wrong(fields)), TypeError, "Cannot lay out a struct");
  }
});

const C_TYPES: Readonly<Record<ScalarType | "char", string>> = {
  u8: "uint8_t",
  u16: "uint16_t",
  u32: "uint32_t",
  u64: "uint64_t",
  i8: "int8_t",
  i16: "int16_t",
  i32: "int32_t",
  bigU64: "uint64_t",
  bigI64: "int64_t",
  char: "char",
};
const gcc = findExecutable("gcc");

Deno.test({
  name: `a C compiler lays out the same structs alike${gcc === null ? " (not here: no gcc)" : ""}`,
  ignore: gcc === null,
  async fn(): Promise<void> {
    const types = fc.oneof(
      fc.constantFrom(...Object.keys(C_TYPES).filter((type) => type !== "char")),
      fc.tuple(fc.constantFrom(...Object.keys(C_TYPES)), fc.integer({ min: 1, max: 9 })).map(([t, n]) =>
        `${t}[${n}]`
      ),
    );
    const structs = fc.sample(fc.array(types, { minLength: 1, maxLength: 8 }), { numRuns: 200, seed: 7 });
    const fieldsOf = (struct: string[]): Record<string, FieldType> =>
      Object.fromEntries(struct.map((type, i) => [`f${i}`, type as FieldType]));
    const declaration = (type: string, i: number): string => {
      const [, base = "", length = ""] = /^(\w+)(\[\d+\])?$/.exec(type)!;
      return `${C_TYPES[base as ScalarType]} f${i}${length};`;
    };
    const source = [
      "#include <stdint.h>\n#include <stddef.h>\n#include <stdio.h>",
      "struct event { uint32_t size, category; uint64_t time; };",
      ...structs.map((struct, s) =>
        `struct s${s} { struct event head; ${struct.map(declaration).join(" ")} };`
      ),
      "int main(void) {",
      ...structs.map((struct, s) =>
        `printf("${"%zu ".repeat(struct.length + 1)}\\n", ${
          struct.map((_, i) => `offsetof(struct s${s}, f${i})`).join(", ")
        }, sizeof(struct s${s}));`
      ),
      "}",
    ].join("\n");
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/a.c`, source);
      const compiled = await new Deno.Command(gcc!, { args: ["-o", `${folder}/a`, `${folder}/a.c`] })
        .output();
      assertEquals(compiled.code, 0, new TextDecoder().decode(compiled.stderr));
      const { stdout } = await new Deno.Command(`${folder}/a`).output();
      const expected = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) =>
        line.trim().split(" ").map((each) => Number(each) - 4)
      );
      const actual = structs.map((struct) => {
        const { offsets, size } = layout(fieldsOf(struct));
        return [...Object.values(offsets), size];
      });
      assertEquals(actual, expected);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
