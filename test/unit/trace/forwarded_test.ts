/** Tests of taking the forwarder's events apart: what bpf/tracepoint.bpf.c makes, and bytes that lie about themselves. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SYSCALL_RECORD, TRACE_EVENT } from "../../../src/abi/trace.ts";
import type { Event } from "../../../mod.ts";
import { EventView } from "../../../src/pipe/event.ts";
import {
  callKind,
  enterKind,
  exitKind,
  processForwarded,
  type TargetKind,
  tracepointKind,
} from "../../../src/trace/forwarded.ts";
import { fixture, made, record } from "./_formats.ts";

const CPU = 5;
const OPENAT = fixture("syscalls:sys_enter_openat");
const SLOT = 512;

/** What an event of the forwarder says of itself. */
interface Head {
  readonly time?: bigint;
  readonly pid?: number;
  readonly tid?: number;
  readonly comm?: string;
  readonly recordBytes?: number;
  readonly flags?: number;
  readonly startNs?: bigint;
  readonly strings?: readonly [number, number];
}

/** An event as the forwarder sends it: its head, a record, string slots. */
function forwarded(record: Uint8Array, head: Head = {}, slots: Uint8Array = new Uint8Array(0)): Event {
  const bytes = new Uint8Array(TRACE_EVENT.bytes + record.length + slots.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(TRACE_EVENT.time_ns, head.time ?? 0n, true);
  view.setUint32(TRACE_EVENT.pid, head.pid ?? 0, true);
  view.setUint32(TRACE_EVENT.tid, head.tid ?? 0, true);
  bytes.set(new TextEncoder().encode(head.comm ?? ""), TRACE_EVENT.comm);
  view.setUint32(TRACE_EVENT.record_bytes, head.recordBytes ?? record.length, true);
  view.setUint32(TRACE_EVENT.flags, head.flags ?? 0, true);
  view.setBigUint64(TRACE_EVENT.start_ns, head.startNs ?? 0n, true);
  head.strings?.forEach((length, index) => view.setInt16(TRACE_EVENT.string_bytes + index * 2, length, true));
  bytes.set(record, TRACE_EVENT.bytes);
  bytes.set(slots, TRACE_EVENT.bytes + record.length);
  return EventView.over(bytes, CPU);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** The record of a pair of openat. */
function openat(ret: bigint, filename = 0x7fff_0000_1000n): Uint8Array {
  const view = new DataView(new ArrayBuffer(SYSCALL_RECORD.bytes));
  [0xffff_ffff_ffff_ff9cn, filename, 0o2000000n, 0o644n].forEach((argument, index) =>
    view.setBigUint64(SYSCALL_RECORD.args + index * 8, argument, true)
  );
  view.setBigInt64(SYSCALL_RECORD.ret, ret, true);
  return bytesOf(view);
}

/** Slots with these texts, each with its NUL; what is behind it in the slot is from another event. */
function slotsOf(...texts: readonly string[]): Uint8Array {
  const slots = new Uint8Array(texts.length * SLOT).fill(0x2a);
  texts.forEach((text, index) => slots.set(new TextEncoder().encode(`${text}\0`), index * SLOT));
  return slots;
}

Deno.test("an event of a tracepoint has its head and its fields, and no padding of the ring", () => {
  const format = made([["pid_t pid", 4, true], ["char comm[16]", 16]]);
  const body = bytesOf(record(format, { pid: -7, comm: "child" }));
  const event = forwarded(body, {
    time: 2n ** 60n + 1n,
    pid: 11,
    tid: 4_000_000_000,
    comm: "fifteen-bytes-x",
  }, new Uint8Array(7).fill(0xff));
  assertEquals(processForwarded(event, tracepointKind("test:made", format)), {
    time: 2n ** 60n + 1n,
    cpu: CPU,
    pid: 11,
    tid: 4_000_000_000,
    comm: "fifteen-bytes-x",
    event: "test:made",
    args: { pid: -7, comm: "child" },
  });
});

Deno.test("a call as a whole has its arguments, its result, and the time between", () => {
  const event = forwarded(
    openat(-2n),
    { time: 1000n, startNs: 400n, strings: [6, 0] },
    slotsOf("/path").subarray(0, 6),
  );
  const { args, call, event: name } = processForwarded(event, callKind("openat", OPENAT));
  assertEquals(name, "openat");
  assertEquals(args, { dfd: -100, filename: "/path", flags: 0o2000000, mode: 0o644 });
  assertEquals(call, { ret: -2n, durationNs: 600n });
});

Deno.test("a call that does not come back has neither result nor duration", () => {
  const format = fixture("syscalls:sys_enter_openat");
  const event = forwarded(openat(5n), { time: 9n, startNs: 9n, flags: 4 });
  assertEquals(processForwarded(event, callKind("exit_group", format)).call, { ret: null, durationNs: null });
});

Deno.test("the beginning and the end of a call are records of their tracepoints", () => {
  const enter = openat(0n).subarray(0, SYSCALL_RECORD.enterBytes);
  const begin = forwarded(enter, { strings: [6, 0] }, slotsOf("/path").subarray(0, 6));
  const begun = processForwarded(begin, enterKind("syscalls:sys_enter_openat", OPENAT));
  assertEquals([begun.args.filename, begun.call], ["/path", undefined]);
  const exit = new Uint8Array(SYSCALL_RECORD.exitBytes);
  new DataView(exit.buffer).setBigInt64(SYSCALL_RECORD.exitRet, -13n, true);
  const format = made([["int __syscall_nr", 4, true], ["long ret", 8, true]]);
  assertEquals(processForwarded(forwarded(exit), exitKind("syscalls:sys_exit_openat", format)).args, {
    ret: -13,
  });
});

const RENAME = made(
  [["int __syscall_nr", 4, true], ["const char * oldname", 8], ["const char * newname", 8]],
  undefined,
  "sys_enter_rename",
);

/** The record of a call with two names. */
function rename(oldname: bigint, newname: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(SYSCALL_RECORD.enterBytes));
  view.setBigUint64(SYSCALL_RECORD.args, oldname, true);
  view.setBigUint64(SYSCALL_RECORD.args + 8, newname, true);
  return bytesOf(view);
}

Deno.test("two strings stand in their slots, whichever of them could be read", () => {
  const kind = enterKind("syscalls:sys_enter_rename", RENAME);
  const body = rename(8n, 16n);
  const both = processForwarded(forwarded(body, { strings: [2, 3] }, slotsOf("a", "bc")), kind);
  assertEquals(both.args, { oldname: "a", newname: "bc" });
  const second = processForwarded(forwarded(body, { strings: [-14, 3] }, slotsOf("old", "bc")), kind);
  assertEquals(second.args, { oldname: null, newname: "bc" });
  assertEquals(second.reasons, { oldname: "not in memory" });
  const first = processForwarded(forwarded(body, { strings: [2, -7] }, slotsOf("a")), kind);
  assertEquals([first.args, first.reasons], [{ oldname: "a", newname: null }, { newname: "E2BIG" }]);
  const none = processForwarded(forwarded(rename(0n, 16n), { strings: [-14, -14] }), kind);
  assertEquals(none.reasons, { oldname: "null pointer", newname: "not in memory" });
});

Deno.test("a string of the greatest length ends with its slot", () => {
  const long = "x".repeat(510);
  const kind = enterKind("syscalls:sys_enter_rename", RENAME);
  const { args } = processForwarded(
    forwarded(rename(8n, 16n), { strings: [511, 2] }, slotsOf(long, "b")),
    kind,
  );
  assertEquals(args, { oldname: long, newname: "b" });
});

Deno.test("a string that claims more than its slot does not reach into the next one", () => {
  const kind = enterKind("syscalls:sys_enter_rename", RENAME);
  const slots = new Uint8Array(2 * SLOT).fill(0x61, 0, SLOT).fill(0x62, SLOT);
  const { args } = processForwarded(forwarded(rename(8n, 16n), { strings: [32767, 32767] }, slots), kind);
  assertEquals(args, { oldname: "a".repeat(SLOT), newname: "b".repeat(SLOT) });
});

Deno.test("an event that is shorter than its head has zeros for what is missing", () => {
  for (let size = 0; size < TRACE_EVENT.bytes; size++) {
    const bytes = new Uint8Array(size).fill(0xff);
    const { pid, call, args } = processForwarded(EventView.over(bytes, CPU), callKind("openat", OPENAT));
    assertEquals(pid, size >= TRACE_EVENT.pid + 4 ? 0xffffffff : pid);
    assertEquals([call?.ret, args.flags], [null, null]);
  }
});

Deno.test("a call whose record is cut off has no result", () => {
  for (const bytes of [0, 8, SYSCALL_RECORD.ret, SYSCALL_RECORD.bytes - 1]) {
    const event = forwarded(openat(3n).subarray(0, bytes));
    assertEquals(processForwarded(event, callKind("openat", OPENAT)).call, { ret: null, durationNs: null });
    const lying = forwarded(openat(3n), { recordBytes: bytes });
    assertEquals(processForwarded(lying, callKind("openat", OPENAT)).call?.ret, null);
  }
});

Deno.test("any bytes whatever become an event with the fields of its kind", () => {
  const located = made([["int a", 4, true], ["__data_loc char[] name", 4], ["u64 words[3]", 24]]);
  const kinds: TargetKind[] = [
    tracepointKind("test:located", located),
    callKind("openat", OPENAT),
    enterKind("syscalls:sys_enter_rename", RENAME),
  ];
  const names = [["a", "name", "words"], ["dfd", "filename", "flags", "mode"], ["oldname", "newname"]];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1300 }), fc.nat(2), fc.boolean(), (bytes, index, isSmall) => {
      // Lengths that are nearly right go further than those that are quite wrong.
      if (isSmall) {
        for (const at of [1, 2, 3]) if (bytes.length > 39) bytes[TRACE_EVENT.record_bytes + at] = 0;
      }
      const event = processForwarded(EventView.over(bytes, CPU), kinds[index]!);
      assertEquals(Object.keys(event.args), names[index]);
      assertEquals([event.event, event.cpu], [kinds[index]!.event, CPU]);
      for (const [name, value] of Object.entries(event.args)) {
        assertEquals(value === null, event.reasons?.[name] !== undefined);
      }
    }),
    { seed: 12, numRuns: 2000 },
  );
});
