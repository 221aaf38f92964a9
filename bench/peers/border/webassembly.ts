/**
 * Calls into WebAssembly and out of it. The module is small enough to be written down: four functions that return what
 * they got, and one that calls an imported function in a loop.
 *
 * @module
 */

import { type Crossing, loopOf } from "./crossing.ts";

/** Types of WebAssembly's binary format. */
const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;
/** A function type. */
const FUNC = 0x60;

/** A section of the format: its number, its length, its content. All lengths here are below 128, so one byte each. */
function section(id: number, content: readonly number[]): number[] {
  return [id, content.length, ...content];
}

/** An exported function. */
function exported(name: string, index: number): number[] {
  return [name.length, ...new TextEncoder().encode(name), 0x00, index];
}

/** A function's body, behind its length. */
function body(code: readonly number[]): number[] {
  return [code.length, ...code];
}

/** local.get 0; end */
const GET = [0x00, 0x20, 0x00, 0x0b];

const MODULE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic and version
  ...section(1, [4, FUNC, 0, 1, I32, FUNC, 1, I32, 1, I32, FUNC, 1, I64, 1, I64, FUNC, 1, F64, 1, F64]),
  ...section(2, [1, 2, 0x6a, 0x73, 1, 0x66, 0x00, 1]), // js.f, of the second type
  ...section(3, [5, 0, 1, 2, 3, 1]),
  ...section(7, [
    5,
    ...exported("none", 1),
    ...exported("i32", 2),
    ...exported("i64", 3),
    ...exported("f64", 4),
    ...exported("calls", 5),
  ]),
  ...section(10, [
    5,
    ...body([0x00, 0x41, 0x01, 0x0b]), // i32.const 1
    ...body(GET),
    ...body(GET),
    ...body(GET),
    ...body([
      ...[0x01, 0x01, I32], // one local, the sum
      ...[0x03, 0x40], // loop
      ...[0x20, 0x01, 0x20, 0x00, 0x10, 0x00, 0x6a, 0x21, 0x01], // sum += f(count)
      ...[0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00], // count -= 1
      ...[0x0d, 0x00, 0x0b], // br_if 0, end
      ...[0x20, 0x01, 0x0b], // the sum
    ]),
  ]),
]);

/**
 * Compiles the module and makes the crossings.
 *
 * @returns The crossings.
 */
export function webAssembly(): Crossing[] {
  const imports = { js: { f: (value: number): number => value & 1 } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MODULE), imports);
  const call = (name: string, text: string, scope: Record<string, unknown> = {}): Crossing =>
    loopOf({
      group: "WebAssembly call",
      name,
      body: text,
      scope: { none: exports.none, i32: exports.i32, i64: exports.i64, f64: exports.f64, ...scope },
    });
  const calls = exports.calls as (count: number) => number;
  return [
    call("() -> i32", "none()"),
    call("(i32) -> i32", "i32(i)"),
    call("(f64) -> f64", "f64(i)"),
    call("(i64) -> i64, BigInts", "i64(wide) === wide ? 1 : 0", { wide: 8n }),
    { group: "WebAssembly's call of an import", name: "(i32) -> i32", run: (count) => calls(count) },
  ];
}
