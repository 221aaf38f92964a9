/** EVENT arguments become a selection. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventPipeError } from "../../../src/errors.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import { selectEvents, type Selection } from "../../../src/trace/select.ts";
import { withTracefs } from "./_tracefs.ts";

const NONE: Selection = { tracepoints: [], calls: [], enters: [], exits: [] };

for (
  const [what, args, selection] of [
    ["an event is a tracepoint", ["sched:sched_switch"], { tracepoints: ["sched:sched_switch"] }],
    ["a bare name is a system call", ["openat"], { calls: ["openat"] }],
    ["the kernel's name of a call is shown as everybody's", ["newstat", "stat"], { calls: ["stat"] }],
    ["bare patterns are system calls", ["open*"], { calls: ["openat", "openat2", "open"] }],
    [
      "tracepoints of system calls are told apart",
      ["syscalls:*_openat"],
      { enters: ["syscalls:sys_enter_openat"], exits: ["syscalls:sys_exit_openat"] },
    ],
    [
      "order is kept and duplicates are removed",
      ["irq:*", "sched:sched_switch", "irq:irq_handler_entry", "close", "open", "close"],
      { tracepoints: ["irq:irq_handler_entry", "sched:sched_switch"], calls: ["close", "open"] },
    ],
    ["! takes away wherever it stands", ["!sched:*_exit", "sched:sched_process_*"], {
      tracepoints: ["sched:sched_process_exec"],
    }],
    ["! takes a call away", ["open*", "!openat?"], { calls: ["openat", "open"] }],
    ["a bare ! takes the call's tracepoints away too", [
      "syscalls:sys_*_*st*",
      "syscalls:sys_*_close",
      "!stat",
    ], {
      enters: ["syscalls:sys_enter_close"],
      exits: ["syscalls:sys_exit_close"],
    }],
    [
      "! with a tracepoint leaves the call",
      ["openat", "syscalls:sys_*_openat", "!syscalls:sys_enter_openat"],
      {
        calls: ["openat"],
        exits: ["syscalls:sys_exit_openat"],
      },
    ],
  ] as const
) {
  Deno.test(`in a selection ${what}`, () => {
    withTracefs((path) => assertEquals(selectEvents(Catalog.open(path), args), { ...NONE, ...selection }));
  });
}

for (
  const [arg, message] of [
    ["sched:sched_swich", "There is no event sched:sched_swich; did you mean sched:sched_switch?"],
    ["opena", "There is no system call opena; did you mean openat?"],
    ["no*", "There is no system call that matches no*"],
    ["!sched:nothing*", "There is no event that matches sched:nothing*"],
  ] as const
) {
  Deno.test(`a selection refuses ${arg}, which matches nothing`, () => {
    withTracefs((path) => {
      const select = (): Selection => selectEvents(Catalog.open(path), ["sched:sched_switch", arg]);
      assertEquals(assertThrows(select, EventPipeError, message).code, "NOT_FOUND");
    });
  });
}

Deno.test("a selection of which nothing is left is refused", () => {
  withTracefs((path) => {
    const catalog = Catalog.open(path);
    assertThrows(() => selectEvents(catalog, []), RangeError, "nothing is left of no arguments");
    assertThrows(() => selectEvents(catalog, ["open*", "!*"]), RangeError, "nothing is left of open* !*");
  });
});
