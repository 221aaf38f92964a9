/** The stop token's file: who owns it, and what becomes of a number that another file gets. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EVENTFD, FCNTL } from "../../../src/abi/linux.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { duplicateEventFd } from "../../../src/wait/stop_word.ts";
import { runChild } from "../_child.ts";
import { kernelTest } from "../_kernel.ts";
import { openResources } from "../_resources.ts";
import { WaitedRings } from "./_waited_rings.ts";

/** Another eventfd with a given, free number. */
function eventFdAt(fd: number): number {
  const made = libc().eventfd(0, EVENTFD.EFD_CLOEXEC | EVENTFD.EFD_NONBLOCK);
  if (made === fd) return made;
  const moved = libc().fcntl(made, FCNTL.F_DUPFD_CLOEXEC, fd);
  libc().close(made);
  assertEquals(moved, fd);
  return moved;
}

function add(fd: number, value: bigint): void {
  assertEquals(libc().write(fd, new BigUint64Array([value]), 8n), 8n);
}

/** What was written into an eventfd since it was read; 0 where nothing was. */
function take(fd: number): bigint {
  const count = new BigUint64Array(1);
  return libc().read(fd, count, 8n) === 8n ? count[0]! : 0n;
}

kernelTest("a token is one file, that of its maker, and share and of open none", () => {
  const before = openResources();
  const maker = StopToken.create();
  assertEquals(openResources().length, before.length + 1);
  const other = StopToken.of(maker.share());
  assert(Number.isInteger(maker.share().fd));
  assertEquals(other.share(), maker.share());
  other.interrupt();
  other.stop();
  other.close();
  assertEquals([maker.isStopped, openResources().length], [true, before.length + 1]);
  maker.close();
  maker.close();
  assertEquals(openResources(), before);
});

kernelTest("closing a token stops it", () => {
  const maker = StopToken.create();
  const other = StopToken.of(maker.share());
  maker.close();
  assertEquals([maker.isStopped, other.isStopped], [true, true]);
});

kernelTest("nobody writes into the file that has got the number of a closed token", () => {
  const maker = StopToken.create();
  const other = StopToken.of(maker.share());
  const fd = maker.share().fd!;
  maker.close();
  const foreign = eventFdAt(fd);
  for (const token of [maker, other]) {
    token.interrupt();
    token.stop();
    token.close();
    assertEquals(duplicateEventFd(token.share()), null);
  }
  assertEquals(take(foreign), 0n);
  libc().close(foreign);
});

for (const name of ["epoll", "poll", "spin", "spin-sleep"] as const) {
  kernelTest(
    `${name} neither waits for nor reads the file that has got the number of its closed token`,
    async () => {
      const maker = StopToken.create();
      using rings = new WaitedRings(name, StopToken.of(maker.share()));
      const fd = maker.share().fd!;
      maker.close();
      const foreign = eventFdAt(fd);
      add(foreign, 5n);
      for (const way of ["wait", "waitAsync", "wait"] as const) assertEquals(await rings.wait(-1, way), []);
      rings.waiter.close();
      assertEquals(take(foreign), 5n);
      libc().close(foreign);
    },
  );

  kernelTest(
    `${name} hears of the wake-up that its token's maker sent last before it closed the file`,
    async () => {
      const maker = StopToken.create();
      using rings = new WaitedRings(name, StopToken.of(maker.share()));
      const waiting = rings.wait(-1, "waitAsync");
      maker.close();
      assertEquals(await waiting, []);
    },
  );
}

kernelTest(
  "opening a waiter with a token leaks nothing and names the call, whichever call fails",
  async () => {
    for (const [name, calls] of Object.entries(CALLS)) {
      const { code, lines, stderr } = await runChild("wait/_faults.ts", [name]);
      assertEquals(code, 0, stderr);
      const outcomes = lines.map((line) => JSON.parse(line));
      for (const { failed, message, leaked } of outcomes) {
        assertEquals(leaked, 0, `${failed}: ${message}`);
        if (failed !== null) assertStringIncludes(message, `${failed} returned EMFILE`);
      }
      assertEquals(outcomes.map(({ failed }) => failed), [...calls, null]);
    }
  },
);

/** The calls that can fail, in order: those of the waiter, those of the token's listener. */
const CALLS = {
  "epoll": ["epoll_create1", "eventfd", "epoll_ctl", "fcntl", "epoll_create1", "epoll_ctl", "epoll_ctl"],
  "poll": ["eventfd", "fcntl", "epoll_create1", "epoll_ctl"],
  "spin": [],
  "spin-sleep": ["epoll_create1", "eventfd", "epoll_ctl", "fcntl", "epoll_create1", "epoll_ctl", "epoll_ctl"],
} as const;

kernelTest(
  "a token that cannot be made, or not be woken, names the call, and is stopped all the same",
  async () => {
    const { code, lines, stderr } = await runChild("wait/_token_faults.ts");
    assertEquals(code, 0, stderr);
    assertEquals(lines, [
      "Cannot make a stop token: eventfd returned EMFILE (24)",
      "the maker stopped: true",
      "Cannot use the stop token: fcntl returned EMFILE (24)",
      "the other stopped: true",
      "leaked: 0",
    ]);
  },
);

kernelTest(
  "forgotten waiters give their files back, and a forgotten token keeps its number from others",
  async () => {
    const wrapper = ["env", "DENO_V8_FLAGS=--expose-gc"];
    const { code, lines, stderr } = await runChild("wait/_forgotten.ts", [], wrapper);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(JSON.parse(lines[0]!), { files: 1, target: "anon_inode:[eventfd]" });
  },
  { commands: ["env"] },
);
