/** Tests of looking at rings again and again, with rings that are only told of, and with a sleeper that is acted. */

import { assertEquals, assertGreater, assertGreaterOrEqual, assertLess } from "@std/assert";
import { RingSpinner } from "../../../src/wait/spin.ts";
import { SpinSleepWaiter } from "../../../src/wait/spin_sleep.ts";
import { StopListener } from "../../../src/wait/stop_listener.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import type { Waiter } from "../../../src/wait/waiter.ts";

function tokenWithoutFile(): StopToken {
  return StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
}

function spinner(rings: readonly number[], hasUnread: (ring: number) => boolean): RingSpinner {
  const made = new RingSpinner(hasUnread);
  for (const ring of rings) made.add(ring);
  return made;
}

Deno.test("look reports all rings that have unread records, in the order they were added", () => {
  const looked: number[] = [];
  const rings = spinner([5, 2, 7, 3], (ring) => {
    looked.push(ring);
    return ring !== 2;
  });
  const ready = new Int32Array(4).fill(-1);
  assertEquals(rings.look(ready), 3);
  assertEquals([...ready], [5, 7, 3, -1]);
  assertEquals(looked, [5, 2, 7, 3]);
});

Deno.test("keepUnread keeps the order and touches only what it was given", () => {
  const rings = spinner([0, 1, 2, 3], (ring) => ring % 2 === 1);
  const ready = Int32Array.of(3, 2, 1, 9);
  assertEquals(rings.keepUnread(ready, 3), 2);
  assertEquals([...ready.subarray(0, 2), ready[3]], [3, 1, 9]);
  assertEquals(rings.keepUnread(ready, 0), 0);
});

for (const count of [1, 3, 64, 200]) {
  Deno.test(`a spin over ${count} rings goes on until one has unread records`, () => {
    let looks = 0;
    const rings = spinner(Array.from({ length: count }, (_, ring) => ring), (ring) => {
      if (ring === count - 1) looks++;
      return ring === count - 1 && looks === 1000;
    });
    const ready = new Int32Array(count);
    assertEquals([rings.spin(Infinity, ready, undefined), ready[0], looks], [1, count - 1, 1000]);
  });

  Deno.test(`a spin over ${count} rings looks at each of them before the time is over`, () => {
    const rings = spinner(Array.from({ length: count }, (_, ring) => ring), (ring) => ring === count - 1);
    assertEquals(rings.spin(-Infinity, new Int32Array(count), undefined), 1);
  });

  Deno.test(`a spin over ${count} rings ends by the time and by the token, which it does not take`, () => {
    const rings = spinner(Array.from({ length: count }, (_, ring) => ring), () => false);
    const ready = new Int32Array(count);
    const start = performance.now();
    assertEquals(rings.spin(start + 5, ready, undefined), 0);
    assertGreaterOrEqual(performance.now() - start, 5);
    const token = tokenWithoutFile();
    const listener = new StopListener(token);
    token.interrupt();
    assertEquals([rings.spin(Infinity, ready, listener), listener.isRaised], [0, true]);
  });
}

Deno.test("a token that is raised during a spin ends it", () => {
  const token = tokenWithoutFile();
  let looks = 0;
  const rings = spinner([0], () => {
    if (++looks === 10) token.interrupt();
    return false;
  });
  assertEquals(rings.spin(Infinity, new Int32Array(1), new StopListener(token)), 0);
});

/** A sleeper that does as it is told: for each wait the rings it reports, and what happens before. */
class ActedSleeper implements Waiter {
  readonly limits: number[] = [];
  readonly #acts: ((ready: Int32Array) => number)[];
  wakes = 0;

  constructor(...acts: ((ready: Int32Array) => number)[]) {
    this.#acts = acts;
  }

  add(): void {}

  wait(timeoutMs: number, ready: Int32Array): number {
    this.limits.push(timeoutMs);
    return this.#acts.shift()!(ready);
  }

  waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    return Promise.resolve().then(() => this.wait(timeoutMs, ready));
  }

  wake(): void {
    this.wakes++;
  }

  close(): void {}
}

/** The sleeper reports ring 0. */
const reportRing: (ready: Int32Array) => number = (ready) => {
  ready[0] = 0;
  return 1;
};

