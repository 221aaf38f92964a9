/**
 * The errors this library throws for conditions a caller can act on. Wrong arguments are `TypeError` and
 * `RangeError`; lost events are data, not errors; EINTR never leaves the library.
 *
 * @module
 */

import { errnoName } from "./abi/errno.ts";

/**
 * What went wrong, for a program to act on:
 *
 * - `NOT_PERMITTED`: a capability, a sysctl or a Deno permission is missing
 * - `NOT_SUPPORTED`: this kernel, library or machine cannot do it
 * - `LIBRARY`: a shared library or one of its symbols is missing
 * - `VERIFIER`: the kernel refused a BPF program
 * - `NOT_FOUND`: a program, map or variable of that name does not exist
 * - `SYSCALL`: any other failing system or library call
 * - `CLOSED`: the object was closed before
 * - `STALE_EVENT`: an event was used outside its `process` call
 * - `UNKNOWN_CATEGORY`: an event named a category without a handler
 */
export type EventPipeErrorCode =
  | "NOT_PERMITTED"
  | "NOT_SUPPORTED"
  | "LIBRARY"
  | "VERIFIER"
  | "NOT_FOUND"
  | "SYSCALL"
  | "CLOSED"
  | "STALE_EVENT"
  | "UNKNOWN_CATEGORY";

/** The base of all errors of this library. The message says what was tried, what came back, what to do. */
export class EventPipeError extends Error {
  /** Always `EventPipeError`. */
  override readonly name: string = "EventPipeError";
  /** What went wrong, for a program to act on. */
  readonly code: EventPipeErrorCode;

  /**
   * Makes an error.
   *
   * @param message What was tried, what came back, what to do.
   * @param code What went wrong, for a program to act on.
   * @param cause The failing call, library or verifier run beneath it.
   */
  constructor(message: string, code: EventPipeErrorCode, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** A system call, or a libbpf function that reports like one, returned an error. */
export class SyscallError extends Error {
  /** Always `SyscallError`. */
  override readonly name = "SyscallError";
  /** The call, such as `perf_event_open`. */
  readonly syscall: string;
  /** The positive error number. */
  readonly errno: number;
  /** The name of the error number, such as `EPERM`. */
  readonly code: string;

  /**
   * Makes an error from what a call left behind.
   *
   * @param syscall The call, such as `perf_event_open`.
   * @param errno The positive error number.
   */
  constructor(syscall: string, errno: number) {
    super(`${syscall} returned ${errnoName(errno)} (${errno})`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

/** The kernel's verifier refused a BPF program. */
export class VerifierError extends Error {
  /** Always `VerifierError`. */
  override readonly name = "VerifierError";
  /** The verifier's whole log. */
  readonly log: string;

  /**
   * Makes an error whose message is the verifier's last word.
   *
   * @param log The verifier's whole log.
   */
  constructor(log: string) {
    const lines = log.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("processed "));
    super(`the verifier said: ${lines.at(-1) ?? "nothing"}`);
    this.log = log;
  }
}

/** A shared library, or a symbol of it, is missing. */
export class LibraryError extends Error {
  /** Always `LibraryError`. */
  override readonly name = "LibraryError";
  /** The library's file name, such as `libbpf.so.1`. */
  readonly library: string;
  /** The missing symbol, or null if the library itself is missing. */
  readonly symbol: string | null;

  /**
   * Makes an error.
   *
   * @param library The library's file name.
   * @param symbol The missing symbol, or null if the library itself is missing.
   * @param cause What the dynamic loader said.
   */
  constructor(library: string, symbol: string | null, cause?: unknown) {
    super(symbol === null ? `${library} cannot be opened` : `${library} has no ${symbol}`, { cause });
    this.library = library;
    this.symbol = symbol;
  }
}

const NOT_PERMITTED = new Set(["EPERM", "EACCES"]);
const NOT_SUPPORTED = new Set(["ENOSYS", "EOPNOTSUPP", "ENOTSUPP", "ENODEV"]);

/**
 * Makes the error for a failed system call.
 *
 * @param action What was tried, as the end of "Cannot ...".
 * @param syscall The call, such as `perf_event_open`.
 * @param errno The positive error number.
 * @param advice What to do about it, as a clause; empty if nothing is known.
 * @returns The error, to be thrown by the caller.
 */
export function syscallFailed(action: string, syscall: string, errno: number, advice = ""): EventPipeError {
  const cause = new SyscallError(syscall, errno);
  const code = NOT_PERMITTED.has(cause.code)
    ? "NOT_PERMITTED"
    : NOT_SUPPORTED.has(cause.code)
    ? "NOT_SUPPORTED"
    : "SYSCALL";
  return new EventPipeError(
    `Cannot ${action}: ${cause.message}${advice === "" ? "" : `; ${advice}`}`,
    code,
    cause,
  );
}

/**
 * Makes the error for the use of a closed object.
 *
 * @param action What was tried, as the end of "Cannot ...".
 * @param thing What is closed, such as `the pipe`.
 * @returns The error, to be thrown by the caller.
 */
export function closedError(action: string, thing: string): EventPipeError {
  return new EventPipeError(`Cannot ${action}: ${thing} is closed`, "CLOSED");
}

/**
 * Makes the error for an argument of the wrong kind.
 *
 * @param action What was tried, as the end of "Cannot ...".
 * @param name The argument, or the option of it.
 * @param wanted What it must be, such as `a function`.
 * @param value What it is.
 * @returns The error, to be thrown by the caller.
 */
export function wrongArgument(action: string, name: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`Cannot ${action}: ${name} must be ${wanted}, current value is ${describe(value)}`);
}

/**
 * Checks that an argument is an object, such as one of options.
 *
 * @param value The argument.
 * @param action What is tried, as the end of "Cannot ...".
 * @param name The argument's name.
 * @throws {TypeError} If it is none.
 */
export function checkObject(value: unknown, action: string, name = "options"): void {
  if (typeof value !== "object" || value === null) throw wrongArgument(action, name, "an object", value);
}

/** A value in a message: that of a text in quotes; of what has many words, what it is. */
function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? Object.prototype.toString.call(value) : String(value);
}
