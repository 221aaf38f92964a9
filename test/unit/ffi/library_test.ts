/** A missing library, a missing symbol and a missing permission are different things to do about. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { EventPipeError, LibraryError } from "../../../src/errors.ts";
import { LIBC } from "../../../src/ffi/libc.ts";
import { lookIntoLibrary, openLibrary } from "../../../src/ffi/library.ts";
import { nativeTest, runProgram } from "./_native.ts";

interface Opened {
  readonly codes: readonly string[];
  readonly message: string;
  readonly isLibraryError: boolean;
}

function failure(library: string, symbols: Deno.ForeignLibraryInterface): EventPipeError {
  return assertThrows(() => openLibrary(library, symbols, "install it"), EventPipeError) as EventPipeError;
}

nativeTest("libc", "openLibrary names a library that is missing, and what to do", () => {
  const error = failure("libeventpipe-none.so.9", {});
  assertEquals(error.code, "LIBRARY");
  assertMatch(
    error.message,
    /^Cannot open libeventpipe-none\.so\.9: libeventpipe-none\.so\.9: .*; install it$/,
  );
  assert(error.cause instanceof LibraryError);
  assertEquals(error.cause.library, "libeventpipe-none.so.9");
  assertEquals(error.cause.symbol, null);
});

nativeTest("libc", "openLibrary names a symbol that is missing, and its library", () => {
  const error = failure(LIBC, {
    getpid: { parameters: [], result: "i32" },
    eventpipe_none: { parameters: [], result: "i32" },
  });
  assertEquals(error.code, "LIBRARY");
  assertStringIncludes(error.message, `Cannot bind eventpipe_none of ${LIBC}: `);
  assert(error.cause instanceof LibraryError);
  assertEquals(error.cause.library, LIBC);
  assertEquals(error.cause.symbol, "eventpipe_none");
});

Deno.test("libc() says that Deno has no permission, at every call", async () => {
  const { codes, message, isLibraryError } = await runProgram("_open_libc.ts", []) as Opened;
  assertEquals(codes, ["NOT_PERMITTED", "NOT_PERMITTED"]);
  assertMatch(message, /^Cannot open libc\.so\.6: Deno has no permission .*; run with --allow-ffi/);
  assertEquals(isLibraryError, false);
});

nativeTest(
  "libc",
  "libc() refuses a permission for that one file, which is none for pointers, at every call",
  async () => {
    const path = /\S+\/libc\.so\.6$/m.exec(await Deno.readTextFile("/proc/self/maps"))![0];
    const folder = path.slice(0, path.lastIndexOf("/"));
    // In its folder the grant for a path is also one for the bare name.
    const flags = [`--allow-ffi=${path}`];
    const { codes, message } = await runProgram("_open_libc.ts", flags, { cwd: folder }) as Opened;
    assertEquals(codes, ["NOT_PERMITTED", "NOT_PERMITTED"]);
    assertStringIncludes(message, "without paths behind it");
  },
);

nativeTest("libc", "libc() needs --allow-ffi and nothing else", async () => {
  assertEquals((await runProgram("_open_libc.ts", ["--allow-ffi"]) as Opened).codes, ["opened", "opened"]);
});

nativeTest("libc", "lookIntoLibrary gives what the look gave, and closes the library behind it", () => {
  const pid = lookIntoLibrary(
    LIBC,
    { getpid: { parameters: [], result: "i32" } },
    "",
    ({ getpid }) => getpid(),
  );
  assertEquals(pid, Deno.pid);
});

nativeTest("libc", "lookIntoLibrary closes the library when the look throws", () => {
  const look = (): never => {
    throw new RangeError("seen");
  };
  assertThrows(() => lookIntoLibrary(LIBC, {}, "", look), RangeError, "seen");
});
