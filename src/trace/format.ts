/**
 * Parses the `format` file of a tracepoint: which fields its record has, where they stand and how they are read. The
 * decoder, the catalog and the backends read no format file but through this.
 *
 * @module
 */

import { bareType, type IntegerShape, integerShape, isPointer } from "./c_types.ts";
import { parseSymbols, type Symbols } from "./symbols.ts";

/**
 * How a field is read:
 *
 * - `integer`: of `unit`
 * - `bool`: a byte, true unless zero
 * - `char`: a byte that the kernel prints as a letter; a `char` it prints as a number is an integer
 * - `charArray`: text that ends at a NUL or at the field's end
 * - `array`: integers of `unit`, as many as fit
 * - `dataLoc`, `relLoc`: a word that says where text or integers of `unit` stand in the record
 * - `kernelPointer`: an address of the kernel
 * - `address`: an integer that the kernel prints as an address, which may be the kernel's or a program's
 * - `userPointer`: an address of the program, in a system call
 * - `userString`: the address of a text of the program, in a system call
 */
export type FieldKind =
  | "integer"
  | "bool"
  | "char"
  | "charArray"
  | "array"
  | "dataLoc"
  | "relLoc"
  | "kernelPointer"
  | "address"
  | "userPointer"
  | "userString";

/** A field of a record. */
export interface Field {
  readonly name: string;
  /** The C type, such as `const char *`, `u8[16]` or `__data_loc char[]`. */
  readonly type: string;
  /** Where it stands, in bytes from the record's beginning, common fields included. */
  readonly offset: number;
  /** Bytes it fills there. */
  readonly size: number;
  /** Whether the file calls it signed; `unit` tells how it is read. */
  readonly signed: boolean;
  readonly kind: FieldKind;
  /** One integer of it: the field itself, an element of an array, or what a location points to. */
  readonly unit: IntegerShape;
  /** Whether a location points to text. */
  readonly isText: boolean;
}

/** A tracepoint's record. */
export interface EventFormat {
  /** The name without its category. */
  readonly name: string;
  /** The number of the event on this kernel, until it boots again. */
  readonly id: number;
  /** What each record begins with: `common_type` and its like. */
  readonly common: readonly Field[];
  /** The event's own fields, in the order of the file. */
  readonly fields: readonly Field[];
  /** Bytes of the record without what locations point to, common fields included. */
  readonly size: number;
  /** Whether it is `sys_enter_NAME`: then fields from byte 16 on are the arguments of a system call, a word each. */
  readonly isSyscallEnter: boolean;
  /** Whether it is `sys_exit_NAME`. */
  readonly isSyscallExit: boolean;
  /** How the kernel prints it. */
  readonly print: string;
  /** Names of values by field; parsed when first asked for. */
  readonly symbols: ReadonlyMap<string, Symbols>;
}

/** Own fields begin here, behind `common_type`, `common_flags`, `common_preempt_count` and `common_pid`. */
export const COMMON_BYTES = 8;

/** The first argument of a system call, behind `__syscall_nr` and its padding. */
const FIRST_ARGUMENT = 16;
const WORD = 8;

/** The program's texts: `const char *` but for these, which are data with a length. */
const DATA_ARGUMENTS = new Set(["buf", "u_msg_ptr"]);
/** And these, which old calls take as `char *`. */
const TEXT_ARGUMENTS = new Set(["filename", "dev_name", "dir_name", "type"]);

/**
 * Parses a format file.
 *
 * @param text The text of `events/CATEGORY/NAME/format`.
 * @returns The format.
 * @throws {SyntaxError} If a part is missing or a field cannot be read; the message says what was expected.
 */
