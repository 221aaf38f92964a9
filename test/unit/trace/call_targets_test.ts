/** Tests of how system calls are forwarded: which programs are needed, which categories they use, and what the map gets. */

import { assertEquals, assertThrows } from "@std/assert";
import { SYSCALL_TARGET } from "../../../src/abi/trace.ts";
import { EventPipeError } from "../../../src/errors.ts";
import { callTargets, encodeCallTarget, registerOffsets } from "../../../src/trace/call_targets.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import type { Selection } from "../../../src/trace/select.ts";
import { syscallNumbers } from "../../../src/trace/syscalls.ts";
import { withTracefs } from "./_tracefs.ts";

const NOTHING: Selection = { tracepoints: [], calls: [], enters: [], exits: [] };

/** The plan for a selection of made-up events; their formats have no strings. */
function planOf(selection: Partial<Selection>): ReturnType<typeof callTargets> {
  let plan: ReturnType<typeof callTargets> | undefined;
  withTracefs((path) => plan = callTargets(Catalog.open(path), { ...NOTHING, ...selection }));
  return plan!;
}

const number = (name: string): number => syscallNumbers().get(name)!;

Deno.test("nothing of system calls needs no program", () => {
  assertEquals(planOf({ tracepoints: ["sched:sched_switch"] }), {
    kinds: [],
    targets: [],
    hasPairs: false,
    needsEnter: false,
    needsLeave: false,
  });
});

Deno.test("calls need both programs, beginnings and ends their own", () => {
  for (
    const [selection, needs] of [
      [{ calls: ["openat"] }, [true, true, true]],
      [{ enters: ["syscalls:sys_enter_openat"] }, [false, true, false]],
      [{ exits: ["syscalls:sys_exit_openat"] }, [false, false, true]],
    ] as const
  ) {
    const { hasPairs, needsEnter, needsLeave } = planOf(selection);
    assertEquals([hasPairs, needsEnter, needsLeave], [...needs]);
  }
});

Deno.test("a number has one target for all that is forwarded of it, and each kind its category", () => {
  const { kinds, targets } = planOf({
    calls: ["openat", "close"],
    enters: ["syscalls:sys_enter_close", "syscalls:sys_enter_newstat"],
    exits: ["syscalls:sys_exit_openat"],
  });
  assertEquals(kinds.map(({ event, isCall }) => [event, isCall]), [
    ["openat", true],
    ["close", true],
    ["syscalls:sys_enter_close", false],
    ["syscalls:sys_enter_newstat", false],
    ["syscalls:sys_exit_openat", false],
  ]);
  const common = { strings: [], returns: true };
  assertEquals(targets, [
    { nr: number("openat"), pair: 0, enter: null, exit: 4, ...common },
    { nr: number("close"), pair: 1, enter: 2, exit: null, ...common },
    { nr: number("stat"), pair: null, enter: 3, exit: null, ...common },
  ]);
});

Deno.test("a call whose number is not known is an error that names it", () => {
  const error = assertThrows(() => planOf({ enters: ["syscalls:sys_enter_nonsense"] }), EventPipeError);
  assertEquals([error.code, error.message.includes("nonsense")], ["NOT_FOUND", true]);
});

Deno.test("encodeCallTarget writes flags, categories behind the tracepoints', and the places of strings", () => {
  const words = (target: Parameters<typeof encodeCallTarget>[0]): number[] => {
    const bytes = encodeCallTarget(target, 10);
    assertEquals(bytes.length, SYSCALL_TARGET.bytes);
    return [...new Uint32Array(bytes.buffer)];
  };
  const base = { nr: 1, pair: null, enter: null, exit: null, strings: [], returns: true };
  assertEquals(words({ ...base, pair: 2, strings: [1] }), [1, 12, 10, 10, 1, 6]);
  assertEquals(words({ ...base, enter: 3, exit: 4, strings: [0, 3] }), [6, 10, 13, 14, 0, 3]);
  assertEquals(words({ ...base, pair: 0, enter: 1, exit: 2, strings: [5, 2, 1] }), [7, 10, 11, 12, 5, 2]);
  assertEquals(words({ ...base, pair: 0, returns: false }), [9, 10, 10, 10, 6, 6]);
});

Deno.test("registers stand at multiples of 8, the number's and those of six arguments", () => {
  const { regs_args, regs_nr } = registerOffsets();
  const places = [...new Uint32Array((regs_args as Uint8Array).buffer as ArrayBuffer), regs_nr as number];
  assertEquals([places.length, new Set(places).size], [7, 7]);
  assertEquals(places.filter((place) => place % 8 !== 0), []);
});
