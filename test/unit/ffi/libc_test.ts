/** errno, and the clocks. */

import { assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { errnoName } from "../../../src/abi/errno.ts";
import { monotonicNs, threadCpuNs } from "../../../src/ffi/clock.ts";
import { readSmallFile } from "../../../src/ffi/file.ts";
import { errno, libc } from "../../../src/ffi/libc.ts";
import { nativeTest } from "./_native.ts";

nativeTest("libc", "errno is that of the call before it", () => {
  assertEquals(libc().close(-1), -1);
  assertEquals(errnoName(errno()), "EBADF");
  assertEquals(libc().epoll_create1(-1), -1);
  assertEquals(errnoName(errno()), "EINVAL");
});

nativeTest("libc", "errno is read right in every one of many calls, optimized ones included", () => {
  const { close, epoll_create1 } = libc();
  const seen = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const first = close(-1) < 0 ? errno() : 0;
    const second = epoll_create1(-1) < 0 ? errno() : 0;
    seen.add(`${first} ${second}`);
  }
  assertEquals([...seen], ["9 22"]); // EBADF, EINVAL
});

nativeTest("libc", "libc() gives the same functions at every call", () => {
  assertEquals(libc() === libc(), true);
});

nativeTest("libc", "monotonicNs never goes back", () => {
  let last = monotonicNs();
  for (let i = 0; i < 10_000; i++) {
    const now = monotonicNs();
    assertGreaterOrEqual(now, last);
    last = now;
  }
});

nativeTest("libc", "monotonicNs is whole nanoseconds and advances as performance.now() does", () => {
  const [monotonicStart, start] = [monotonicNs(), performance.now()];
  while (performance.now() - start < 20);
  const [monotonicEnd, end] = [monotonicNs(), performance.now()];
  assertEquals(Number.isInteger(monotonicEnd), true);
  // Each pair of readings may be torn apart by the scheduler: the longer span holds the shorter.
  const milliseconds = (monotonicEnd - monotonicStart) / 1e6;
  assertGreaterOrEqual(milliseconds, 19.9);
  assertLess(Math.abs(milliseconds - (end - start)), 1000);
});

nativeTest("libc", "monotonicNs is what clock_gettime says, read as 64-bit seconds and nanoseconds", () => {
  const timespec = new BigInt64Array(2);
  const before = monotonicNs();
  libc().clock_gettime(1, Deno.UnsafePointer.of(timespec)); // <time.h> CLOCK_MONOTONIC
  const after = monotonicNs();
  const direct = Number(timespec[0]! * 1_000_000_000n + timespec[1]!);
  assertGreaterOrEqual(direct, before);
  assertGreaterOrEqual(after, direct);
});

nativeTest("libc", "monotonicNs reads the clock of /proc/uptime, time asleep left out", () => {
  const before = monotonicNs() / 1e9;
  const uptime = Number(readSmallFile("/proc/uptime").split(" ")[0]);
  assertLess(before, uptime + 0.1);
  assertGreater(before, 0);
});

nativeTest("libc", "threadCpuNs counts work, and less than the clock on the wall", () => {
  const [wallStart, start] = [monotonicNs(), threadCpuNs()];
  let sum = 0;
  while (threadCpuNs() - start < 5e6) sum += Math.sqrt(sum + 1);
  const work = threadCpuNs() - start;
  const wall = monotonicNs() - wallStart;
  assertGreaterOrEqual(work, 5e6);
  assertGreaterOrEqual(wall + 1e5, work);
});
