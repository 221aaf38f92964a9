/**
 * File descriptors for what a system keeps for itself, apart from those a program gets: a program that sees which numbers
 * are given out again must not see ours among them.
 *
 * @module
 */

import { FCNTL } from "../../abi/linux.ts";
import { readSmallFile } from "../../ffi/file.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { returned } from "./returned.ts";

let limit: number | undefined;

/**
 * How many file descriptors the process may have.
 *
 * @returns The soft limit (RLIMIT_NOFILE).
 */
export function maxNumbers(): number {
  return limit ??= Number(/^Max open files\s+(\d+)/m.exec(readSmallFile("/proc/self/limits"))?.[1] ?? 1024);
}

/**
 * Makes another number for an open file, in the upper half of those there are.
 *
 * @param fd A number of the file.
 * @returns The number, which is closed on exec.
 * @throws {EpollError} EBADF if the file is not open, EMFILE if no number is left.
 */
export function dupApart(fd: number): number {
  const { fcntl } = libc();
  return returned("fcntl", fcntl(fd, FCNTL.F_DUPFD_CLOEXEC, maxNumbers() >> 1), errno());
}

/**
 * Moves a file that was just made to a number apart.
 *
 * @param fd Its only number, which is closed.
 * @returns The new number.
 * @throws {EpollError} EMFILE if no number is left.
 */
export function moveApart(fd: number): number {
  try {
    return dupApart(fd);
  } finally {
    libc().close(fd);
  }
}
