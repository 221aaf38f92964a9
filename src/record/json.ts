/**
 * Takes parsed JSON apart that a file held: each function gives the value as what it must be, or says what it is not.
 *
 * @module
 */

/** Whatever `JSON.parse` returns. */
export type Json = unknown;

/**
 * Parses the content of a block.
 *
 * @param content UTF-8 text.
 * @returns What it says.
 * @throws {SyntaxError} If it is no JSON.
 * @throws {TypeError} If it is no UTF-8.
 */
export function parseJson(content: Uint8Array): Json {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
}

/**
 * Takes an object.
 *
 * @param json The value.
 * @param name What it is, for the message.
 * @returns Its members.
 * @throws {TypeError} If it is none.
 */
export function objectOf(json: Json, name: string): Readonly<Record<string, Json>> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`${name} is no object`);
  }
  return json as Record<string, Json>;
}

/**
 * Takes an array.
 *
 * @param json The value.
 * @param name What it is, for the message.
 * @returns Its elements.
 * @throws {TypeError} If it is none.
 */
export function arrayOf(json: Json, name: string): readonly Json[] {
  if (!Array.isArray(json)) throw new TypeError(`${name} is no array`);
  return json;
}

/**
 * Takes a text.
 *
 * @param json The value.
 * @param name What it is, for the message.
 * @returns The text.
 * @throws {TypeError} If it is none.
 */
export function textOf(json: Json, name: string): string {
  if (typeof json !== "string") throw new TypeError(`${name} is no text`);
  return json;
}

/**
 * Takes one of some words.
 *
 * @param json The value.
 * @param name What it is, for the message.
 * @param words The words.
 * @returns The word.
 * @throws {TypeError} If it is none of them.
 */
export function oneOf<const T extends string>(json: Json, name: string, words: readonly T[]): T {
  const found = words.find((word) => word === json);
  if (found === undefined) throw new TypeError(`${name} is none of ${words.join(", ")}`);
  return found;
}

/**
 * Takes an integer.
 *
 * @param json The value.
 * @param name What it is, for the message.
 * @param min The smallest that it may be.
 * @returns The integer, exact.
 * @throws {TypeError} If it is none.
 */
export function integerOf(json: Json, name: string, min: number): number {
  if (!Number.isSafeInteger(json) || (json as number) < min) {
    throw new TypeError(`${name} is no integer of at least ${min}`);
  }
  return json as number;
}
