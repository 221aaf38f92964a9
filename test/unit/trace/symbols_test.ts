/** Print formats become names of values, and what is not understood is left out. */

import { assertEquals } from "@std/assert";
import { parseSymbols, type Symbols, symbolText } from "../../../src/trace/symbols.ts";
import { fixture } from "./_formats.ts";

/** The table of `REC->x`. */
function tableOf(print: string): Symbols | undefined {
  return parseSymbols(print, ["x"]).get("x");
}

function valuesOf(rows: string): readonly (readonly [bigint, string])[] {
  return tableOf(`"%s", __print_symbolic(REC->x, ${rows})`)?.values ?? [];
}

Deno.test("the names of softirq_entry are found", () => {
  const symbols = fixture("irq:softirq_entry").symbols.get("vec")!;
  assertEquals([symbols.kind, symbols.values.length, symbolText(symbols, 3)], ["symbolic", 10, "NET_RX"]);
});

Deno.test("the flags of kmalloc are computed, sets before their parts", () => {
  const symbols = fixture("kmem:kmalloc").symbols.get("gfp_flags")!;
  assertEquals(symbolText(symbols, 0xcc0), "GFP_KERNEL");
  assertEquals(symbolText(symbols, 0xcc0 | 0x100), "GFP_KERNEL|__GFP_ZERO");
  assertEquals(symbolText(symbols, 0), "none");
});

Deno.test("the state of sched_switch has a mask and a name for zero", () => {
  const symbols = fixture("sched:sched_switch").symbols.get("prev_state")!;
  assertEquals([symbols.mask, symbols.zero], [0xffn, "R"]);
  assertEquals([0, 1, 2, 0x81].map((state) => symbolText(symbols, state)), ["R", "S", "D", "S|I"]);
  assertEquals(symbolText(symbols, 0x100), "R|0x100");
});

for (
  const [what, rows, values] of [
    ["decimal, hexadecimal and octal numbers", '{10, "a"}, { 0x1F, "b" }, {010, "c"}', [[10n, "a"], [
      31n,
      "b",
    ], [
      8n,
      "c",
    ]]],
    ["suffixes", '{1UL, "a"}, {2ULL, "b"}, {3u, "c"}', [[1n, "a"], [2n, "b"], [3n, "c"]]],
    ["negative numbers", '{ -9ULL, "a" }', [[0xfffffffffffffff7n, "a"]]],
    ["shifts", '{ (1u << 3), "a" }, { 1ULL << 40, "b" }', [[8n, "a"], [1n << 40n, "b"]]],
    ["casts", '{ ( unsigned long)(( gfp_t)((((1UL))) << (10))), "a" }', [[1024n, "a"]]],
    ["operators in their order", '{ 1 | 2 << 2 & ~8, "a" }, { 10 - 3 - 2, "b" }', [[1n, "a"], [5n, "b"]]],
    ["texts with commas, brackets and quotes", '{ 1, "a, (b} \\"c\\"" }', [[1n, 'a, (b} "c"']]],
    ["texts in pieces", '{ 1, "KVM_EXIT_" "IO" }', [[1n, "KVM_EXIT_IO"]]],
  ] as const
) {
  Deno.test(`parseSymbols reads ${what}`, () => {
    assertEquals(valuesOf(rows), values as readonly (readonly [bigint, string])[]);
  });
}

Deno.test("parseSymbols leaves out rows it does not understand", () => {
  const rows =
    '{ TCP_CLOSE, "a" }, { 1 << BIT, "b" }, { f(1), "c" }, { 1 << 64, "d" }, { 5, NAME }, { 6, "f" }';
  assertEquals(valuesOf(rows), [[6n, "f"]]);
});

for (
  const [what, print] of [
    ["an expression of a field", '__print_symbolic(REC->x >> 3, {1, "a"})'],
    ["a constant", '__print_symbolic(2, {1, "a"})'],
    ["an element", '__print_symbolic(REC->x[0], {1, "a"})'],
    ["a field it was not asked for", '__print_symbolic(REC->y, {1, "a"})'],
    ["a table without a row", "__print_symbolic(REC->x, {A, B})"],
    ["a text that ends too early", '__print_flags(REC->x, "|", {1, "a"'],
  ] as const
) {
  Deno.test(`parseSymbols finds no table for ${what}`, () => {
    const found = tableOf(print);
    // Cut off in a row, the rows before it would be kept.
    assertEquals(found?.values ?? [], []);
  });
}

Deno.test("parseSymbols takes the first of two tables", () => {
  const print = '__print_symbolic((u8)REC->x, {1, "first"}), __print_symbolic(REC->x, {1, "second"})';
  assertEquals(tableOf(print)?.values, [[1n, "first"]]);
});

Deno.test("symbolText shows flags without a name in hexadecimal, and nothing where none has one", () => {
  const flags = tableOf('__print_flags(REC->x, "", {1, "a"}, {2, "b"})')!;
  assertEquals(symbolText(flags, 3), "a|b");
  assertEquals(symbolText(flags, 17), "a|0x10");
  assertEquals(symbolText(flags, 16), null);
  assertEquals(symbolText(flags, 0), null);
});

Deno.test("symbolText names zero by its row, and other values without it", () => {
  const flags = tableOf('__print_flags(REC->x, "|", {0, "none"}, {1, "a"})')!;
  assertEquals([symbolText(flags, 0), symbolText(flags, 1)], ["none", "a"]);
});

Deno.test("symbolText keeps the kernel's delimiter", () => {
  assertEquals(symbolText(tableOf('__print_flags(REC->x, " + ", {1, "a"}, {2, "b"})')!, 3), "a + b");
});

Deno.test("symbolText compares negative and large values as the kernel does", () => {
  const symbols = tableOf('__print_symbolic(REC->x, {-1, "none"}, {0, "zero"})')!;
  assertEquals([-1, 0xffffffffffffffffn, 0, 5].map((value) => symbolText(symbols, value)), [
    "none",
    "none",
    "zero",
    null,
  ]);
});
