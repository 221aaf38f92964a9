/**
 * All format files of this kernel: they parse, their fields lie in order, and any bytes decode. Every system call it traces has
 * its number, and those too new for the headers are called to see whether the kernel agrees.
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { findMount } from "../../src/cli/mounts.ts";
import { Catalog } from "../../src/trace/catalog.ts";
import { makeDecoder } from "../../src/trace/decode.ts";
import { type EventFormat, parseFormat, stringArguments } from "../../src/trace/format.ts";
import { symbolText } from "../../src/trace/symbols.ts";
import { jsonLine, randomWords } from "../unit/trace/_formats.ts";
import { kernelTest } from "./_kernel.ts";

/** All formats, those of ftrace's own records included. */
function allFormats(): Map<string, EventFormat> {
  const root = `${findMount("tracefs")}/events`;
  const folders = (path: string): string[] =>
    Array.from(Deno.readDirSync(path)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  const names = folders(root).flatMap((category) =>
    folders(`${root}/${category}`).map((name) => [category, name])
  );
  return new Map(names.map(([category, name]) => {
    const text = Deno.readTextFileSync(`${root}/${category}/${name}/format`);
    return [`${category}:${name}`, parseFormat(text)];
  }));
}

kernelTest("every format file of this kernel parses, its fields in order, gaps no wider than a word", () => {
  const formats = allFormats();
  assertGreater(formats.size, 500);
  for (const [event, { name, common, fields, size }] of formats) {
    assertEquals(name, event.split(":")[1]);
    assertEquals(common.length, 4, event);
    let end = 0;
    for (const field of [...common, ...fields]) {
      const gap = field.offset - end;
      assert(
        gap >= 0 && gap < 8,
        `${event}.${field.name} stands ${gap} bytes behind the field in front of it`,
      );
      end = field.offset + field.size;
    }
    assertEquals(end, size, event);
  }
}, { tracefs: true });

kernelTest("the list has what has a format file, but for ftrace's own records", () => {
  const folders = [...allFormats().keys()].filter((event) => !event.startsWith("ftrace:"));
  assertEquals([...Catalog.open().events()].sort(), folders.sort());
}, { tracefs: true });

kernelTest("records of every event decode from random bytes of random length", () => {
  const random = randomWords(0xdecade);
  for (const [event, format] of allFormats()) {
    const decode = makeDecoder(format);
    for (let round = 0; round < 20; round++) {
      const bytes = random() % (format.size + 64);
      const view = new DataView(new ArrayBuffer(bytes + 16));
      for (let at = 0; at < bytes + 13; at++) view.setUint8(at, random());
      const { args } = JSON.parse(jsonLine(decode(view, 8, bytes, ["text", -14])));
      const fields = format.fields.map(({ name }) => name).filter((name) => name !== "__syscall_nr");
      assertEquals(Object.keys(args), fields, event);
    }
    for (const symbols of format.symbols.values()) symbolText(symbols, random());
  }
}, { tracefs: true });

kernelTest("locations and texts of every event fit what the kernel side reads", () => {
  for (const [event, format] of allFormats()) {
    const locations = format.fields.filter(({ kind }) => kind === "dataLoc" || kind === "relLoc");
    assert(locations.length <= 8, event);
    assert(
      stringArguments(format).every((index) => Number.isInteger(index) && index >= 0 && index < 6),
      event,
    );
  }
}, { tracefs: true });

kernelTest("every system call this kernel traces has a number of its own", () => {
  const catalog = Catalog.open();
  const names = catalog.syscallNames();
  assertGreater(names.length, 200);
  assertEquals(new Set(names.map((name) => catalog.syscallNumber(name))).size, names.length);
  for (const event of catalog.match("syscalls:sys_e*")) catalog.syscallNumber(event);
}, { tracefs: true });

kernelTest("the kernel agrees with the numbers of system calls that are newer than Linux 6.1", () => {
  const catalog = Catalog.open();
  const newer = catalog.syscallNames()
    .map((name) => ({ name, number: catalog.syscallNumber(name) }))
    .filter(({ number }) => number > 450)
    .sort((a, b) => a.number - b.number);
  const instance = `${catalog.tracefs}/instances/eventpipe-test-${Deno.pid}`;
  Deno.mkdirSync(instance);
  try {
    for (const { name } of newer) {
      Deno.writeTextFileSync(`${instance}/events/syscalls/sys_enter_${name}/enable`, "1");
    }
    for (const { number } of newer) callWithNonsense(number);
    const seen = Deno.readTextFileSync(`${instance}/trace`).matchAll(/: sys_(\w+)\(.*ffffffffffffffff/g);
    assertEquals(Array.from(seen, ([, name]) => name), newer.map(({ name }) => name));
  } finally {
    Deno.writeTextFileSync(`${instance}/events/enable`, "0");
    Deno.removeSync(instance);
  }
}, { tracefs: true });

/** Calls the kernel with -1 for every argument: an address, a file and flags that no call takes. */
function callWithNonsense(number: number): void {
  const library = Deno.dlopen("libc.so.6", {
    /** `long syscall(long number, ...)`. */
    syscall: { parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" },
  });
  try {
    assertEquals(library.symbols.syscall(BigInt(number), -1n, -1n, -1n, -1n, -1n, -1n), -1n);
  } finally {
    library.close();
  }
}
