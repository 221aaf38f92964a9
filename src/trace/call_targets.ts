/**
 * How the selected system calls are forwarded: for each number, whether as a pair, as the record of its beginning, or of
 * its end, and with which categories.
 *
 * @module
 */

import { SYSCALL_FLAG, SYSCALL_TARGET, TRACE } from "../abi/trace.ts";
import type { RodataValue } from "../object/rodata.ts";
import { type Catalog, ENTER, EXIT } from "./catalog.ts";
import { callKind, enterKind, exitKind, type TargetKind } from "./forwarded.ts";
import { stringArguments } from "./format.ts";
import type { Selection } from "./select.ts";
import { callName } from "./syscalls.ts";

/** One number of a system call. Categories count from the first of `kinds`; null where it is not forwarded so. */
export interface CallTarget {
  readonly nr: number;
  readonly pair: number | null;
  readonly enter: number | null;
  readonly exit: number | null;
  readonly strings: readonly number[];
  readonly returns: boolean;
}

/** All that is forwarded of system calls. */
export interface CallTargets {
  /** What each category is, in their order. */
  readonly kinds: readonly TargetKind[];
  readonly targets: readonly CallTarget[];
  readonly hasPairs: boolean;
  /** Whether the program on sys_enter is needed. */
  readonly needsEnter: boolean;
  /** Whether the program on sys_exit is needed. */
  readonly needsLeave: boolean;
}

/** Calls that do not come back; the last one returns to what a signal interrupted, not to its caller. */
export const NO_RETURN: ReadonlySet<string> = new Set(["exit", "exit_group", "rt_sigreturn"]);

/** No argument; see `struct syscall_target`. */
const NONE = 6;

/**
 * Plans the forwarding of the selected system calls.
 *
 * @param catalog The events there are.
 * @param selection The selected ones.
 * @returns The plan.
 */
export function callTargets(catalog: Catalog, selection: Selection): CallTargets {
  const kinds: TargetKind[] = [];
  const byNumber = new Map<number, { -readonly [K in keyof CallTarget]: CallTarget[K] }>();
  const targetOf = (call: string): { -readonly [K in keyof CallTarget]: CallTarget[K] } => {
    const nr = catalog.syscallNumber(call);
    let target = byNumber.get(nr);
    if (target === undefined) {
      const enter = catalog.syscallEvents(call)?.enter;
      const strings = enter === undefined ? [] : stringArguments(catalog.format(enter));
      target = { nr, pair: null, enter: null, exit: null, strings, returns: !NO_RETURN.has(call) };
      byNumber.set(nr, target);
    }
    return target;
  };
  for (const call of selection.calls) {
    const { enter } = catalog.syscallEvents(call)!;
    targetOf(call).pair = kinds.push(callKind(call, catalog.format(enter))) - 1;
  }
  for (const name of selection.enters) {
    targetOf(callName(name.slice(ENTER.length))).enter = kinds.push(enterKind(name, catalog.format(name))) -
      1;
  }
  for (const name of selection.exits) {
    targetOf(callName(name.slice(EXIT.length))).exit = kinds.push(exitKind(name, catalog.format(name))) - 1;
  }
  return {
    kinds,
    targets: [...byNumber.values()],
    hasPairs: selection.calls.length > 0,
    needsEnter: selection.calls.length + selection.enters.length > 0,
    needsLeave: selection.calls.length + selection.exits.length > 0,
  };
}

/**
 * The value of the map `syscalls`.
 *
 * @param target One call.
 * @param first The category of the first of `kinds`.
 * @returns A `struct syscall_target`.
 */
export function encodeCallTarget(target: CallTarget, first: number): Uint8Array {
  const { SYSCALL_PAIR, SYSCALL_ENTER, SYSCALL_EXIT, SYSCALL_NO_RETURN } = SYSCALL_FLAG;
  const view = new DataView(new ArrayBuffer(SYSCALL_TARGET.bytes));
  const flags = (target.pair === null ? 0 : SYSCALL_PAIR) | (target.enter === null ? 0 : SYSCALL_ENTER) |
    (target.exit === null ? 0 : SYSCALL_EXIT) | (target.returns ? 0 : SYSCALL_NO_RETURN);
  view.setUint32(SYSCALL_TARGET.flags, flags, true);
  view.setUint32(SYSCALL_TARGET.pair_category, first + (target.pair ?? 0), true);
  view.setUint32(SYSCALL_TARGET.enter_category, first + (target.enter ?? 0), true);
  view.setUint32(SYSCALL_TARGET.exit_category, first + (target.exit ?? 0), true);
  for (let i = 0; i < TRACE.TRACE_STRINGS; i++) {
    view.setUint32(SYSCALL_TARGET.string_args + i * 4, target.strings[i] ?? NONE, true);
  }
  return new Uint8Array(view.buffer);
}

/** `struct pt_regs` of the kernel, by Deno's names of architectures: arguments in order, and the number at the exit. */
const REGISTERS = {
  // <arch/x86/include/asm/ptrace.h>: di, si, dx, r10, r8, r9; orig_ax
  x86_64: { args: [112, 104, 96, 56, 72, 64], nr: 120 },
  // <arch/arm64/include/asm/ptrace.h>: regs[0] to regs[5]; syscallno
  aarch64: { args: [0, 8, 16, 24, 32, 40], nr: 280 },
} as const;

/**
 * Where the programs find arguments and number of a system call.
 *
 * @returns Constants of bpf/tracepoint.bpf.c.
 */
export function registerOffsets(): Record<string, RodataValue> {
  const { args, nr } = REGISTERS[Deno.build.arch];
  return {
    regs_args: new Uint8Array(Uint32Array.from(args).buffer),
    regs_first: Math.min(...args),
    regs_nr: nr,
  };
}
