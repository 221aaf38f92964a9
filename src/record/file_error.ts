/**
 * The errors of files, from those that Deno throws.
 *
 * @module
 */

import { errnoNumber } from "../abi/errno.ts";
import { EventPipeError, syscallFailed } from "../errors.ts";

/**
 * Makes the error for a failed operation on a file. Deno names the error number in `code`; an error without one is a
 * refused permission of Deno's own.
 *
 * @param action What was tried, as the end of "Cannot ...".
 * @param syscall The call, such as `write`.
 * @param error What Deno threw.
 * @returns The error, to be thrown or kept by the caller.
 */
export function fileFailed(action: string, syscall: string, error: unknown): EventPipeError {
  const { code, message } = error as Error & { readonly code?: string };
  if (code !== undefined) return syscallFailed(action, syscall, errnoNumber(code));
  return new EventPipeError(`Cannot ${action}: ${message}`, "NOT_PERMITTED", error);
}
