/**
 * What a system call's result says of an error: results from -4095 to -1 are error numbers (<linux/err.h> MAX_ERRNO).
 *
 * @module
 */

import { errnoName } from "../abi/errno.ts";

const MAX_ERRNO = 4095n;

/** What a call returns inside the kernel when a signal interrupts it; the kernel's own <linux/errno.h>. */
const RESTARTS: ReadonlyMap<number, string> = new Map([
  [512, "ERESTARTSYS"],
  [513, "ERESTARTNOINTR"],
  [514, "ERESTARTNOHAND"],
  [516, "ERESTART_RESTARTBLOCK"],
]);

/**
 * The error in a result.
 *
 * @param result What a system call returned.
 * @returns The error's name, such as `ENOENT`; null if the result is none.
 */
export function resultError(result: bigint): string | null {
  if (result >= 0n || result < -MAX_ERRNO) return null;
  const number = Number(-result);
  return RESTARTS.get(number) ?? errnoName(number);
}
