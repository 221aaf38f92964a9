/** Files of /proc and /sys, read through libc. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventPipeError, SyscallError } from "../../../src/errors.ts";
import { readSmallFile } from "../../../src/ffi/file.ts";
import { nativeTest } from "./_native.ts";

/** Runs with a file of some text, which is gone afterwards. */
function withFile(text: string, body: (path: string) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    body(path);
  } finally {
    Deno.removeSync(path);
  }
}

nativeTest("libc", "readSmallFile reads what Deno reads", () => {
  assertEquals(readSmallFile("/proc/version"), Deno.readTextFileSync("/proc/version"));
  withFile("", (path) => assertEquals(readSmallFile(path), ""));
  withFile("zwei Zeilen\nü\n", (path) => assertEquals(readSmallFile(path), "zwei Zeilen\nü\n"));
});

nativeTest("libc", "readSmallFile names the file it cannot open", () => {
  const error = assertThrows(() => readSmallFile("/proc/eventpipe-none"), EventPipeError) as EventPipeError;
  assertEquals(error.message, "Cannot read /proc/eventpipe-none: open returned ENOENT (2)");
  assert(error.cause instanceof SyscallError);
  assertEquals([error.cause.syscall, error.cause.code], ["open", "ENOENT"]);
});

nativeTest("libc", "readSmallFile names the folder it cannot read, and closes it", () => {
  const before = openFiles();
  assertThrows(() => readSmallFile("/proc"), EventPipeError, "Cannot read /proc: read returned EISDIR (21)");
  assertEquals(openFiles(), before);
});

nativeTest("libc", "readSmallFile closes the file it has read", () => {
  const before = openFiles();
  readSmallFile("/proc/version");
  assertEquals(openFiles(), before);
});

nativeTest("libc", "readSmallFile reads 64 KiB of a larger file", () => {
  withFile("x".repeat(65536 + 100), (path) => assertEquals(readSmallFile(path).length, 65536));
});

nativeTest("libc", "readSmallFile refuses a path with a NUL in it", () => {
  assertThrows(() => readSmallFile("/proc/version\0"), TypeError, "contains a NUL");
});

/** What the descriptors of this process point at, but for the folder that is being listed. */
function openFiles(): string[] {
  const files: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      files.push(Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // the descriptor that listed the folder
    }
  }
  return files.filter((target) => target === "/proc" || target === "/proc/version");
}
