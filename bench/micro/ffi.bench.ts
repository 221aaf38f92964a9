/**
 * Calls through the FFI border and clocks. The benchmarks of native calls are registered where Deno was given the
 * permission to make them; without it only `performance.now` is left.
 */

import { EPOLL } from "../../src/abi/linux.ts";
import { monotonicNs } from "../../src/ffi/clock.ts";
import { errno, libc } from "../../src/ffi/libc.ts";

Deno.bench({
  name: "performance.now",
  group: "read a clock",
  baseline: true,
  fn(): void {
    performance.now();
  },
});

if (Deno.permissions.querySync({ name: "ffi" }).state === "granted" && Deno.build.os === "linux") {
  const { epoll_create1, epoll_wait, sysconf } = libc();
  const epfd = epoll_create1(EPOLL.EPOLL_CLOEXEC);
  const events = Deno.UnsafePointer.of(new Uint8Array(16));

  Deno.bench({
    name: "clock_gettime(CLOCK_MONOTONIC)",
    group: "read a clock",
    fn(): void {
      monotonicNs();
    },
  });

  Deno.bench({
    name: "errno (a load, no call)",
    group: "call through the FFI border",
    fn(): void {
      errno();
    },
  });

  Deno.bench({
    name: "sysconf (a call, no system call)",
    group: "call through the FFI border",
    baseline: true,
    fn(): void {
      sysconf(30);
    },
  });

  Deno.bench({
    name: "epoll_wait of nothing (a system call)",
    group: "call through the FFI border",
    fn(): void {
      epoll_wait(epfd, events, 1, 0);
    },
  });
}
