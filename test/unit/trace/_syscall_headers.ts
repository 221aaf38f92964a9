/**
 * The numbers of system calls as the headers of this machine have them. Run as a program it prints
 * src/trace/syscall_numbers.ts anew: what newer kernels added, and these headers do not know yet, is kept.
 */

import { findExecutable } from "../../../src/cli/packages.ts";
import { type Architecture, syscallNumbers } from "../../../src/trace/syscalls.ts";

/** What arm64's own <asm/unistd.h> defines before it includes the generic one. */
const ARM64 = [
  "#define __ARCH_WANT_RENAMEAT",
  "#define __ARCH_WANT_NEW_STAT",
  "#define __ARCH_WANT_SET_GET_RLIMIT",
  "#define __ARCH_WANT_TIME32_SYSCALLS",
  "#define __ARCH_WANT_SYS_CLONE3",
  "#define __ARCH_WANT_MEMFD_SECRET",
  "#include <asm-generic/unistd.h>",
];

/** The header of x86-64 comes with its compiler only; the generic one comes with every compiler. */
const SOURCES: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ["#include <asm/unistd_64.h>"],
  aarch64: ARM64,
};

/** From here on all architectures number alike. */
const COMMON_FROM = 424;

/**
 * The numbers a header defines.
 *
 * @param architecture Whose.
 * @returns The numbers by name.
 */
export async function headerNumbers(architecture: Architecture): Promise<Map<string, number>> {
  const child = new Deno.Command(findExecutable("gcc")!, {
    args: ["-dM", "-E", "-x", "c", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SOURCES[architecture].join("\n")));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`Cannot read the header: gcc said:\n${new TextDecoder().decode(stderr)}`);
  const macros = new Map(
    Array.from(
      new TextDecoder().decode(stdout).matchAll(/^#define (\w+) (\w+)$/gm),
      ([, name, value]) => [name!, value!],
    ),
  );
  const numbers = new Map<string, number>();
  for (const [macro, value] of macros) {
    const name = /^__NR_(?!syscalls$|arch_specific_syscall$)(\w+)$/.exec(macro)?.[1];
    const number = Number(macros.get(value) ?? value);
    if (name !== undefined && Number.isInteger(number)) numbers.set(name, number);
  }
  return numbers;
}

/** The table of some numbers: names in order, `@N` in front of a gap's end. */
function table(numbers: readonly (readonly [string, number])[], start: number): string {
  let next = start;
  const words: string[] = [];
  for (const [name, number] of numbers.toSorted(([, a], [, b]) => a - b)) {
    if (number !== next) words.push(`@${number}`);
    words.push(name);
    next = number + 1;
  }
  return words.join(" ").replace(/(.{1,106})(?: |$)/g, "  $1\n").trimEnd();
}

if (import.meta.main) {
  const tables: Partial<Record<Architecture, [string, number][]>> = {};
  for (const architecture of ["x86_64", "aarch64"] as const) {
    const known = await headerNumbers(architecture);
    tables[architecture] = [...new Map([...syscallNumbers(architecture), ...known])];
  }
  const { x86_64 = [], aarch64 = [] } = tables;
  const own = (all: [string, number][]): [string, number][] =>
    all.filter(([, number]) => number < COMMON_FROM);
  const common = x86_64.filter(([, number]) => number >= COMMON_FROM);
  console.log(`/**
 * The numbers of system calls, of <asm/unistd.h>, as names in the order of their numbers; \`@N\` goes on at number N.
 * test/unit/trace/_syscall_headers.ts writes this file, and tests compare it with the compiler and the kernel.
 *
 * @module
 */

/** From ${COMMON_FROM} on all architectures number alike. */
const COMMON = \`
@${COMMON_FROM}
${table(common, COMMON_FROM)}
\`;

const X86_64 = \`
${table(own(x86_64), 0)}
\`;

const AARCH64 = \`
${table(own(aarch64), 0)}
\`;

/** The tables by architecture, named as Deno names them. */
export const SYSCALL_TABLES = { x86_64: X86_64 + COMMON, aarch64: AARCH64 + COMMON } as const;`);
}
