/** Format files become fields: kinds, offsets, and what is said about bad ones. */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { dataLocations, parseFormat, stringArguments } from "../../../src/trace/format.ts";
import { fieldOf, type FieldRow, fixture, fixtureNames, fixtureText, formatText, made } from "./_formats.ts";

Deno.test("parseFormat reads name, number, fields and size of sched_switch", () => {
  const format = fixture("sched:sched_switch");
  assertEquals([format.name, format.id, format.size], ["sched_switch", 372, 64]);
  assertEquals(format.common.map(({ name }) => name), [
    "common_type",
    "common_flags",
    "common_preempt_count",
    "common_pid",
  ]);
  assertEquals(format.fields.map(({ name, type, offset, kind }) => [name, type, offset, kind]), [
    ["prev_comm", "char[16]", 8, "charArray"],
    ["prev_pid", "pid_t", 24, "integer"],
    ["prev_prio", "int", 28, "integer"],
    ["prev_state", "long", 32, "integer"],
    ["next_comm", "char[16]", 40, "charArray"],
    ["next_pid", "pid_t", 56, "integer"],
    ["next_prio", "int", 60, "integer"],
  ]);
});

const KINDS: readonly (readonly [string, FieldRow, string, number, boolean])[] = [
  ["an unsigned byte", ["u8 x", 1], "integer", 1, false],
  ["a signed byte", ["s8 x", 1, true], "integer", 1, true],
  ["a signed word", ["loff_t x", 8, true], "integer", 8, true],
  ["an enum in a byte", ["enum what x", 1], "integer", 1, false],
  ["a truth value", ["bool x", 1], "bool", 1, false],
  ["a char that is printed as a number", ["char x", 1], "integer", 1, false],
  ["an array of chars", ["char x[10]", 10], "charArray", 1, false],
  ["an array of unsigned chars", ["unsigned char x[6]", 6], "array", 1, false],
  ["an array of signed words", ["long x[3]", 24, true], "array", 8, true],
  ["an array with a constant's name", ["u32 x[LENGTH]", 16], "array", 4, false],
  ["an array without elements", ["unsigned long x[]", 0], "array", 8, false],
  ["a struct by value", ["struct thing x", 24], "array", 1, false],
  ["a text elsewhere", ["__data_loc char[] x", 4], "dataLoc", 1, false],
  ["numbers elsewhere", ["__data_loc u64[] x", 4], "dataLoc", 8, false],
  ["signed numbers elsewhere", ["__rel_loc s16[] x", 4], "relLoc", 2, true],
  ["a set of CPUs", ["__data_loc cpumask_t x", 4], "dataLoc", 8, false],
  ["a pointer", ["const struct sk_buff * x", 8], "kernelPointer", 8, false],
  ["a pointer without a space", ["const void* x", 8], "kernelPointer", 8, false],
  ["a pointer by name", ["fl_owner_t x", 8], "kernelPointer", 8, false],
];

for (const [what, row, kind, size, signed] of KINDS) {
  Deno.test(`parseFormat knows ${what}`, () => {
    const field = fieldOf(made([row]), "x");
    assertEquals([field.kind, field.unit], [kind, { size, signed }]);
  });
}

Deno.test("parseFormat takes a char for a letter where the kernel prints letters", () => {
  assertEquals(fieldOf(made([["char x", 1]], '"x=%c", REC->x'), "x").kind, "char");
});

Deno.test("parseFormat takes an integer for an address where the kernel prints an address", () => {
  const print = '"at %pS %lu", (void *)REC->at, REC->n';
  const format = made([["unsigned long at", 8], ["unsigned long n", 8]], print);
  assertEquals(format.fields.map(({ kind }) => kind), ["address", "integer"]);
});

Deno.test("parseFormat tells text from numbers elsewhere", () => {
  const format = made([["__data_loc char[] a", 4], ["__data_loc u8[] b", 4], ["__rel_loc char[] c", 4]]);
  assertEquals(format.fields.map(({ isText }) => isText), [true, false, true]);
});

