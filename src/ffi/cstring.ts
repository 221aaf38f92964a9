/**
 * C strings: NUL-terminated bytes in, text out.
 *
 * @module
 */

import { wrongArgument } from "../errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Makes a C string.
 *
 * @param text The text; it must not contain a NUL.
 * @returns Its UTF-8 bytes with a NUL behind them.
 */
export function cstring(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) throw new TypeError("Cannot make a C string: the text contains a NUL");
  return encoder.encode(text + "\0") as Uint8Array<ArrayBuffer>;
}

/**
 * Makes a C string of a text that a caller gave.
 *
 * @param text The text.
 * @param action What it is for, as the end of "Cannot ...".
 * @param name The argument's name.
 * @returns Its UTF-8 bytes with a NUL behind them.
 * @throws {TypeError} If it is no text, or contains a NUL.
 */
export function checkedCstring(text: string, action: string, name: string): Uint8Array<ArrayBuffer> {
  if (typeof text !== "string" || text.includes("\0")) {
    throw wrongArgument(action, name, "a text without a NUL", text);
  }
  return cstring(text);
}

/**
 * Reads the text in front of the first NUL.
 *
 * @param bytes A buffer that holds a C string.
 * @returns The text; all of the buffer where no NUL stands in it.
 */
export function textUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  // A copy, since TextDecoder refuses shared memory.
  return decoder.decode(bytes.slice(0, end < 0 ? bytes.length : end));
}
