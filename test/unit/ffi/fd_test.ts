/** File descriptors a caller gives, in front of every call that takes them. */

import { assertEquals, assertThrows } from "@std/assert";
import { checkFd } from "../../../src/ffi/fd.ts";
import { TestRun } from "../../../src/object/test_run.ts";
import { PerfSource } from "../../../src/source/perf.ts";
import { EpollWaiter } from "../../../src/wait/epoll.ts";
import { PollWaiter } from "../../../src/wait/poll.ts";
import { nativeTest } from "./_native.ts";

/** Each becomes another file's number when it is cut to 32 bits, or is none. */
const NO_FDS = [-1, 0.5, 2 ** 31, 2 ** 32 + 3, NaN, Infinity];

Deno.test("checkFd returns what can be a file descriptor", () => {
  for (const fd of [0, 3, 2 ** 31 - 1]) assertEquals(checkFd(fd, "read"), fd);
});

Deno.test("checkFd refuses what cannot, and says what was tried", () => {
  for (const fd of NO_FDS) {
    assertThrows(() => checkFd(fd, "read"), RangeError, `Cannot read: ${fd} is no file descriptor`);
  }
  assertThrows(() => checkFd("3" as unknown as number, "read"), RangeError);
});

nativeTest("libc", "a program's file descriptor is checked before it is run", () => {
  for (const fd of NO_FDS) assertThrows(() => new TestRun(fd, 1), RangeError, "Cannot run a BPF program");
});

nativeTest("libbpf", "a map's file descriptor is checked before it is used", () => {
  for (const fd of NO_FDS) {
    assertThrows(
      () => PerfSource.open({ map: { fd, maxEntries: 1024 } }),
      RangeError,
      "Cannot use the given map",
    );
  }
});

nativeTest("libc", "a ring's file descriptor is checked before a waiter takes it", () => {
  for (const Waiter of [EpollWaiter, PollWaiter]) {
    const waiter = new Waiter(1);
    try {
      for (const fd of NO_FDS) assertThrows(() => waiter.add(fd, 0), RangeError, "Cannot add a ring");
    } finally {
      waiter.close();
    }
  }
});
