/**
 * Hands files to a short-lived process, so that this one can end without closing them itself. Detaching a BPF program from
 * a tracepoint takes the kernel some 80 ms, and a process that ends waits for each; with the files in another process, that
 * one waits.
 *
 * @module
 */

import { FCNTL } from "../abi/linux.ts";
import { libc } from "../ffi/libc.ts";

/** Longer than this process needs to end, and then some. */
const SECONDS = "2";

/**
 * Duplicates files, so that closing them is quick: the kernel lets go of a file with its last duplicate.
 *
 * @param fds File descriptors of this process.
 * @returns The duplicates; one that could not be made is left out.
 */
export function duplicates(fds: readonly number[]): number[] {
  return fds.map((fd) => libc().fcntl(fd, FCNTL.F_DUPFD_CLOEXEC, 0)).filter((fd) => fd >= 0);
}

/**
 * Hands files over. This process must end now: while it lives, the files stay open.
 *
 * @param fds File descriptors of this process.
 */
export function handOff(fds: readonly number[]): void {
  for (const fd of fds) libc().fcntl(fd, FCNTL.F_SETFD, 0);
  try {
    const heir = new Deno.Command("sleep", { args: [SECONDS], stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    heir.unref();
  } catch {
    // Without an heir this process closes the files itself, and takes longer to end.
  }
}
