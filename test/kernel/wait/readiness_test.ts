/**
 * Polling a perf event takes its readiness away: what that means for waiters that share files, and for those that find events
 * without polling.
 */

import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { EPOLL, EPOLL_EVENT } from "../../../src/abi/linux.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { kernelTest } from "../_kernel.ts";
import { WaitedRings } from "./_waited_rings.ts";

/** An event is there; the interrupt that wakes the pollers comes a moment later. */
const MANY_MS = 30_000;

for (const name of ["epoll", "poll"] as const) {
  kernelTest(
    `${name}: a ring is reported once, whether it is drained or not, until it wakes again`,
    async () => {
      using rings = new WaitedRings(name);
      rings.emit();
      assertEquals(await rings.wait(MANY_MS), [0]);
      assertEquals(await rings.wait(10), []);
      rings.emit();
      assertEquals(await rings.wait(MANY_MS), [0]);
      assertEquals(rings.drain(), 2);
      assertEquals(await rings.wait(10), []);
    },
  );

  kernelTest(
    `${name}: of two waiters on the same files only the one that is first hears of an event`,
    async () => {
      using rings = new WaitedRings(name);
      const other = rings.openWaiter(name);
      try {
        for (const [first, second] of [[rings.waiter, other], [other, rings.waiter]] as const) {
          rings.emit();
          assertEquals(await rings.wait(MANY_MS, "wait", first), [0]);
          assertEquals(await rings.wait(10, "wait", second), []);
        }
        assertEquals(rings.drain(), 2);
      } finally {
        other.close();
      }
    },
  );

  kernelTest(
    `${name}: a ring that was drained before is reported all the same, once, and holds nothing`,
    async () => {
      using rings = new WaitedRings(name);
      rings.emit();
      assertEquals(rings.drain(), 1);
      assertEquals(await rings.wait(MANY_MS), [0]);
      assertEquals(rings.drain(), 0);
      assertEquals(await rings.wait(10), []);
    },
  );
}

for (const name of ["spin", "spin-sleep"] as const) {
  kernelTest(`${name}: a ring is reported until it is drained`, async () => {
    using rings = new WaitedRings(name);
    rings.emit();
    for (let i = 0; i < 3; i++) assertEquals(await rings.wait(MANY_MS), [0]);
    assertEquals(rings.drain(), 1);
    assertEquals(await rings.wait(10), []);
  });

  kernelTest(
    `${name}: two waiters on the same files both find an event, and a poller between them harms neither`,
    async () => {
      using rings = new WaitedRings(name);
      const other = rings.openWaiter(name);
      const poller = rings.openWaiter("epoll");
      try {
        rings.emit();
        assertEquals(await rings.wait(MANY_MS), [0]);
        assertEquals(await rings.wait(MANY_MS, "wait", poller), [0]);
        assertEquals(await rings.wait(MANY_MS, "wait", other), [0]);
        assertEquals(rings.drain(), 1);
      } finally {
        other.close();
        poller.close();
      }
    },
  );

  for (const way of ["wait", "waitAsync"] as const) {
    kernelTest(
      `${name}: ${way} is not cut short by the readiness of rings that a spin found and that were drained`,
      async () => {
        using rings = new WaitedRings(name);
        for (let round = 0; round < 3; round++) {
          rings.emit(0, 5);
          assertEquals(await rings.wait(MANY_MS, way), [0]);
          assertEquals(rings.drain(), 5);
          const start = performance.now();
          assertEquals(await rings.wait(10, way), []);
          assertGreaterOrEqual(performance.now() - start, 10);
        }
      },
    );
  }
}

kernelTest("a wait set nested in another loses the wake-up of a ring", async () => {
  using rings = new WaitedRings("spin");
  const { readiness } = rings.source;
  assert(readiness.kind === "fds");
  const nest = (fd: number): number => {
    const epfd = libc().epoll_create1(EPOLL.EPOLL_CLOEXEC);
    const event = new DataView(new ArrayBuffer(EPOLL_EVENT.size));
    event.setUint32(EPOLL_EVENT.offsets.events, EPOLL.EPOLLIN, true);
    assertEquals(libc().epoll_ctl(epfd, EPOLL.EPOLL_CTL_ADD, fd, event), 0);
    return epfd;
  };
  const inner = nest(readiness.fds[0]!);
  const outer = nest(inner);
  const events = Deno.UnsafePointer.of(new Uint8Array(EPOLL_EVENT.size));
  rings.emit();
  // The outer one polls the ring to know whether the inner one is readable, and so takes what the inner would report.
  assertEquals(libc().epoll_wait(outer, events, 1, MANY_MS), 1);
  assertEquals(libc().epoll_wait(inner, events, 1, 10), 0);
  assertEquals([await rings.wait(MANY_MS), rings.drain()], [[0], 1]);
  libc().close(outer);
  libc().close(inner);
});
