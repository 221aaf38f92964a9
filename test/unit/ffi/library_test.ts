/** A missing library, a missing symbol and a missing permission are different things to do about. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { EventPipeError, LibraryError } from "../../../src/errors.ts";
import { LIBC } from "../../../src/ffi/libc.ts";
import { type LibraryTable, lookIntoLibrary, openLibrary } from "../../../src/ffi/library.ts";
import { nativeTest, runProgram } from "./_native.ts";

interface Opened {
  readonly codes: readonly string[];
  readonly message: string;
  readonly isLibraryError: boolean;
}

function failure(library: string, table: LibraryTable): EventPipeError {
  return assertThrows(() => openLibrary(library, table, "install it"), EventPipeError) as EventPipeError;
}

const getpid = { parameters: [], result: "i32" } as const;

nativeTest("libc", "openLibrary names a library that is missing, and what to do", () => {
  const error = failure("libeventpipe-none.so.9", { hot: {}, cold: {} });
  assertEquals(error.code, "LIBRARY");
  assertMatch(
    error.message,
    /^Cannot open libeventpipe-none\.so\.9: libeventpipe-none\.so\.9: .*; install it$/,
  );
  assert(error.cause instanceof LibraryError);
  assertEquals(error.cause.library, "libeventpipe-none.so.9");
  assertEquals(error.cause.symbol, null);
});

const none = { eventpipe_none: { parameters: [], result: "i32" } } as const;
const tables = { hot: { hot: none, cold: { getpid } }, cold: { hot: { getpid }, cold: none } };
for (const [kind, table] of Object.entries(tables)) {
  nativeTest("libc", `openLibrary names a ${kind} function that is missing, and its library`, () => {
    const error = failure(LIBC, table);
    assertEquals(error.code, "LIBRARY");
    assertStringIncludes(error.message, `Cannot bind eventpipe_none of ${LIBC}: `);
    assert(error.cause instanceof LibraryError);
    assertEquals(error.cause.library, LIBC);
    assertEquals(error.cause.symbol, "eventpipe_none");
  });
}

Deno.test({
  name: "openLibrary binds hot and cold functions, by their own names too, each once",
  ignore: Deno.build.os !== "linux",
  sanitizeResources: false, // the library stays open
  fn(): void {
    const table = { hot: { pid: { ...getpid, name: "getpid" } }, cold: { getpid } } as const;
    const bound = openLibrary(LIBC, table, "");
    assertEquals(Object.keys(bound).sort(), ["getpid", "pid"]);
    assertEquals([bound.pid(), bound.getpid()], [Deno.pid, Deno.pid]);
    assert(bound.pid === bound.pid);
  },
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
    { getpid },
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
