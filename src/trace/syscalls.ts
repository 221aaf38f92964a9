/**
 * System calls by name: their numbers on this machine, and the names the kernel's own functions have. tracefs says
 * `sys_enter_newstat` where everybody says `stat`; both are understood, and `stat` is what is shown.
 *
 * @module
 */

import { SYSCALL_TABLES } from "./syscall_numbers.ts";

/** Functions of the kernel that are not named after their call. <arch/x86/entry/syscalls/syscall_64.tbl>, <scripts/syscall.tbl> */
const CALL_OF_FUNCTION: ReadonlyMap<string, string> = new Map([
  ["newstat", "stat"],
  ["newfstat", "fstat"],
  ["newlstat", "lstat"],
  ["newuname", "uname"],
  ["umount", "umount2"],
  ["sendfile64", "sendfile"],
  ["fadvise64_64", "fadvise64"],
  ["arm64_personality", "personality"],
]);

const FUNCTION_OF_CALL: ReadonlyMap<string, string> = new Map(
  Array.from(CALL_OF_FUNCTION, ([kernel, call]) => [call, kernel]),
);

/** Architectures there are tables for, by Deno's name. */
export type Architecture = keyof typeof SYSCALL_TABLES;

/**
 * The name of a call as <asm/unistd.h> has it.
 *
 * @param name That name, or the one of the kernel's function, without `sys_`.
 * @returns The name, such as `stat` for `newstat`.
 */
export function callName(name: string): string {
  return CALL_OF_FUNCTION.get(name) ?? name;
}

/**
 * What the kernel's function behind a call may be named, without `sys_`.
 *
 * @param name The name of the call or of the function.
 * @returns The names to look for, the likeliest first.
 */
export function functionNames(name: string): string[] {
  const other = FUNCTION_OF_CALL.get(name);
  return other === undefined ? [name] : [name, other];
}

/**
 * The system calls of an architecture.
 *
 * @param architecture The architecture; by default this machine's.
 * @returns Their numbers by name.
 */
export function syscallNumbers(architecture: Architecture = Deno.build.arch): ReadonlyMap<string, number> {
  let numbers = parsed.get(architecture);
  if (numbers === undefined) {
    numbers = parseTable(SYSCALL_TABLES[architecture]);
    parsed.set(architecture, numbers);
  }
  return numbers;
}

const parsed = new Map<Architecture, ReadonlyMap<string, number>>();

/** Names in the order of their numbers; `@N` goes on at number N. */
function parseTable(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = 0;
  for (const word of text.trim().split(/\s+/)) {
    if (word.startsWith("@")) next = Number(word.slice(1));
    else numbers.set(word, next++);
  }
  return numbers;
}
