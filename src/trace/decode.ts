/**
 * Turns a tracepoint's record into values, by its format. Both backends hand records over from their byte 8 on. What a
 * record does not hold becomes null with a reason: a record is never refused, and nothing is read beyond its end.
 *
 * @module
 */

import { errnoName } from "../abi/errno.ts";
import { COMMON_BYTES, type EventFormat, type Field } from "./format.ts";
import type { Value } from "./model.ts";

/** A decoded record. */
export interface Decoded {
  /** The fields by name, in the order of the format. */
  readonly args: Record<string, Value>;
  /** Why fields are null, by name; absent where none is. */
  readonly reasons?: Record<string, string>;
}

/**
 * Decodes one record.
 *
 * @param view Where the record stands.
 * @param start Where its byte 8 stands in the view.
 * @param bytes Its length from there on.
 * @param strings The texts of a system call's arguments in their order: the text, or a negative error number.
 * @returns The fields. Never throws.
 */
export type Decoder = (
  view: DataView,
  start: number,
  bytes: number,
  strings: readonly (string | number)[],
) => Decoded;

/** Why a field is null. */
export const REASON = {
  outside: "outside of the record",
  kernelPointer: "kernel pointer",
  nullPointer: "null pointer",
  notInMemory: "not in memory",
  notRead: "not read",
} as const;

/** What readers return where there is no value. */
class Missing {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

type Reader = (
  view: DataView,
  start: number,
  end: number,
  strings: readonly (string | number)[],
) => Value | Missing;

const OUTSIDE = new Missing(REASON.outside);
const KERNEL_POINTER = new Missing(REASON.kernelPointer);
const NULL_POINTER = new Missing(REASON.nullPointer);
const NOT_READ = new Missing(REASON.notRead);

const utf8 = new TextDecoder();

/**
 * Makes the decoder of an event. It leaves out the common fields and `__syscall_nr`, which the event's name tells.
 *
 * @param format The event's format.
 * @returns The decoder.
 */
export function makeDecoder(format: EventFormat): Decoder {
  const fields = format.fields.filter(({ name }) => name !== "__syscall_nr");
  const names = fields.map(({ name }) => name);
  let strings = 0;
  const readers = fields.map((field) =>
    field.kind === "userString" ? stringReader(field, strings++) : reader(field)
  );
  return (view, start, bytes, strings) => {
    const args: Record<string, Value> = {};
    let reasons: Record<string, string> | undefined;
    const end = Math.min(start + bytes, view.byteLength);
    for (let i = 0; i < readers.length; i++) {
      const value = readers[i]!(view, start, end, strings);
      if (value instanceof Missing) {
        args[names[i]!] = null;
        (reasons ??= {})[names[i]!] = value.reason;
      } else {
        args[names[i]!] = value;
      }
    }
    return reasons === undefined ? { args } : { args, reasons };
  };
}

function reader(field: Field): Reader {
  if (field.kind === "kernelPointer") return () => KERNEL_POINTER;
  const { size } = field;
  const place = field.offset - COMMON_BYTES;
  if (place < 0) return () => OUTSIDE;
  const read = placedReader(field);
  return (view, start, end) => {
    const at = start + place;
    return at + size > end ? OUTSIDE : read(view, at, end, start);
  };
}

/** Reads a field that stands in the record at a place. */
type PlacedReader = (view: DataView, at: number, end: number, start: number) => Value | Missing;

function placedReader({ kind, size, unit, isText }: Field): PlacedReader {
  const read = integerReader(unit.size, unit.signed);
  switch (kind) {
    case "bool":
      return (view, at) => view.getUint8(at) !== 0;
    case "char":
      return (view, at) => String.fromCharCode(view.getUint8(at));
    case "charArray":
      return (view, at) => textAt(view, at, at + size);
    case "array":
      return (view, at) => elements(view, at, size, unit.size, read);
    case "dataLoc":
    case "relLoc":
      return (view, at, end, start) => {
        const word = view.getUint32(at, true);
        // <trace/stages/stage1_struct_define.h>: a location counts from the record, a relative one from its own end.
        const from = (kind === "dataLoc" ? start - COMMON_BYTES : at + 4) + (word & 0xffff);
        const bytes = word >>> 16;
        if (from < start || from + bytes > end) return OUTSIDE;
        return isText ? textAt(view, from, from + bytes) : elements(view, from, bytes, unit.size, read);
      };
    case "address":
      return (view, at) =>
        view.getInt32(at + 4, true) < 0 ? KERNEL_POINTER : hexadecimal(view.getBigUint64(at, true));
    case "userPointer":
      return (view, at) => hexadecimal(view.getBigUint64(at, true));
    default:
      return read;
  }
}

/** The `index`-th text of a system call: the record holds its address only. */
function stringReader({ offset }: Field, index: number): Reader {
  const place = offset - COMMON_BYTES;
  return (view, start, end, strings) => {
    const string = strings[index];
    if (typeof string === "string") return string;
    const at = start + place;
    if (at + 8 > end) return OUTSIDE;
    if (view.getUint32(at, true) === 0 && view.getUint32(at + 4, true) === 0) return NULL_POINTER;
    if (string === undefined) return NOT_READ;
    const name = errnoName(-string);
    return new Missing(name === "EFAULT" ? REASON.notInMemory : name);
  };
}

type IntegerReader = (view: DataView, at: number) => number | bigint;

function integerReader(size: number, signed: boolean): IntegerReader {
  switch (size) {
    case 1:
      return signed ? (view, at) => view.getInt8(at) : (view, at) => view.getUint8(at);
    case 2:
      return signed ? (view, at) => view.getInt16(at, true) : (view, at) => view.getUint16(at, true);
    case 4:
      return signed ? (view, at) => view.getInt32(at, true) : (view, at) => view.getUint32(at, true);
  }
  return (view, at) => {
    const low = view.getUint32(at, true);
    const high = signed ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
    // 2^53 - 1 is the last number that is surely itself; at -2^53 the low word tells.
    if (high < 0x200000 && (high > -0x200000 || (high === -0x200000 && low > 0))) return high * 2 ** 32 + low;
    return signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
  };
}

function elements(view: DataView, at: number, bytes: number, size: number, read: IntegerReader): Value {
  const values: (number | bigint)[] = [];
  for (let from = 0; from + size <= bytes; from += size) values.push(read(view, at + from));
  return values;
}

/**
 * Reads a text.
 *
 * @param view Where it stands.
 * @param at Where it begins.
 * @param end Where it ends, unless a NUL ends it before.
 * @returns The text; what is no UTF-8 becomes U+FFFD.
 */
export function textAt(view: DataView, at: number, end: number): string {
  // Letters one by one would make a chain of strings, which is dear from some twelve letters on.
  const codes: number[] = [];
  for (let i = at; i < end; i++) {
    const byte = view.getUint8(i);
    if (byte === 0) break;
    if (byte >= 0x80) return anyText(view, at, end);
    codes.push(byte);
  }
  return String.fromCharCode.apply(null, codes);
}

/** The same where it is not ASCII; a letter cut in two becomes U+FFFD. */
function anyText(view: DataView, at: number, end: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, end - at);
  const nul = bytes.indexOf(0);
  return utf8.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}

function hexadecimal(value: bigint): string {
  return `0x${value.toString(16)}`;
}
