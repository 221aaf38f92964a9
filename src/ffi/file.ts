/**
 * Reads small files of /proc and /sys through libc. Deno gives these folders only to programs that hold every
 * permission, while a program that may call native code can open them anyway; so the library needs --allow-ffi only.
 *
 * @module
 */

import { FCNTL } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { cstring, textUntilNul } from "./cstring.ts";
import { errno, libc } from "./libc.ts";

/** Files read here are single lines or short tables. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a small text file.
 *
 * @param path The file's path.
 * @returns The text, at most 64 KiB of it.
 * @throws {EventPipeError} If it cannot be opened or read.
 */
export function readSmallFile(path: string): string {
  const { open, read, close } = libc();
  const fd = open(cstring(path), FCNTL.O_RDONLY | FCNTL.O_CLOEXEC);
  let error = errno(); // Errno: read before a message allocates, here and below.
  if (fd < 0) throw syscallFailed(`read ${path}`, "open", error);
  try {
    const bytes = new Uint8Array(MAX_BYTES);
    let length = 0;
    while (length < MAX_BYTES) {
      const rest = bytes.subarray(length);
      const n = Number(read(fd, rest, BigInt(rest.length)));
      error = errno();
      if (n < 0) throw syscallFailed(`read ${path}`, "read", error);
      if (n === 0) break;
      length += n;
    }
    return textUntilNul(bytes.subarray(0, length));
  } finally {
    close(fd);
  }
}
