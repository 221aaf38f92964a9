/** What a row of the tables of wrong arguments is, and values that are wrong for most parameters. */

import type { EventPipeError } from "../../../mod.ts";

/** A parameter or an option, and what is not to be taken for it. */
export interface Row {
  /** The callable, as public_api_test.ts names it: `layout`, `PerfSource.open`, `PerfSource#lost`. */
  readonly api: string;
  /** The parameter or option; the message must name it. */
  readonly parameter: string;
  /** What the message says in place of the parameter's name. */
  readonly says?: string;
  /** The values that are refused. */
  readonly wrong: readonly unknown[];
  /** The class of the error. */
  readonly error: typeof TypeError | typeof RangeError | typeof EventPipeError;
  /** Whether what is called needs tracefs. */
  readonly tracefs?: true;
  /** Calls with the value in the parameter's place, and with all else in order. */
  call(value: unknown): unknown;
}

/** Passes what the types forbid. */
// deno-lint-ignore no-explicit-any -- that is the point
export function any(value: unknown): any {
  return value;
}

/** What is never an object of options; undefined stands for all defaults. */
export const NO_OPTIONS: readonly unknown[] = [null, 0, NaN, "", "x", true, 1n, () => {}];

/** What is never an object. */
export const NO_OBJECT: readonly unknown[] = [undefined, ...NO_OPTIONS];

/** What is never a number. */
export const NO_NUMBER: readonly unknown[] = [null, "", "1", "x", true, {}, [], [1], 1n, () => {}];

/** What is never a whole number from 0. */
export const NO_COUNT: readonly unknown[] = [...NO_NUMBER, NaN, Infinity, -Infinity, -1, 0.5];

/** What is no index of one of two rings. */
export const NO_RING: readonly unknown[] = [...NO_COUNT, undefined, 2, 2 ** 31, 2 ** 32, 2 ** 53];

/** What is never a text. */
export const NO_TEXT: readonly unknown[] = [undefined, null, 0, NaN, true, {}, [], ["x"], 1n, () => {}];

/** What is never a function. */
export const NO_FUNCTION: readonly unknown[] = [null, 0, NaN, "x", true, {}, [], 1n];

/** What is never true or false. */
export const NO_BOOLEAN: readonly unknown[] = [null, 0, 1, NaN, "", "true", {}, [], 1n, () => {}];

/** What is never a list; undefined stands for none. */
export const NO_LIST: readonly unknown[] = [null, 0, NaN, "0", true, {}, 1n, () => {}];

/** What is no kind of scanner. */
export const NO_SCANNER: readonly unknown[] = [...NO_TEXT.filter((value) => value !== undefined), "", "js"];

/** What is no category that a filter tells apart. */
export const NO_FILTERED: readonly unknown[] = [...NO_COUNT, 1024, 2 ** 32];

/** What is no Uint8Array, though some of it holds bytes. */
export const NO_BYTES: readonly unknown[] = [
  ...NO_OBJECT,
  {},
  [],
  [0, 0, 0, 0],
  { length: 2 ** 32 },
  new ArrayBuffer(1),
  new DataView(new ArrayBuffer(1)),
  new Uint32Array(1),
  new Float64Array(1),
];

/** What is no file descriptor. */
export const NO_FD: readonly unknown[] = [...NO_COUNT, undefined, 2 ** 31, 2 ** 32, 2 ** 32 + 3, 2 ** 53];

/**
 * Rows that differ in the option.
 *
 * @param api The callable.
 * @param error The class of the error.
 * @param call Calls with the options.
 * @param wrong The values that are refused, by option.
 */
export function optionRows(
  api: string,
  error: Row["error"],
  call: (options: Record<string, unknown>) => unknown,
  wrong: Readonly<Record<string, readonly unknown[]>>,
): Row[] {
  return Object.entries(wrong).map(([parameter, values]) => ({
    api,
    parameter,
    wrong: values,
    error,
    call: (value) => call({ [parameter]: value }),
  }));
}