export function parseFormat(text: string): EventFormat {
  const [head = "", ...tail] = text.split(/^print fmt: /m);
  const print = tail.join("print fmt: ").trimEnd();
  const lines = head.split("\n");
  const name = headLine(lines, "name", /^name:\s*(\S+)\s*$/);
  const id = Number(headLine(lines, "ID", /^ID:\s*(\d+)\s*$/));
  if (!lines.some((line) => line.startsWith("format:"))) throw unexpected('"format:"', text);

  const declared = lines.filter((line) => /^\s+\S/.test(line)).map(parseField);
  const own = declared.filter(({ name }) => !name.startsWith("common_"));
  const isSyscall = own[0]?.name === "__syscall_nr";
  const isSyscallEnter = isSyscall && name.startsWith("sys_enter_");
  const addresses = new Set(Array.from(print.matchAll(/\(void \*\)\s*\(*REC->(\w+)/g), ([, field]) => field));
  const printsLetters = /%-?\d*c/.test(print);
  const toField = (each: Declaration): Field => ({
    ...each,
    ...shapeOf(each, isSyscallEnter ? name : null, addresses, printsLetters),
  });
  const fields = own.map(toField);
  let symbols: ReadonlyMap<string, Symbols> | undefined;
  return {
    name,
    id,
    common: declared.filter(({ name }) => name.startsWith("common_")).map(toField),
    fields,
    size: declared.reduce((size, field) => Math.max(size, field.offset + field.size), 0),
    isSyscallEnter,
    isSyscallExit: isSyscall && name.startsWith("sys_exit_"),
    print,
    get symbols(): ReadonlyMap<string, Symbols> {
      return symbols ??= parseSymbols(print, fields.filter(hasSymbols).map(({ name }) => name));
    },
  };
}

/**
 * Which arguments of a system call are texts of the program.
 *
 * @param format The format of `sys_enter_NAME`; another one has none.
 * @returns Their indexes, 0 to 5, in order.
 */
export function stringArguments(format: EventFormat): number[] {
  if (!format.isSyscallEnter) return [];
  return format.fields
    .filter(({ kind }) => kind === "userString")
    .map(({ offset }) => (offset - FIRST_ARGUMENT) / WORD);
}

/**
 * Where the `__data_loc` words of a record stand.
 *
 * @param format The format.
 * @returns Their offsets in bytes from the record's beginning, in order.
 */
export function dataLocations(format: EventFormat): number[] {
  return format.fields.filter(({ kind }) => kind === "dataLoc").map(({ offset }) => offset);
}

/** A field as it is written down. */
type Declaration = Pick<Field, "name" | "type" | "offset" | "size" | "signed">;

function parseField(line: string): Declaration {
  const match = /^\s+field:(.*);\s*offset:(\d+);\s*size:(\d+);\s*signed:([01]);\s*$/.exec(line);
  const declaration = /^(.*\W)(\w+)(\[[^\]]*\])?$/.exec(match?.[1]?.trim() ?? "");
  if (match === null || declaration === null) {
    throw unexpected('"field:TYPE NAME; offset:N; size:N; signed:0 or 1;"', line.trim());
  }
  const [, type = "", name = "", dimension = ""] = declaration;
  const [, , offset, size, signed] = match;
  return {
    name,
    type: `${type.trim()}${dimension}`,
    offset: Number(offset),
    size: Number(size),
    signed: signed === "1",
  };
}

type Shape = Pick<Field, "kind" | "unit" | "isText">;

function shapeOf(
  { name, type, size, signed }: Declaration,
  syscall: string | null,
  addresses: ReadonlySet<string | undefined>,
  printsLetters: boolean,
): Shape {
  const unit = { size, signed };
  const [, location, target = ""] = /^__(data|rel)_loc\s+(.*?)(?:\[\])?$/.exec(type) ?? [];
  if (location !== undefined) {
    const kind = location === "data" ? "dataLoc" : "relLoc";
    return { kind, unit: elementShape(target), isText: bareType(target) === "char" };
  }
  const [, element, length = ""] = /^(.*?)\[([^\]]*)\]$/.exec(type) ?? [];
  if (element !== undefined) {
    if (bareType(element) === "char") return { kind: "charArray", unit: elementShape("char"), isText: true };
    const count = Number(length);
    const width = count > 0 && size % count === 0 ? size / count : integerShape(element)?.size ?? 1;
    return {
      kind: "array",
      unit: isWidth(width) ? { size: width, signed } : elementShape(""),
      isText: false,
    };
  }
  if (syscall !== null) return { ...argumentShape(name, type, syscall), isText: false };
  if (isPointer(type)) return { kind: "kernelPointer", unit, isText: false };
  // A struct by value.
  if (!isWidth(size)) return { kind: "array", unit: elementShape(""), isText: false };
  const bare = bareType(type);
  if (size === 1 && (bare === "bool" || bare === "_Bool")) return { kind: "bool", unit, isText: false };
  if (size === 1 && bare === "char" && printsLetters) return { kind: "char", unit, isText: true };
  return { kind: size === WORD && addresses.has(name) ? "address" : "integer", unit, isText: false };
}

/** An argument fills a word, whatever its type; what stands beyond its type is left over from a register. */
function argumentShape(name: string, type: string, syscall: string): Pick<Field, "kind" | "unit"> {
  const unit = integerShape(type) ?? { size: WORD, signed: false };
  if (!isPointer(type)) return { kind: "integer", unit };
  const isConst = /\bconst\b/.test(type);
  const isText = bareType(type) === "char *" &&
    (isConst
      ? !DATA_ARGUMENTS.has(name)
      : TEXT_ARGUMENTS.has(name) || (name === "name" && syscall === "sys_enter_umount"));
  return { kind: isText ? "userString" : "userPointer", unit };
}

/** What an array of a type is read as; bytes where the type is not known. */
function elementShape(type: string): IntegerShape {
  return integerShape(type) ?? { size: 1, signed: false };
}

function isWidth(size: number): boolean {
  return size === 1 || size === 2 || size === 4 || size === 8;
}

function hasSymbols({ kind }: Field): boolean {
  return kind === "integer" || kind === "bool";
}

function headLine(lines: readonly string[], what: string, pattern: RegExp): string {
  const line = lines.find((line) => line.startsWith(`${what}:`));
  const value = pattern.exec(line ?? "")?.[1];
  if (value === undefined) {
    throw unexpected(`"${what}: ${what === "ID" ? "NUMBER" : "NAME"}"`, line ?? lines.join("\n"));
  }
  return value;
}

function unexpected(expected: string, text: string): SyntaxError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return new SyntaxError(`Cannot parse event format: expected ${expected}, got ${JSON.stringify(shown)}`);
}
