/**
 * Files and directories of a file system: reading and writing never wait, so there is nothing to poll for, and epoll refuses
 * them.
 *
 * @module
 */

import type { Errno } from "../errors.ts";
import type { FileOperations } from "../structs.ts";

/** A regular file that stays empty, whatever is written. */
export const regular_file: FileOperations = {
  name: "file",
  read: (): number => 0,
  write: (buffer): number => buffer.length,
};

/** A directory, which is read by other means. */
export const directory: FileOperations = {
  name: "directory",
  read: (): Errno => "EISDIR",
  write: (): Errno => "EBADF",
};
