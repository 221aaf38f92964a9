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
