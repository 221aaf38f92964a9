/** Values as people write them. */

import { assertEquals } from "@std/assert";
import { argumentText, OPEN_FLAGS, resultText } from "../../../src/trace/beautify.ts";
import { compilerObstacle, factsOfGroup, wrongFacts } from "../abi/_compiler.ts";

const obstacle = compilerObstacle();

Deno.test({
  name: `flags of open(2) have the values of the header${obstacle === null ? "" : ` (${obstacle})`}`,
  ignore: obstacle !== null && Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") !== "1",
  async fn(): Promise<void> {
    // The kernel's header writes O_TMPFILE and O_SYNC in terms of what it keeps to itself.
    assertEquals(await wrongFacts([`#include <${OPEN_FLAGS.header}>`], factsOfGroup(OPEN_FLAGS)), []);
  },
});

for (
  const [call, name, value, text] of [
    ["openat", "dfd", -100, "AT_FDCWD"],
    ["renameat2", "newdfd", -100, "AT_FDCWD"],
    ["openat", "dfd", 3, null],
    ["getpriority", "who", -100, null],
    ["openat", "flags", 0, "O_RDONLY"],
    ["openat", "flags", 0o2000000, "O_RDONLY|O_CLOEXEC"],
    ["open", "flags", 0o1101, "O_WRONLY|O_CREAT|O_TRUNC"],
    ["open", "flags", 0o4010002, "O_RDWR|O_SYNC"],
    ["open", "flags", 0o10000, "O_RDONLY|O_DSYNC"],
    ["open", "flags", -0x80000000, "O_RDONLY|0x80000000"],
    ["mmap", "flags", 2, null],
    ["openat", "mode", 0o644, "0644"],
    ["mkdir", "mode", 0, "0"],
    ["access", "mode", 4, null],
    ["openat", "filename", "mode", null],
    ["openat", "flags", null, null],
  ] as const
) {
  Deno.test(`the ${name} ${value} of ${call} reads ${text ?? "as it is"}`, () => {
    assertEquals(argumentText(call, name, value), text);
  });
}

for (
  const [call, result, text] of [
    ["openat", 3, "3"],
    ["openat", -2, "-ENOENT"],
    ["read", -512, "-ERESTARTSYS"],
    ["read", -4095n, "-errno 4095"],
    ["lseek", 2n ** 60n, "1152921504606846976"],
    ["ptrace", -4096, "-4096"],
    ["mmap", 0x7f0000001000, "0x7f0000001000"],
    ["mmap", -12, "-ENOMEM"],
  ] as const
) {
  Deno.test(`the result ${result} of ${call} reads ${text}`, () =>
    assertEquals(resultText(call, result), text));
}
