/**
 * Calls of C functions through the FFI border, by the types of their signatures. The functions are those of libc that do
 * next to nothing.
 *
 * @module
 */

import { awaitedLoopOf, type Crossing, loopOf } from "./crossing.ts";

/** `struct in_addr` of <netinet/in.h>, and `div_t` of <stdlib.h>. */
const IN_ADDR = { struct: ["u32"] } as const;
const DIV_T = { struct: ["i32", "i32"] } as const;

const SYMBOLS = {
  getpagesize: { parameters: [], result: "i32" },
  abs: { parameters: ["i32"], result: "i32" },
  /** The same on a thread of its own. */
  abs_nonblocking: { name: "abs", parameters: ["i32"], result: "i32", nonblocking: true },
  copysign: { parameters: ["f64", "f64"], result: "f64" },
  ffsll: { parameters: ["u64"], result: "i32" },
  llabs: { parameters: ["i64"], result: "i64" },
  strlen_pointer: { name: "strlen", parameters: ["pointer"], result: "i32" },
  strlen_buffer: { name: "strlen", parameters: ["buffer"], result: "i32" },
  inet_lnaof: { parameters: [IN_ADDR], result: "u32" },
  div: { parameters: ["i32", "i32"], result: DIV_T },
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Opens libc and makes the crossings.
 *
 * @returns The crossings; libc stays open.
 */
export function calls(): Crossing[] {
  const { symbols } = Deno.dlopen("libc.so.6", SYMBOLS);
  const empty = new Uint8Array(8); // the empty string
  const pointer = Deno.UnsafePointer.of(empty);
  const address = new Uint8Array([127, 0, 0, 1]);
  const dlopen = (name: string, body: string, scope: Record<string, unknown> = {}): Crossing =>
    loopOf({ group: "FFI call through dlopen", name, body, scope: { ...symbols, ...scope } });
  return [
    dlopen("() -> i32", "getpagesize()"),
    dlopen("(i32) -> i32", "abs(i)"),
    dlopen("(f64, f64) -> f64", "copysign(i, -1)"),
    dlopen("(u64) -> i32, a number", "ffsll(i)"),
    dlopen("(u64) -> i32, a BigInt", "ffsll(wide)", { wide: 8n }),
    dlopen("(i64) -> i64, a BigInt back", "llabs(i) === wide ? 1 : 0", { wide: 8n }),
    dlopen("(pointer) -> i32", "strlen_pointer(pointer)", { pointer }),
    dlopen("(buffer) -> i32", "strlen_buffer(empty)", { empty }),
    dlopen("(struct of 4 B) -> u32", "inet_lnaof(address)", { address }),
    dlopen("(i32, i32) -> struct of 8 B", "div(i, 3)[0]"),
    ...pointerCalls(symbols.dlsym),
    awaitedLoopOf({
      group: "FFI call, nonblocking",
      name: "(i32) -> i32, awaited",
      body: "abs_nonblocking(i)",
      scope: symbols,
    }),
  ];
}

/** The same functions through pointers, as from a table of functions. */
function pointerCalls(dlsym: (handle: null, name: BufferSource) => Deno.PointerValue): Crossing[] {
  const find = <T>(name: string): Deno.PointerObject<T> =>
    dlsym(null, new TextEncoder().encode(`${name}\0`)) as Deno.PointerObject<T>;
  const getpagesize = new Deno.UnsafeFnPointer(find("getpagesize"), SYMBOLS.getpagesize);
  const abs = new Deno.UnsafeFnPointer(find("abs"), SYMBOLS.abs);
  const group = "FFI call through UnsafeFnPointer";
  return [
    loopOf({ group, name: "() -> i32", body: "getpagesize.call()", scope: { getpagesize } }),
    loopOf({ group, name: "(i32) -> i32", body: "abs.call(i)", scope: { abs } }),
  ];
}
