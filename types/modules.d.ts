/**
 * Types of the npm packages that ship without any: the standard library's npm build and cli-progress. Read by
 * the compiler through `compilerOptions.types` in deno.json, keyed by the names of the import map there. Only
 * what the project calls is declared.
 */

declare module "@std/assert" {
  /** Thrown by every assertion that fails. */
  export class AssertionError extends Error {}
  // deno-lint-ignore no-explicit-any -- an error class may take any constructor arguments
  type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

  export function assert(value: unknown, message?: string): asserts value;
  export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  export function assertFalse(value: unknown, message?: string): asserts value is false;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void;
  /** `tolerance` is absolute; the default is 1e-7 of `expected`. */
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    message?: string,
  ): void;
  export function assertGreater<T>(actual: T, expected: T, message?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertLess<T>(actual: T, expected: T, message?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  export function assertArrayIncludes<T>(
    actual: ArrayLike<T>,
    expected: ArrayLike<T>,
    message?: string,
  ): void;
  export function assertObjectMatch(
    actual: Record<PropertyKey, unknown>,
    expected: Record<PropertyKey, unknown>,
    message?: string,
  ): void;
  export function assertInstanceOf<T>(
    actual: unknown,
    // deno-lint-ignore no-explicit-any -- any class will do
    expected: abstract new (...args: any[]) => T,
    message?: string,
  ): asserts actual is T;
  export function assertThrows(fn: () => unknown, message?: string): unknown;
  export function assertThrows<E extends Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
  export function assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  export function fail(message?: string): never;
}

declare module "@std/cli/parse-args" {
  export interface ParseOptions {
    /** Put what follows `--` in the key `"--"` of the result, in place of `_`. */
    "--"?: boolean;
    /** Other names of an option, by its name. */
    alias?: Record<string, string | readonly string[]>;
    boolean?: readonly string[];
    string?: readonly string[];
    /** Options that may be given more than once: their value is an array. */
    collect?: readonly string[];
    negatable?: readonly string[];
    default?: Record<string, unknown>;
    /** Positionals from the first one on, options or not. */
    stopEarly?: boolean;
    /** Called for each unknown option, and for each positional (then without a key). */
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  export interface ParsedArgs {
    [name: string]: unknown;
    _: (string | number)[];
    "--"?: string[];
  }
  export function parseArgs(args: readonly string[], options?: ParseOptions): ParsedArgs;
}

declare module "@std/text/levenshtein-distance" {
  /** How many characters must be inserted, deleted or replaced to make one text of the other. */
  export function levenshteinDistance(str1: string, str2: string): number;
}

declare module "cli-progress" {
  export interface Options {
    format?: string;
    /** Redraws per second at most. */
    fps?: number;
    stream?: NodeJS.WritableStream;
    barsize?: number;
    barCompleteChar?: string;
    barIncompleteChar?: string;
    hideCursor?: boolean | null;
    clearOnComplete?: boolean;
    stopOnComplete?: boolean;
    /** Print a line per `notTTYSchedule` ms where the stream is no terminal; without it nothing is drawn there. */
    noTTYOutput?: boolean;
    notTTYSchedule?: number;
    linewrap?: boolean | null;
    emptyOnZero?: boolean;
    forceRedraw?: boolean;
    gracefulExit?: boolean;
  }
  export interface Preset {
    format: string;
    barCompleteChar: string;
    barIncompleteChar: string;
  }
  export class SingleBar {
    constructor(options: Options, preset?: Preset);
    start(total: number, startValue: number, payload?: Record<string, unknown>): void;
    update(current: number, payload?: Record<string, unknown>): void;
    update(payload: Record<string, unknown>): void;
    increment(delta?: number, payload?: Record<string, unknown>): void;
    setTotal(total: number): void;
    getProgress(): number;
    stop(): void;
  }
  export class MultiBar {
    constructor(options: Options, preset?: Preset);
    create(total: number, startValue: number, payload?: Record<string, unknown>): SingleBar;
    remove(bar: SingleBar): boolean;
    /** Write a line (which must end in a newline) above the bars. */
    log(line: string): void;
    update(): void;
    stop(): void;
  }
  export const Presets: { legacy: Preset; rect: Preset; shades_classic: Preset; shades_grey: Preset };
}
