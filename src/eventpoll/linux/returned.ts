/**
 * What a system call returned: a number, or an error that has the same shape as the model's.
 *
 * @module
 */

import { errnoName } from "../../abi/errno.ts";
import { EpollError } from "../errors.ts";

/**
 * Looks at what a call returned.
 *
 * Errno: written as `returned("call", libc().call(...), errno())`, so that errno is read right behind the call.
 *
 * @param syscall The call, such as `epoll_ctl`.
 * @param value What it returned.
 * @param errno The thread's errno.
 * @returns The number it returned.
 * @throws {EpollError} If it is negative.
 */
export function returned(syscall: string, value: number | bigint, errno: number): number {
  if (value < 0) throw new EpollError(syscall, errnoName(errno));
  return Number(value);
}

/**
 * Checks what is passed to a call as an int. Deno passes numbers to native code unchecked once V8 has optimized the call:
 * 2.5 becomes 2 and 2^32 + 3 becomes 3, another file.
 *
 * @param name What it is.
 * @param value The number.
 * @returns The same number.
 * @throws {RangeError} If it is no integer from -2^31 to 2^31 - 1.
 */
export function int(name: string, value: number): number {
  if ((value | 0) === value) return value;
  throw new RangeError(`Cannot call the kernel: ${name} must be a 32-bit integer, current value is ${value}`);
}

/**
 * Checks what is passed to a call as an unsigned int.
 *
 * @param name What it is.
 * @param value The number.
 * @returns The same number.
 * @throws {RangeError} If it is no integer from 0 to 2^32 - 1.
 */
export function unsigned(name: string, value: number): number {
  if ((value >>> 0) === value) return value;
  throw new RangeError(
    `Cannot call the kernel: ${name} must be an unsigned 32-bit integer, current value is ${value}`,
  );
}