/** Waits with a sleeper; what comes of it both ways. */
async function sleepBothWays(
  timeoutMs: number,
  setUp: () => { sleeper: ActedSleeper; hasUnread?: () => boolean; token?: StopToken },
  expect: (count: number, sleeper: ActedSleeper) => void,
): Promise<void> {
  for (const way of ["wait", "waitAsync"] as const) {
    const { sleeper, hasUnread = (): boolean => false, token } = setUp();
    const listener = token === undefined ? undefined : new StopListener(token);
    const waiter = new SpinSleepWaiter(sleeper, hasUnread, listener);
    waiter.add(-1, 0);
    expect(await waiter[way](timeoutMs, new Int32Array(1)), sleeper);
  }
}

Deno.test("spin-sleep does not sleep where a spin finds records", async () => {
  let looks = 0;
  await sleepBothWays(
    -1,
    () => ({ sleeper: new ActedSleeper(), hasUnread: () => ++looks % 20 === 0 }),
    (count, { limits }) => assertEquals([count, limits], [1, []]),
  );
});

Deno.test("spin-sleep sleeps again, for what is left of the time, where only drained rings are reported", async () => {
  await sleepBothWays(10_000, () => ({ sleeper: new ActedSleeper(reportRing, reportRing, () => 0) }), (
    count,
    { limits },
  ) => {
    assertEquals([count, limits.length], [0, 3]);
    for (const limit of limits) {
      assertEquals(limit, Math.ceil(limit));
      assertGreater(limit, 5_000);
      assertLess(limit, 10_001);
    }
  });
});

Deno.test("spin-sleep sleeps without end where it is asked to", async () => {
  await sleepBothWays(
    -1,
    () => ({ sleeper: new ActedSleeper(reportRing, () => 0) }),
    (count, { limits }) => assertEquals([count, limits], [0, [-1, -1]]),
  );
});

Deno.test("spin-sleep returns with the sleeper when a signal has ended its sleep", async () => {
  await sleepBothWays(
    -1,
    () => ({ sleeper: new ActedSleeper(() => 0) }),
    (count, { limits }) => assertEquals([count, limits], [0, [-1]]),
  );
});

Deno.test("spin-sleep reports a ring that gets records while the sleeper sleeps", async () => {
  await sleepBothWays(
    -1,
    () => {
      let isFull = false;
      const fill = (ready: Int32Array): number => {
        isFull = true;
        return reportRing(ready);
      };
      return { sleeper: new ActedSleeper(fill), hasUnread: () => isFull };
    },
    (count, { limits }) => assertEquals([count, limits], [1, [-1]]),
  );
});

Deno.test("spin-sleep does not sleep on where the token was raised while drained rings were reported", async () => {
  await sleepBothWays(
    -1,
    () => {
      const token = tokenWithoutFile();
      const raise = (ready: Int32Array): number => {
        token.interrupt();
        return reportRing(ready);
      };
      return { sleeper: new ActedSleeper(raise), token };
    },
    (count, { limits }) => assertEquals([count, limits], [0, [-1]]),
  );
});

Deno.test("spin-sleep neither spins nor sleeps once the token is stopped, and asks the sleeper once", async () => {
  await sleepBothWays(
    -1,
    () => {
      const token = tokenWithoutFile();
      token.stop();
      return { sleeper: new ActedSleeper(reportRing), hasUnread: () => true, token };
    },
    (count, { limits }) => assertEquals([count, limits], [1, [0]]),
  );
});

Deno.test("spin-sleep does not sleep on after a stop or a wake where only drained rings are reported", async () => {
  await sleepBothWays(
    -1,
    () => {
      const token = tokenWithoutFile();
      token.stop();
      return { sleeper: new ActedSleeper(reportRing), token };
    },
    (count, { limits }) => assertEquals([count, limits], [0, [0]]),
  );
  const sleeper = new ActedSleeper(reportRing);
  const waiter = new SpinSleepWaiter(sleeper, () => false);
  waiter.wake();
  assertEquals([waiter.wait(-1, new Int32Array(1)), sleeper.limits], [0, [0]]);
});

Deno.test("spin-sleep wakes the sleeper only while it sleeps, and no wake is lost", async () => {
  const sleeper: ActedSleeper = new ActedSleeper(() => 0, (ready) => {
    waiter.wake();
    return reportRing(ready);
  });
  const waiter = new SpinSleepWaiter(sleeper, () => false);
  waiter.add(-1, 0);
  const ready = new Int32Array(1);
  waiter.wake();
  assertEquals([waiter.wait(-1, ready), sleeper.limits, sleeper.wakes], [0, [0], 0]);
  assertEquals([await waiter.waitAsync(-1, ready), sleeper.limits, sleeper.wakes], [0, [0, -1], 1]);
});
