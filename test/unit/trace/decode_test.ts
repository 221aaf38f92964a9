/** Records become values: each kind at its limits, and records that do not hold what their format says. */

import { assertEquals } from "@std/assert";
import { makeDecoder } from "../../../src/trace/decode.ts";
import type { EventFormat } from "../../../src/trace/format.ts";
import type { Value } from "../../../src/trace/model.ts";
import { type Content, fieldOf, type FieldRow, fixture, location, made, record } from "./_formats.ts";

/** What a record with one field, `x`, decodes to. */
function valueOf(row: FieldRow, content: Content, print?: string): Value | undefined {
  const format = made([row], print);
  return decodeAll(format, record(format, { x: content })).args["x"];
}

function decodeAll(
  format: EventFormat,
  view: DataView,
  strings: readonly (string | number)[] = [],
): ReturnType<ReturnType<typeof makeDecoder>> {
  return makeDecoder(format)(view, 0, view.byteLength, strings);
}

for (
  const [declaration, size, signed, contents] of [
    ["u8 x", 1, false, [0, 255]],
    ["s8 x", 1, true, [-128, -1, 127]],
    ["u16 x", 2, false, [0, 65535]],
    ["short x", 2, true, [-32768, 32767]],
    ["u32 x", 4, false, [0, 4294967295]],
    ["int x", 4, true, [-2147483648, -1, 2147483647]],
    ["u64 x", 8, false, [0, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n]],
    [
      "long x",
      8,
      true,
      [
        -1,
        Number.MAX_SAFE_INTEGER,
        Number.MIN_SAFE_INTEGER,
        -(2n ** 53n),
        2n ** 53n,
        -(2n ** 63n),
        2n ** 63n - 1n,
      ],
    ],
  ] as const
) {
  Deno.test(`integers of ${declaration} are what they are at their limits`, () => {
    assertEquals(contents.map((content) => valueOf([declaration, size, signed], content)), [...contents]);
  });
}

Deno.test("a truth value is true unless zero", () => {
  assertEquals([0, 1, 255].map((content) => valueOf(["bool x", 1], content)), [false, true, true]);
});

Deno.test("a char is a number or a letter, as the kernel prints it", () => {
  assertEquals(valueOf(["char x", 1], 65), 65);
  assertEquals(valueOf(["char x", 1], 65, '"%c", REC->x'), "A");
});

Deno.test("text ends at its NUL or at the field's end", () => {
  assertEquals(["bash\0junk", "", "1234567890"].map((text) => valueOf(["char x[10]", 10], text)), [
    "bash",
    "",
    "1234567890",
  ]);
});

Deno.test("text is UTF-8, a letter cut in two becomes the replacement character", () => {
  assertEquals(valueOf(["char x[8]", 8], "grüß\0ü"), "grüß");
  assertEquals(valueOf(["char x[4]", 4], "abcü"), "abc\ufffd");
});

Deno.test("arrays hold numbers of their element's width and sign", () => {
  assertEquals(valueOf(["u8 x[4]", 4], [127, 0, 0, 1]), [127, 0, 0, 1]);
  assertEquals(valueOf(["s16 x[2]", 4, true], [0xff, 0xff, 1, 0]), [-1, 1]);
  assertEquals(valueOf(["unsigned long x[]", 0], []), []);
  assertEquals(valueOf(["u64 x[2]", 16], [1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]), [
    1,
    2n ** 64n - 1n,
  ]);
});

Deno.test("a kernel pointer is never told, not even zero", () => {
  const format = made([["const void * x", 8]]);
  for (const content of [0, 0xffff888000000000n]) {
    const { args, reasons } = decodeAll(format, record(format, { x: content }));
    assertEquals([args, reasons], [{ x: null }, { x: "kernel pointer" }]);
  }
});

Deno.test("an address is told if it is the program's, not if it is the kernel's", () => {
  const format = fixture("exceptions:page_fault_user");
  const view = record(format, { address: 0x7f00dead0000n, ip: 0xffffffff81000000n, error_code: 4 });
  const { args, reasons } = decodeAll(format, view);
  assertEquals(args, { address: "0x7f00dead0000", ip: null, error_code: 4 });
  assertEquals(reasons, { ip: "kernel pointer" });
});

Deno.test("sched_switch decodes in the order of its format, without common fields", () => {
  const format = fixture("sched:sched_switch");
  const view = record(format, {
    prev_comm: "bash",
    prev_pid: 42,
    prev_prio: 120,
    prev_state: 2,
    next_comm: "swapper/1",
  });
  const { args, reasons } = decodeAll(format, view);
  assertEquals(Object.entries(args), [
    ["prev_comm", "bash"],
    ["prev_pid", 42],
    ["prev_prio", 120],
    ["prev_state", 2],
    ["next_comm", "swapper/1"],
    ["next_pid", 0],
    ["next_prio", 0],
  ]);
  assertEquals(reasons, undefined);
});