Deno.test("parseFormat gives arguments of a system call their declared width and sign", () => {
  const format = fixture("syscalls:sys_enter_openat");
  assertEquals(
    format.fields.map(({ name, size, kind, unit }) => [name, size, kind, unit.size, unit.signed]),
    [
      ["__syscall_nr", 4, "integer", 4, true],
      ["dfd", 8, "integer", 4, true],
      ["filename", 8, "userString", 8, false],
      ["flags", 8, "integer", 4, true],
      ["mode", 8, "integer", 2, false],
    ],
  );
});

Deno.test("parseFormat takes what write(2) writes for data, not for text", () => {
  assertEquals(fieldOf(fixture("syscalls:sys_enter_write"), "buf").kind, "userPointer");
});

Deno.test("parseFormat does not take raw_syscalls:sys_enter for a system call with arguments", () => {
  const format = fixture("raw_syscalls:sys_enter");
  assertEquals([format.isSyscallEnter, fieldOf(format, "args").unit.size], [false, 8]);
});

Deno.test("parseFormat tells the beginning of a system call from its end", () => {
  const begin = fixture("syscalls:sys_enter_openat");
  const end = fixture("syscalls:sys_exit_openat");
  assertEquals([begin.isSyscallEnter, begin.isSyscallExit], [true, false]);
  assertEquals([end.isSyscallEnter, end.isSyscallExit], [false, true]);
});

Deno.test("parseFormat keeps a print format of several lines", () => {
  assertEquals(made([["int x", 4, true]], '"a\n%d", REC->x').print, '"a\n%d", REC->x');
});

Deno.test("stringArguments counts words from the first argument on", () => {
  assertEquals(stringArguments(fixture("syscalls:sys_enter_renameat2")), [1, 3]);
  assertEquals(stringArguments(fixture("syscalls:sys_enter_mount")), [0, 1, 2]);
  assertEquals(stringArguments(fixture("syscalls:sys_enter_write")), []);
  assertEquals(stringArguments(fixture("sched:sched_process_exec")), []);
});

Deno.test("dataLocations are offsets within the record", () => {
  assertEquals(dataLocations(fixture("dma:dma_map_sg")), [8, 24, 28, 32]);
  assertEquals(dataLocations(fixture("sched:sched_switch")), []);
});

Deno.test("symbols are the same object at every look", () => {
  const format = fixture("irq:softirq_entry");
  assertStrictEquals(format.symbols, format.symbols);
});

for (
  const [what, text, message] of [
    ["an empty text", "", 'expected "name: NAME", got ""'],
    ["a text without a number", "name: x\nformat:\n", 'expected "ID: NUMBER", got "name: x'],
    ["a number that is none", "name: x\nID: y\nformat:\n", 'expected "ID: NUMBER", got "ID: y"'],
    ["a text without fields", "name: x\nID: 1\n", 'expected "format:"'],
    [
      "a field without a size",
      "name: x\nID: 1\nformat:\n\tfield:int x;\toffset:8;\tsigned:1;\n",
      'expected "field:TYPE NAME; offset:N; size:N; signed:0 or 1;", got "field:int x;',
    ],
    [
      "a field without a name",
      "name: x\nID: 1\nformat:\n\tfield:*;\toffset:8;\tsize:8;\tsigned:1;\n",
      'expected "field:TYPE NAME; offset:N; size:N; signed:0 or 1;"',
    ],
  ] as const
) {
  Deno.test(`parseFormat refuses ${what} and says what it expected`, () => {
    assertThrows(() => parseFormat(text), SyntaxError, message);
  });
}

Deno.test("parseFormat reads every real format, fields in order and within the record", () => {
  const names = fixtureNames();
  assertEquals(names.length, 24);
  for (const name of names) {
    const { name: own, fields, size } = parseFormat(fixtureText(name));
    assertEquals(own, name.split(":")[1]);
    fields.reduce((end, field) => {
      assertEquals(field.offset >= end && field.offset + field.size <= size, true, `${name}.${field.name}`);
      return field.offset + field.size;
    }, 8);
  }
});

Deno.test("formatText makes what parseFormat reads", () => {
  const { id, fields, size } = parseFormat(formatText([["char a", 1], ["int b", 4, true]]));
  assertEquals([id, size, fields.map(({ offset }) => offset)], [7, 16, [8, 12]]);
});
