/**
 * What a stop token is in memory and files, for tokens and for those who listen to them: a word that isolates share, and an
 * eventfd that belongs to the isolate that made it.
 *
 * ```text
 *  word 0:  bit 0 stopped | bit 1 the eventfd is closed | bits 2 to 31 count interruptions
 * ```
 *
 * @module
 */

import { FCNTL } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";

/** The bit that says that nobody shall wait any more; it is never cleared. */
export const STOPPED = 1;
/** The bit that says that the eventfd's number may be another file's. */
export const CLOSED = 2;
/** What an interruption adds. */
export const INTERRUPTION = 4;

/** What another isolate needs of a token; can be sent with `postMessage`. */
export interface SharedStopToken {
  /** The token's word. */
  readonly flag: SharedArrayBuffer;
  /** The eventfd, which is its maker's; null where Deno may not call native code, and then no kernel ring can be read. */
  readonly fd: number | null;
}

/**
 * The word of a token.
 *
 * @param shared What the token shares.
 * @returns A view of one element.
 */
export function stopWord({ flag }: SharedStopToken): Int32Array<SharedArrayBuffer> {
  return new Int32Array(flag, 0, 1);
}

/**
 * Duplicates a token's eventfd, to wait for it or to write to it: its maker may close it at any moment, and another file may
 * get the number.
 *
 * @param shared What the token shares.
 * @returns The copy, to be closed by the caller; null if the maker has closed the token, and so stopped it.
 * @throws {TypeError} If the token was made without permission to call native code.
 * @throws {EventPipeError} If the process has no file descriptor left.
 */
export function duplicateEventFd(shared: SharedStopToken): number | null {
  if (shared.fd === null) {
    throw new TypeError(
      "Cannot wait for kernel rings with this stop token: it was made where Deno may not call native code; make it with --allow-ffi",
    );
  }
  const copy = libc().fcntl(shared.fd, FCNTL.F_DUPFD_CLOEXEC, 0);
  const error = errno(); // Errno: read in the next expression.
  // Ordering: the maker sets the bit before it closes the file. So where it is not set after the copy was made, the number
  // was the eventfd's when it was made.
  if ((Atomics.load(stopWord(shared), 0) & CLOSED) !== 0) {
    if (copy >= 0) libc().close(copy);
    return null;
  }
  if (copy < 0) throw syscallFailed("use the stop token", "fcntl", error);
  return copy;
}
