/** What every waiter on kernel rings does, blocking and not: events, limits, wakes, stop tokens, signals. */

import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { checkTimeout } from "../../../src/wait/waiter.ts";
import { kernelTest } from "../_kernel.ts";
import { Meddler } from "./_meddler.ts";
import { WaitedRings, type Way, WAYS } from "./_waited_rings.ts";

const WAITERS = ["epoll", "poll", "spin", "spin-sleep"] as const;

const meddler = await Meddler.start();
// To the end: Deno gives the default action back some time after a listener was taken off, and that would kill.
Deno.addSignalListener("SIGUSR2", () => {});

/** What is to end the wait has some time to do it; a wait that was not ended fails the test instead. */
const MANY_MS = 30_000;

/** No wake and no interruption may be left over: a wait runs to its limit. */
async function assertSleeps(rings: WaitedRings): Promise<void> {
  for (const way of WAYS) {
    const start = performance.now();
    assertEquals(await rings.wait(10, way), []);
    assertGreaterOrEqual(performance.now() - start, 10, "the wait was cut short");
  }
}

/** Waits for what a Worker does. */
async function waitFor(rings: WaitedRings, timeoutMs: number, way: Way): Promise<number[]> {
  meddler.begin();
  const start = performance.now();
  const ready = await rings.wait(timeoutMs, way);
  assert(meddler.hasActed, "the wait ended before");
  assertLess(performance.now() - start, 1000);
  meddler.awaitDone();
  return ready;
}

for (const name of WAITERS) {
  for (const way of WAYS) {
    const what = `${name}: ${way}`;

    kernelTest(`${what} reports the rings with events, and not again once they are drained`, async () => {
      using rings = new WaitedRings(name);
      rings.emit(0, 3);
      rings.emit(1);
      assertEquals(await rings.wait(MANY_MS, way), [0, 1]);
      assertEquals([rings.drain(0), rings.drain(1)], [3, 1]);
      await assertSleeps(rings);
      rings.emit(1);
      assertEquals(await rings.wait(MANY_MS, way), [1]);
      assertEquals(rings.drain(1), 1);
      await assertSleeps(rings);
    }, { twoCpus: true });

    kernelTest(`${what} uses wakes and interruptions up, whatever ends it`, async () => {
      using token = StopToken.create();
      using rings = new WaitedRings(name, token);
      for (const raise of [() => rings.waiter.wake(), () => token.interrupt()]) {
        for (const limit of [-1, 0]) {
          raise();
          raise();
          assertEquals(await rings.wait(limit, way), []);
          await assertSleeps(rings);
        }
      }
    });

    kernelTest(`${what} hears nothing of interruptions from before it was opened`, async () => {
      using token = StopToken.create();
      token.interrupt();
      using rings = new WaitedRings(name, token);
      await assertSleeps(rings);
    });

    kernelTest(
      `${what} does not sleep any more once its token is stopped or closed, but still looks`,
      async () => {
        for (const end of ["stop", "close"] as const) {
          using token = StopToken.create();
          using rings = new WaitedRings(name, token);
          token[end]();
          for (let i = 0; i < 3; i++) assertEquals(await rings.wait(-1, way), []);
          rings.emit();
          // The interrupt that wakes the ring's pollers may come a moment later than the event.
          for (const start = performance.now(); (await rings.wait(-1, way)).length === 0;) {
            assertLess(performance.now() - start, MANY_MS);
          }
          assertEquals(rings.drain(), 1);
        }
      },
    );

    kernelTest(`${what} can be opened with a token that its maker has closed before`, async () => {
      const maker = StopToken.create();
      const token = StopToken.of(maker.share());
      maker.close();
      using rings = new WaitedRings(name, token);
      assertEquals([token.isStopped, await rings.wait(-1, way)], [true, []]);
    });

    kernelTest(`${what} ends when another isolate interrupts or stops its token, or emits`, async () => {
      using token = StopToken.create();
      using rings = new WaitedRings(name, token);
      const shared = token.share();
      for (const limit of [-1, Infinity, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 31 - 1]) {
        await meddler.prepare({ name: "interrupt", token: shared });
        assertEquals(await waitFor(rings, checkTimeout(limit), way), []);
        await assertSleeps(rings);
      }
      await meddler.prepare({
        name: "emit",
        programFd: rings.generator.programFd,
        cpu: rings.source.cpus[0]!,
      });
      assertEquals(await waitFor(rings, -1, way), [0]);
      assertEquals(rings.drain(), 1);
      await meddler.prepare({ name: "stop", token: shared });
      assertEquals(await waitFor(rings, -1, way), []);
      assert(token.isStopped);
    });
  }

  kernelTest(`${name}: waitAsync leaves the event loop free, and ends by what happens there`, async () => {
    using token = StopToken.create();
    using rings = new WaitedRings(name, token);
    for (const act of [() => rings.waiter.wake(), () => token.interrupt(), () => token.stop()]) {
      let turns = 0;
      const timer = setInterval(() => {
        if (++turns === 3) act();
      });
      assertEquals(await rings.wait(-1, "waitAsync"), []);
      clearInterval(timer);
      assertGreaterOrEqual(turns, 3);
    }
  });

  kernelTest(`${name}: two waiters with one token are both interrupted, whoever is first`, async () => {
    using token = StopToken.create();
    using rings = new WaitedRings(name, token);
    const other = rings.openWaiter(name, StopToken.of(token.share()));
    try {
      for (const order of [[rings.waiter, other], [other, rings.waiter]] as const) {
        token.interrupt();
        for (const waiter of order) assertEquals(await rings.wait(-1, "wait", waiter), []);
        for (const waiter of order) {
          const start = performance.now();
          assertEquals(await rings.wait(10, "wait", waiter), []);
          assertGreaterOrEqual(performance.now() - start, 10);
        }
      }
    } finally {
      other.close();
    }
  });
}

for (const name of ["epoll", "poll", "spin-sleep"] as const) {
  kernelTest(
    `${name}: a signal ends a wait without end, which reports nothing, and the next one goes on`,
    async () => {
      using rings = new WaitedRings(name);
      await meddler.prepare({ name: "signal" });
      assertEquals(await waitFor(rings, -1, "wait"), []);
      rings.emit();
      assertEquals(await rings.wait(MANY_MS), [0]);
      assertEquals(rings.drain(), 1);
    },
  );
}
