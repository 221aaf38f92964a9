/**
 * Turns the EVENT arguments of a command into what is traced: tracepoints, system calls as a whole, and single tracepoints
 * of system calls, which backends trace in a way of their own.
 *
 * @module
 */

import { type Catalog, ENTER, EXIT } from "./catalog.ts";

/** What is traced; each name once, in the order it was asked for. */
export interface Selection {
  /** Tracepoints but for those of `syscalls`, as `category:name`. */
  readonly tracepoints: readonly string[];
  /** System calls, enter and exit as one, by their names of <asm/unistd.h>. */
  readonly calls: readonly string[];
  /** `syscalls:sys_enter_NAME`, with the kernel's names. */
  readonly enters: readonly string[];
  /** `syscalls:sys_exit_NAME`, with the kernel's names. */
  readonly exits: readonly string[];
}

/**
 * Selects events.
 *
 * @param catalog The events there are.
 * @param args `category:name` or the bare name of a system call, with `*`, `?` and `[...]`. One with `!` in front takes
 * away, wherever it stands; a bare name takes away the call's tracepoints too.
 * @returns The selection; never empty.
 * @throws {EventPipeError} `NOT_FOUND` if an argument matches nothing, `NOT_PERMITTED` if tracefs may not be read.
 * @throws {RangeError} If nothing is left, or a pattern makes no sense.
 */
export function selectEvents(catalog: Catalog, args: readonly string[]): Selection {
  const events = new Set<string>();
  const calls = new Set<string>();
  for (const arg of args.filter((arg) => !arg.startsWith("!"))) {
    const target = arg.includes(":") ? events : calls;
    for (const name of find(catalog, arg)) target.add(name);
  }
  for (const arg of args.filter((arg) => arg.startsWith("!"))) {
    for (const name of find(catalog, arg.slice(1))) {
      events.delete(name);
      calls.delete(name);
      if (arg.includes(":")) continue;
      const { enter = "", exit = "" } = catalog.syscallEvents(name) ?? {};
      events.delete(enter);
      events.delete(exit);
    }
  }
  if (events.size + calls.size === 0) {
    throw new RangeError(`Cannot select events: nothing is left of ${args.join(" ") || "no arguments"}`);
  }
  const selected = [...events];
  return {
    tracepoints: selected.filter((name) => !name.startsWith(ENTER) && !name.startsWith(EXIT)),
    calls: [...calls],
    enters: selected.filter((name) => name.startsWith(ENTER)),
    exits: selected.filter((name) => name.startsWith(EXIT)),
  };
}

function find(catalog: Catalog, pattern: string): string[] {
  const found = pattern.includes(":") ? catalog.match(pattern) : catalog.matchSyscalls(pattern);
  if (found.length === 0) throw catalog.unknown(pattern);
  return found;
}
