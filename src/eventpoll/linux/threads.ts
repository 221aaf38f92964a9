/**
 * Which threads of this process sleep in a system call. A call on a thread of Deno's blocking pool says nothing until it
 * returns; /proc says of every thread that does not run in which call it is and with which arguments, and the address of
 * the call's own buffer among those tells whose call it is.
 *
 * @module
 */

import { DIRENT64, FILE } from "../../abi/files.ts";
import { FCNTL } from "../../abi/linux.ts";
import { syscallFailed } from "../../errors.ts";
import { cstring, textUntilNul } from "../../ffi/cstring.ts";
import { errno, libc } from "../../ffi/libc.ts";

const TASKS = "/proc/self/task";

/** All that is read of a file; those of a thread are one line. */
const LINE_BYTES = 512;

/** The entries of some hundred threads. */
const ENTRIES_BYTES = 16 * 1024;

/**
 * Finds the thread of this process that sleeps in a system call that was given an address. A thread that was woken and did not
 * run yet does not sleep any more: the kernel makes it runnable before the call that wakes it returns (try_to_wake_up() of
 * kernel/sched/core.c).
 *
 * @param address The address of a buffer that no other call has.
 * @param guess The thread that was found before; looked at first.
 * @returns The thread's number; null if none sleeps so.
 * @throws {EventPipeError} If /proc is not mounted.
 */
export function findAsleep(address: bigint, guess: string | null): string | null {
  const text = `0x${address.toString(16)}`;
  const isIt = (thread: string): boolean => isInCall(thread, text) && isInterruptible(thread);
  return guess !== null && isIt(guess) ? guess : threads().find(isIt) ?? null;
}

/** `NUMBER ARG0 ... ARG5 SP PC`, or `running` (proc_pid_syscall() of fs/proc/base.c). */
function isInCall(thread: string, address: string): boolean {
  return readLine(`${TASKS}/${thread}/syscall`).split(" ").slice(1, 7).includes(address);
}

/**
 * The state stands behind the name, which stands in parentheses and may contain others. A thread that waits for one of
 * epoll's own locks is `D`, one that waits for events `S`.
 */
function isInterruptible(thread: string): boolean {
  const line = readLine(`${TASKS}/${thread}/stat`);
  return line.startsWith("S", line.lastIndexOf(")") + 2);
}

/** The numbers of this process's threads. */
function threads(): string[] {
  const { open, getdents64, close } = libc();
  const folder = open(cstring(TASKS), FCNTL.O_RDONLY | FCNTL.O_CLOEXEC | FILE.O_DIRECTORY);
  const error = errno(); // Errno: read before a message allocates.
  if (folder < 0) throw syscallFailed(`list ${TASKS}`, "open", error);
  const found: string[] = [];
  const entries = new DataView(new ArrayBuffer(ENTRIES_BYTES));
  for (;;) {
    const bytes = Number(getdents64(folder, entries, BigInt(ENTRIES_BYTES)));
    if (bytes <= 0) break;
    found.push(...namesOf(entries, bytes));
  }
  close(folder);
  return found.filter((name) => !name.startsWith("."));
}

function namesOf(entries: DataView<ArrayBuffer>, bytes: number): string[] {
  const { d_reclen, d_name } = DIRENT64.offsets;
  const names: string[] = [];
  for (let at = 0; at < bytes;) {
    const length = entries.getUint16(at + d_reclen, true);
    names.push(textUntilNul(new Uint8Array(entries.buffer, at + d_name, length - d_name)));
    at += length;
  }
  return names;
}

/** A file's first line; empty if the thread has ended. */
function readLine(path: string): string {
  const { open, read, close } = libc();
  const fd = open(cstring(path), FCNTL.O_RDONLY | FCNTL.O_CLOEXEC);
  if (fd < 0) return "";
  const bytes = new Uint8Array(LINE_BYTES);
  const length = Number(read(fd, bytes, BigInt(LINE_BYTES)));
  close(fd);
  return textUntilNul(bytes.subarray(0, Math.max(length, 0))).trimEnd();
}
