/**
 * Constants of the system calls that make, copy and shut down files which can be polled: pipes, sockets, counters. Each
 * group names its header; a test compares all of them with the compiler's.
 *
 * @module
 */

import type { ConstantGroup, StructLayout } from "./layout.ts";

/** `open(2)`, `pipe2(2)` and `fcntl(2)`. */
export const FILE = {
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: Deno.build.arch === "x86_64" ? 0o200000 : 0o40000,
  F_GETFD: 1,
  FD_CLOEXEC: 1,
  F_SETPIPE_SZ: 1031,
} as const;

/** `socketpair(2)`. */
export const SOCKET = { AF_UNIX: 1, SOCK_STREAM: 1, SOCK_NONBLOCK: 0o4000 } as const;

/** Numbers of system calls; <asm/unistd.h>. */
export const SYSCALL = { __NR_setresuid: Deno.build.arch === "x86_64" ? 117 : 147 } as const;

/** What the compiler compares the groups above with. */
export const FILE_CONSTANTS: readonly ConstantGroup[] = [
  { header: "fcntl.h", values: FILE },
  { header: "sys/socket.h", values: SOCKET },
  { header: "sys/syscall.h", values: SYSCALL },
];

/**
 * `struct linux_dirent64` in front of its name; <linux/dirent.h>, which is the kernel's own. glibc declares the same as
 * `struct dirent64`.
 */
export const DIRENT64 = {
  header: "dirent.h",
  type: "struct dirent64",
  size: 280,
  offsets: { d_reclen: 16, d_name: 19 },
} as const satisfies StructLayout;
