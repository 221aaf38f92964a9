/**
 * Formats for tests: those of a real kernel in test/fixtures/trace/formats, and made ones with just the fields of a test.
 * Records are made by name of field, as the kernel would fill them.
 */

import { fileURLToPath } from "node:url";
import type { Decoded } from "../../../src/trace/decode.ts";
import { COMMON_BYTES, type EventFormat, type Field, parseFormat } from "../../../src/trace/format.ts";

const FOLDER = fileURLToPath(new URL("../../fixtures/trace/formats/", import.meta.url));

/** The names of all real formats, as `category:name`. */
export function fixtureNames(): string[] {
  return Array.from(Deno.readDirSync(FOLDER), ({ name }) => name.replace(/\.format$/, "").replace(".", ":"))
    .sort();
}

/** The text of a real format. */
export function fixtureText(name: string): string {
  return Deno.readTextFileSync(`${FOLDER}${name.replace(":", ".")}.format`);
}

/** A real format. */
export function fixture(name: string): EventFormat {
  return parseFormat(fixtureText(name));
}

const COMMON = [
  "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;",
  "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;",
  "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;",
  "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;",
];

/** A field to be made: its declaration in C, its size, and whether it is signed. */
export type FieldRow = readonly [declaration: string, size: number, signed?: boolean];

/** The text of a format with these fields, one behind the other, each aligned to its size up to a word. */
export function formatText(rows: readonly FieldRow[], print = '""', name = "made"): string {
  let offset = COMMON_BYTES;
  const fields = rows.map(([declaration, size, signed = false]) => {
    const alignment = [8, 4, 2].find((width) => size % width === 0 && size > 0) ?? 1;
    offset = Math.ceil(offset / alignment) * alignment;
    const line = `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed ? 1 : 0};`;
    offset += size;
    return line;
  });
  return `name: ${name}\nID: 7\nformat:\n${[...COMMON, "", ...fields].join("\n")}\n\nprint fmt: ${print}\n`;
}

/** A format with these fields. */
export function made(rows: readonly FieldRow[], print?: string, name?: string): EventFormat {
  return parseFormat(formatText(rows, print, name));
}

/** A field of a format. */
export function fieldOf(format: EventFormat, name: string): Field {
  const field = format.fields.find((field) => field.name === name);
  if (field === undefined) throw new Error(`${format.name} has no field ${name}`);
  return field;
}

/** What a test puts into a field: an integer, or bytes as they stand there. */
export type Content = number | bigint | string | readonly number[];

/** A record from its byte 8 on; `behind` stands behind the static fields. */
export function record(
  format: EventFormat,
  content: Record<string, Content>,
  behind: Content = [],
): DataView {
  const tail = bytesOf(behind);
  const bytes = new Uint8Array(format.size - COMMON_BYTES + tail.length);
  const view = new DataView(bytes.buffer);
  bytes.set(tail, format.size - COMMON_BYTES);
  for (const [name, value] of Object.entries(content)) {
    const { offset, size } = fieldOf(format, name);
    const at = offset - COMMON_BYTES;
    if (typeof value === "number" || typeof value === "bigint") {
      for (let i = 0; i < size; i++) bytes[at + i] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn);
    } else {
      bytes.set(bytesOf(value).slice(0, size), at);
    }
  }
  return view;
}

function bytesOf(value: Content): Uint8Array {
  return typeof value === "string"
    ? new TextEncoder().encode(value)
    : Uint8Array.from(value as readonly number[]);
}

/** The word of a location: where it begins, counted from the record's beginning, and how many bytes it has. */
export function location(offset: number, bytes: number): number {
  return bytes * 0x10000 + offset;
}

/** A decoded record as one line of JSON, big integers as text. */
export function jsonLine(decoded: Decoded): string {
  return JSON.stringify(decoded, (_, value) => typeof value === "bigint" ? String(value) : value);
}

/** Numbers from 0 to 2^32 - 1 that look random and come again with the same seed (xorshift). */
export function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
