/** The catalog finds events, reads no more than it must, and says what is wrong. */

import { assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { EventPipeError } from "../../../src/errors.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import { EVENTS, withTracefs } from "./_tracefs.ts";

/** Declares a test on a catalog of the events of `_tracefs.ts`. */
function catalogTest(name: string, body: (catalog: Catalog) => void, hasList = true): void {
  Deno.test(name, () => withTracefs((path) => body(Catalog.open(path)), hasList));
}

function codeOf(body: () => unknown): string {
  return assertThrows(body, EventPipeError).code;
}

catalogTest("events are those of the list", (catalog) => assertEquals(catalog.events(), EVENTS));

catalogTest("a single event needs no list", (catalog) => {
  assertEquals(catalog.match("sched:sched_switch"), ["sched:sched_switch"]);
  assertEquals(catalog.id("sched:sched_switch"), 100);
  assertEquals(catalog.format("sched:sched_switch").name, "sched_switch");
  assertEquals(catalog.matchSyscalls("stat"), ["stat"]);
  assertEquals(catalog.events(), []);
}, false);

catalogTest("a format is read once", (catalog) => {
  assertStrictEquals(catalog.format("sched:sched_switch"), catalog.format("sched:sched_switch"));
});

catalogTest("patterns match category and name each for itself", (catalog) => {
  assertEquals(catalog.match("sched:sched_process_*"), [
    "sched:sched_process_exec",
    "sched:sched_process_exit",
  ]);
  assertEquals(catalog.match("*:*_entry"), ["irq:irq_handler_entry"]);
  assertEquals(catalog.match("s*:switch"), []);
  assertEquals(catalog.match("*:sys_enter_open[!a]*"), []);
  assertEquals(catalog.match("sys*:sys_enter_openat?"), ["syscalls:sys_enter_openat2"]);
});

catalogTest("a pattern without a colon matches categories and names", (catalog) => {
  assertEquals(catalog.match("irq"), ["irq:irq_handler_entry"]);
  assertEquals(catalog.match("*_switch"), ["sched:sched_switch"]);
});

catalogTest("an unknown event matches nothing, neither before nor after the list is read", (catalog) => {
  assertEquals(catalog.match("no:such_event"), []);
  catalog.events();
  assertEquals(catalog.match("no:such_event"), []);
});

catalogTest("the kernel's own records are no events, nor are other folders", (catalog) => {
  assertEquals(
    ["ftrace:print", "../events/sched:sched_switch", "sched:../irq/irq_handler_entry", "sched:"]
      .filter((name) => catalog.has(name)),
    [],
  );
  assertEquals(codeOf(() => catalog.format("ftrace:print")), "NOT_FOUND");
});

for (
  const [typed, meant] of [
    ["sched:sched_swich", "sched:sched_switch"],
    ["shed:sched_switch", "sched:sched_switch"],
    ["sched_switch", "sched:sched_switch"],
    ["opennat", "openat"],
    ["OPENAT2", "openat2"],
  ] as const
) {
  catalogTest(`${typed} was meant to be ${meant}`, (catalog) => assertEquals(catalog.suggest(typed), meant));
}

catalogTest(
  "nothing was meant by letters that no name has",
  (catalog) => assertEquals(catalog.suggest("%%"), null),
);

catalogTest("an unknown event is NOT_FOUND and says what was meant", (catalog) => {
  const error = assertThrows(() => catalog.id("sched:sched_swich"), EventPipeError);
  assertEquals(error.code, "NOT_FOUND");
  assertEquals(
    error.message,
    "There is no event sched:sched_swich; did you mean sched:sched_switch? --list names all events",
  );
  assertEquals(
    catalog.unknown("sch*:x").message,
    "There is no event that matches sch*:x; --list names all events",
  );
});

catalogTest("system calls go by both of their names", (catalog) => {
  assertEquals(catalog.syscallNames(), ["openat", "openat2", "open", "stat", "close"]);
  const events = { enter: "syscalls:sys_enter_newstat", exit: "syscalls:sys_exit_newstat" };
  assertEquals([catalog.syscallEvents("stat"), catalog.syscallEvents("newstat")], [events, events]);
  assertEquals(catalog.syscallEvents("nosuch"), null);
  assertEquals([catalog.matchSyscalls("newst*"), catalog.matchSyscalls("st?t")], [["stat"], ["stat"]]);
});

catalogTest("a system call's number is found by every name it has", (catalog) => {
  const numbers = ["stat", "newstat", "syscalls:sys_enter_newstat", "syscalls:sys_exit_newstat"]
    .map((name) =>
      catalog.syscallNumber(Deno.build.arch === "x86_64" ? name : name.replace("stat", "fstat"))
    );
  assertEquals(new Set(numbers).size, 1);
  assertEquals(codeOf(() => catalog.syscallNumber("nosuch")), "NOT_FOUND");
});

Deno.test("a folder without events is NOT_SUPPORTED and says how to mount tracefs", () => {
  const folder = Deno.makeTempDirSync({ prefix: "eventpipe-tracefs-" });
  try {
    const error = assertThrows(() => Catalog.open(folder), EventPipeError);
    assertEquals(error.code, "NOT_SUPPORTED");
    assertStringIncludes(error.message, `as root run: mount -t tracefs tracefs ${folder}`);
  } finally {
    Deno.removeSync(folder);
  }
});

Deno.test("without Deno's permission the catalog is NOT_PERMITTED and says which is missing", async () => {
  const script = fileURLToPath(new URL("_catalog_without_permission.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), { args: ["run", "--no-prompt", script], stdin: "null" });
  const said = new TextDecoder().decode((await child.output()).stdout);
  assertStringIncludes(said, "NOT_PERMITTED Cannot read /sys/kernel/tracing: ");
  assertStringIncludes(said, "run it with --allow-all");
});
