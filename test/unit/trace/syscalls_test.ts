/** The numbers of system calls are those of the headers, on both architectures. */

import { assertEquals, assertGreater } from "@std/assert";
import { callName, functionNames, syscallNumbers } from "../../../src/trace/syscalls.ts";
import { compilerObstacle } from "../abi/_compiler.ts";
import { headerNumbers } from "./_syscall_headers.ts";

const obstacle = Deno.build.arch === "x86_64" ? compilerObstacle() : "not x86-64, so no header of it";
const isRequired = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1" && Deno.build.arch === "x86_64";

/** What stands among old numbers and came late: Linux 6.11 and 6.18. */
const LATE = ["uretprobe", "uprobe"];

for (const architecture of ["x86_64", "aarch64"] as const) {
  Deno.test({
    name: `system calls of ${architecture} have the numbers of the header${
      obstacle === null ? "" : ` (${obstacle})`
    }`,
    ignore: obstacle !== null && !isRequired,
    async fn(): Promise<void> {
      const header = await headerNumbers(architecture);
      const newest = Math.max(...header.values());
      assertGreater(newest, 440);
      const ours = [...syscallNumbers(architecture)].filter(([name, number]) =>
        number <= newest && !LATE.includes(name)
      );
      assertEquals(new Map(ours.sort()), new Map([...header].sort()));
    },
  });
}

Deno.test("system calls have the numbers everybody knows", () => {
  const x86 = syscallNumbers("x86_64");
  const arm = syscallNumbers("aarch64");
  assertEquals(
    ["read", "execve", "openat", "statx", "clone3"].map((name) => [x86.get(name), arm.get(name)]),
    [
      [0, 63],
      [59, 221],
      [257, 56],
      [332, 291],
      [435, 435],
    ],
  );
});

Deno.test("no number belongs to two system calls, and newer ones are alike on both architectures", () => {
  const [x86, arm] = [syscallNumbers("x86_64"), syscallNumbers("aarch64")];
  for (const numbers of [x86, arm]) assertEquals(new Set(numbers.values()).size, numbers.size);
  const newer = [...x86].filter(([, number]) => number >= 424);
  assertEquals(newer, [...arm].filter(([, number]) => number >= 424));
  assertEquals(newer.at(-1), ["listns", 470]);
});

Deno.test("the kernel's names lead to the names of calls, and back", () => {
  assertEquals(["newstat", "sendfile64", "umount", "openat"].map(callName), [
    "stat",
    "sendfile",
    "umount2",
    "openat",
  ]);
  assertEquals(functionNames("uname"), ["uname", "newuname"]);
  assertEquals(functionNames("openat"), ["openat"]);
});
