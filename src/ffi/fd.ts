/**
 * File descriptors that a caller gives. Deno passes numbers to native code unchecked once V8 has optimized the call:
 * 2.5 becomes 2 and 2^32 + 3 becomes 3, another file. So they are checked before they come near a call.
 *
 * @module
 */

/**
 * Checks a file descriptor.
 *
 * @param fd The file descriptor; whether it is open is for the kernel to say.
 * @param action What is tried with it, as the end of "Cannot ...".
 * @returns The same number.
 * @throws {RangeError} If it is no integer from 0 to 2^31 - 1.
 */
export function checkFd(fd: number, action: string): number {
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
    throw new RangeError(`Cannot ${action}: ${fd} is no file descriptor`);
  }
  return fd;
}
