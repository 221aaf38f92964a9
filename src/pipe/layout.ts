/**
 * Names for the fields of an event: accessors made from the C struct that the BPF program fills. They read in place,
 * through the event view, and allocate nothing for numbers.
 *
 * @module
 */

import { EVENT } from "../abi/event.ts";
import { checkObject, wrongArgument } from "../errors.ts";
import type { Event } from "./event.ts";

/** The types of numbers, named as the accessors of {@linkcode Event} are; `u64` is a number, `bigU64` a bigint. */
export type ScalarType = "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "bigU64" | "bigI64";

/** The type of a field: a number, an array of numbers such as `u32[4]`, or a text such as `char[16]`. */
export type FieldType = ScalarType | `${ScalarType}[${number}]` | `char[${number}]`;

/** How a field is read. */
export type FieldAccessor<T extends FieldType> = T extends "bigU64" | "bigI64" ? (event: Event) => bigint
  : T extends ScalarType ? (event: Event) => number
  : T extends `big${string}[${number}]` ? (event: Event, index: number) => bigint
  : T extends `char[${number}]` ? (event: Event) => string
  : (event: Event, index: number) => number;

/** Where the fields of a struct are, and how they are read. */
export interface Layout<F extends Readonly<Record<string, FieldType>> = Readonly<Record<string, FieldType>>> {
  /** Bytes of the event from its category on, as `sizeof` has it: with the padding at the struct's end. */
  readonly size: number;
  /** The offset of each field, from the category on. */
  readonly offsets: { readonly [K in keyof F]: number };
  /** A function for each field. An event too short for it is a `RangeError`. */
  readonly get: { readonly [K in keyof F]: FieldAccessor<F[K]> };
}

/** Where a struct begins. */
export interface LayoutOptions {
  /** Whether the struct begins with `struct event` of bpf/event.h, which is not named among the fields; unless given, yes. */
  readonly hasHead?: boolean;
}

const SCALARS: Readonly<Record<ScalarType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  i8: 1,
  i16: 2,
  i32: 4,
  bigU64: 8,
  bigI64: 8,
};

/** The head that is not in the payload of a perf ring: `size` of `struct event`. */
const HIDDEN_BYTES = 4;

/**
 * Lays the fields of a struct out as a C compiler does: each at the next multiple of its size.
 *
 * @param fields The fields behind `struct event`, in order, each with its type.
 * @param options Where the struct begins.
 * @returns Offsets and accessors.
 * @throws {TypeError} If a type is none.
 *
 * @example A struct and its accessors
 * ```ts
 * import { EventPipe, layout, MemorySource } from "@eventpipe/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * // struct exec { struct event head; __u32 pid; __u64 started; char comm[16]; };
 * const exec = layout({ pid: "u32", started: "u64", comm: "char[16]" });
 * assertEquals(exec.offsets, { pid: 12, started: 20, comm: 28 });
 * const { pid, comm } = exec.get;
 *
 * const source = MemorySource.open();
 * using pipe = EventPipe.open({ source });
 * const seen: [number, string][] = [];
 * pipe.register({ name: "exec", layout: exec, process: (event) => void seen.push([pid(event), comm(event)]) });
 *
 * const { payload } = source.writer(0);
 * payload.setUint32(exec.offsets.pid, 42, true);
 * new TextEncoder().encodeInto("cat", new Uint8Array(payload.buffer, payload.byteOffset + exec.offsets.comm));
 * source.writer(0).output(exec.size);
 * pipe.poll(0);
 * assertEquals(seen, [[42, "cat"]]);
 * ```
 */
export function layout<const F extends Readonly<Record<string, FieldType>>>(
  fields: F,
  options: LayoutOptions = {},
): Layout<F> {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw wrongArgument("lay out a struct", "fields", "an object of names and types", fields);
  }
  checkObject(options, "lay out a struct");
  const { hasHead = true } = options;
  if (typeof hasHead !== "boolean") {
    throw wrongArgument("lay out a struct", "hasHead", "true or false", hasHead);
  }
  const hidden = hasHead ? HIDDEN_BYTES : 0;
  const offsets: Record<string, number> = {};
  const get: Record<string, unknown> = {};
  let end = hasHead ? EVENT.bytes + hidden : 0;
  let alignment = hasHead ? 8 : 1;
  for (const [name, type] of Object.entries(fields)) {
    const { base, bytes, length } = parseType(name, type);
    end = roundUp(end, bytes);
    alignment = Math.max(alignment, bytes);
    const offset = end - hidden;
    offsets[name] = offset;
    get[name] = length === null
      ? scalarAccessor(base as ScalarType, offset)
      : base === "char"
      ? (event: Event): string => event.string(offset, length)
      : arrayAccessor(name, base, offset, bytes, length);
    end += bytes * (length ?? 1);
  }
  return { size: roundUp(end, alignment) - hidden, offsets, get } as Layout<F>;
}

function parseType(
  name: string,
  type: string,
): { base: ScalarType | "char"; bytes: number; length: number | null } {
  const match = typeof type === "string" ? /^(\w+?)(?:\[([1-9]\d{0,6})\])?$/.exec(type) : null;
  const [, base = "", length] = match ?? [];
  const isText = base === "char" && length !== undefined;
  if (!isText && !Object.hasOwn(SCALARS, base)) {
    throw new TypeError(
      `Cannot lay out the field "${name}": its type must be one of ${
        Object.keys(SCALARS).join(", ")
      }, an array such as u32[4], or a text such as char[16]; current value is ${String(type)}`,
    );
  }
  return {
    base: base as ScalarType | "char",
    bytes: isText ? 1 : SCALARS[base as ScalarType],
    length: length === undefined ? null : Number(length),
  };
}

/** A function that knows its method, so that V8 compiles it to a load. */
function scalarAccessor(type: ScalarType, offset: number): (event: Event) => number | bigint {
  switch (type) {
    case "u8":
      return (event) => event.u8(offset);
    case "u16":
      return (event) => event.u16(offset);
    case "u32":
      return (event) => event.u32(offset);
    case "u64":
      return (event) => event.u64(offset);
    case "i8":
      return (event) => event.i8(offset);
    case "i16":
      return (event) => event.i16(offset);
    case "i32":
      return (event) => event.i32(offset);
    case "bigU64":
      return (event) => event.bigU64(offset);
    case "bigI64":
      return (event) => event.bigI64(offset);
  }
}

function arrayAccessor(
  name: string,
  type: ScalarType | "char",
  offset: number,
  bytes: number,
  length: number,
): (event: Event, index: number) => number | bigint {
  const method = type as ScalarType;
  return (event, index) => {
    if ((index >>> 0) !== index || index >= length) {
      throw new RangeError(`Cannot read ${name}[${index}]: the array has ${length} elements`);
    }
    return event[method](offset + index * bytes);
  };
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
