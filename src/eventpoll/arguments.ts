/**
 * What can be passed to a system call. Numbers that the call itself refuses are left to it, and their error is its own; what
 * is no number of the call's type at all is refused here, on the model as on the kernel. There it must not arrive: Deno
 * passes numbers to native code unchecked once V8 has optimized the call, so that 2.5 becomes 2 and 2^32 + 3 becomes 3,
 * another file.
 *
 * @module
 */

import { epollMask } from "./events.ts";
import type { EpollEvent } from "./system.ts";

/** The largest data: a u64. */
const MAX_DATA = 2n ** 64n - 1n;

/**
 * Checks what is passed as an int.
 *
 * @param name What it is.
 * @param value The number.
 * @returns The same number.
 * @throws {RangeError} If it is no integer from -2^31 to 2^31 - 1.
 */
export function int(name: string, value: number): number {
  if (typeof value === "number" && (value | 0) === value) return value;
  throw refused(name, "a 32-bit integer", value);
}

/**
 * Checks what is passed as an unsigned int.
 *
 * @param name What it is.
 * @param value The number.
 * @returns The same number.
 * @throws {RangeError} If it is no integer from 0 to 2^32 - 1.
 */
export function unsigned(name: string, value: number): number {
  if (typeof value === "number" && (value >>> 0) === value) return value;
  throw refused(name, "an unsigned 32-bit integer", value);
}

/**
 * Checks a time; those of the model may have fractions.
 *
 * @param name What it is.
 * @param value Milliseconds.
 * @returns The same number.
 * @throws {RangeError} If it is no number, or has no end.
 */
export function time(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw refused(name, "a number of milliseconds", value);
}

/**
 * Checks what is read into or written from.
 *
 * @param value The bytes.
 * @returns The same bytes.
 * @throws {TypeError} If they are no Uint8Array.
 */
export function bytes(value: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) return value;
  throw new TypeError(
    `Cannot make a system call: buffer must be a Uint8Array, current value is ${String(value)}`,
  );
}

/**
 * Checks the event of `epoll_ctl`.
 *
 * @param event The event; null is the null pointer.
 * @returns The same, with its mask unsigned.
 * @throws {TypeError} If it is no event.
 * @throws {RangeError} If its mask has more than 32 bits, or its data more than 64.
 */
export function eventOrNull(event: EpollEvent | null): EpollEvent | null {
  if (event === null) return event;
  if (typeof event !== "object") {
    throw new TypeError(
      `Cannot make a system call: event must be an object with events and data, or null, current value is ${event}`,
    );
  }
  const { data } = event;
  if (typeof data !== "bigint" || data < 0n || data > MAX_DATA) {
    throw refused("data", "a bigint of 64 bits without a sign", data);
  }
  return { events: epollMask(event.events), data };
}

function refused(name: string, what: string, value: unknown): RangeError {
  return new RangeError(
    `Cannot make a system call: ${name} must be ${what}, current value is ${String(value)}`,
  );
}