Deno.test("a record may stand anywhere in the view", () => {
  const format = fixture("sched:sched_process_exec");
  const alone = new Uint8Array(
    record(format, { filename: location(20, 5), pid: 7, old_pid: 8 }, "/bin\0").buffer,
  );
  const around = new Uint8Array(alone.length + 30).fill(0x41);
  around.set(alone, 13);
  const view = new DataView(around.buffer, 3);
  const { args } = makeDecoder(format)(view, 10, alone.length, []);
  assertEquals(args, { filename: "/bin", pid: 7, old_pid: 8 });
});

Deno.test("numbers elsewhere are read in their width", () => {
  const format = made([["__data_loc u16[] a", 4], ["__data_loc s64[] b", 4]]);
  const behind = [1, 0, 2, 0, ...Array(8).fill(255)];
  const view = record(format, { a: location(16, 4), b: location(20, 8) }, behind);
  assertEquals(decodeAll(format, view).args, { a: [1, 2], b: [-1] });
});

Deno.test("a relative location counts from its own end", () => {
  const format = made([["__rel_loc char[] x", 4], ["u32 y", 4]]);
  assertEquals(decodeAll(format, record(format, { x: location(4, 3), y: 9 }, "hi\0")).args, {
    x: "hi",
    y: 9,
  });
});

for (
  const [what, word] of [
    ["begins in front of the record", location(0, 8)],
    ["begins behind the record", location(60000, 1)],
    ["ends behind the record", location(12, 60000)],
    ["ends one byte behind the record", location(12, 5)],
  ] as const
) {
  Deno.test(`a location that ${what} is null with a reason`, () => {
    const format = made([["__data_loc char[] x", 4]]);
    const { args, reasons } = decodeAll(format, record(format, { x: word }, "abc\0"));
    assertEquals([args, reasons], [{ x: null }, { x: "outside of the record" }]);
  });
}

Deno.test("a location may end where the record ends, and be empty", () => {
  const format = made([["__data_loc char[] x", 4]]);
  assertEquals(decodeAll(format, record(format, { x: location(12, 4) }, "abcd")).args, { x: "abcd" });
  assertEquals(decodeAll(format, record(format, { x: location(12, 0) })).args, { x: "" });
});

Deno.test("a record cut short tells what it holds, and why the rest is missing", () => {
  const format = fixture("sched:sched_process_fork");
  const view = record(format, { parent_pid: 1, child_pid: 2 });
  const end = fieldOf(format, "child_pid").offset - 8;
  const { args, reasons } = makeDecoder(format)(view, 0, end + 3, []);
  assertEquals([args["parent_pid"], args["child_pid"]], [1, null]);
  assertEquals(reasons?.["child_pid"], "outside of the record");
});

Deno.test("a length beyond the view ends with the view", () => {
  const format = made([["u32 a", 4], ["u32 b", 4]]);
  const { args } = makeDecoder(format)(new DataView(new ArrayBuffer(6)), 0, 100, []);
  assertEquals(args, { a: 0, b: null });
});

Deno.test("openat decodes with its declared types and its text", () => {
  const format = fixture("syscalls:sys_enter_openat");
  const view = record(format, {
    __syscall_nr: 257,
    dfd: 4294967196,
    filename: 0x7ff0n,
    flags: 0x80000,
    mode: 0x7ffff01b6n,
  });
  const { args, reasons } = decodeAll(format, view, ["/etc/hostname"]);
  assertEquals(Object.entries(args), [
    ["dfd", -100],
    ["filename", "/etc/hostname"],
    ["flags", 0x80000],
    ["mode", 0x1b6],
  ]);
  assertEquals(reasons, undefined);
});

Deno.test("texts of a system call are told in their order", () => {
  const format = fixture("syscalls:sys_enter_renameat2");
  const { args } = decodeAll(format, record(format, { oldname: 1, newname: 2 }), ["old", "new"]);
  assertEquals([args["oldname"], args["newname"]], ["old", "new"]);
});

Deno.test("texts that could not be read are null with the reason", () => {
  const format = fixture("syscalls:sys_enter_mount");
  const view = record(format, { dev_name: 1, dir_name: 2, type: 3, data: 0x1000 });
  const { args, reasons } = decodeAll(format, view, [-14, -7]);
  assertEquals([args["dev_name"], args["dir_name"], args["type"], args["data"]], [
    null,
    null,
    null,
    "0x1000",
  ]);
  assertEquals(reasons, { dev_name: "not in memory", dir_name: "E2BIG", type: "not read" });
});

Deno.test("the text at address zero is null because there is none", () => {
  const format = fixture("syscalls:sys_enter_openat");
  assertEquals(decodeAll(format, record(format, {}), [-14]).reasons, { filename: "null pointer" });
});

Deno.test("the end of openat has what it returned", () => {
  const format = fixture("syscalls:sys_exit_openat");
  assertEquals(decodeAll(format, record(format, { __syscall_nr: 257, ret: -2 })).args, { ret: -2 });
});

Deno.test("shared memory decodes like any other", () => {
  const format = made([["char x[4]", 4]]);
  const bytes = new Uint8Array(new SharedArrayBuffer(4));
  bytes.set([0xc3, 0xbc, 0x21, 0]);
  assertEquals(makeDecoder(format)(new DataView(bytes.buffer), 0, 4, []).args, { x: "ü!" });
});
