/** Tests of the waiter on memory rings: marks are taken once, and bells, limits and wakes end a wait. */

import { assert, assertEquals } from "@std/assert";
import { RingSignals } from "../../../src/ring/signals.ts";
import { AtomicsWaiter } from "../../../src/wait/atomics.ts";

function setUp(rings: number): { signals: RingSignals; waiter: AtomicsWaiter; ready: Int32Array } {
  const words = new Int32Array(new SharedArrayBuffer(RingSignals.wordCount(rings) * 4));
  const waiter = new AtomicsWaiter(words);
  for (let ring = 0; ring < rings; ring++) waiter.add(-1, ring);
  return { signals: new RingSignals(words), waiter, ready: new Int32Array(rings) };
}

/** The two ways to wait, which must behave alike. */
const WAYS: [string, (waiter: AtomicsWaiter, timeoutMs: number, ready: Int32Array) => Promise<number>][] = [
  // deno-lint-ignore require-await -- it is async to have one type
  ["wait", async (waiter, timeoutMs, ready) => waiter.wait(timeoutMs, ready)],
  ["waitAsync", (waiter, timeoutMs, ready) => waiter.waitAsync(timeoutMs, ready)],
];

for (const [name, wait] of WAYS) {
  Deno.test(`${name} reports each marked ring once, in order`, async () => {
    const { signals, waiter, ready } = setUp(4);
    for (const ring of [3, 1, 1]) signals.wake(ring);
    assertEquals(await wait(waiter, -1, ready), 2);
    assertEquals([...ready.subarray(0, 2)], [1, 3]);
    assertEquals(await wait(waiter, 0, ready), 0);
    signals.wake(0);
    assertEquals(await wait(waiter, 0, ready), 1);
    assertEquals(ready[0], 0);
  });

  Deno.test(`${name} reports only the rings that were added`, async () => {
    const { signals } = setUp(3);
    const waiter = new AtomicsWaiter(signals.words);
    waiter.add(-1, 2);
    const ready = new Int32Array(1);
    signals.wake(0);
    assertEquals(await wait(waiter, 0, ready), 0);
    signals.wake(2);
    assertEquals([await wait(waiter, 0, ready), ready[0]], [1, 2]);
  });

  Deno.test(`${name} waits no shorter than its limit`, async () => {
    const { waiter, ready } = setUp(1);
    const start = performance.now();
    assertEquals(await wait(waiter, 20, ready), 0);
    assert(performance.now() - start >= 20);
  });

  Deno.test(`${name} ends at a wake, under way or before, and once only`, async () => {
    const { waiter, ready } = setUp(1);
    waiter.wake();
    waiter.wake();
    assertEquals(await wait(waiter, -1, ready), 0);
    await assertWaits(waiter, ready);
  });

  Deno.test(`${name} uses a wake up together with marks or a limit of 0`, async () => {
    const { signals, waiter, ready } = setUp(1);
    signals.wake(0);
    waiter.wake();
    assertEquals(await wait(waiter, -1, ready), 1);
    await assertWaits(waiter, ready);
    waiter.wake();
    assertEquals(await wait(waiter, 0, ready), 0);
    await assertWaits(waiter, ready);
  });
}

/** No wake may be left over: a wait runs to its limit. */
async function assertWaits(waiter: AtomicsWaiter, ready: Int32Array): Promise<void> {
  for (const [, wait] of WAYS) {
    const start = performance.now();
    assertEquals(await wait(waiter, 10, ready), 0);
    assert(performance.now() - start >= 10, "the wait was cut short");
  }
}

Deno.test("waitAsync sleeps until a ring is marked or it is woken, and the event loop runs meanwhile", async () => {
  const { signals, waiter, ready } = setUp(2);
  const marked = waiter.waitAsync(-1, ready);
  setTimeout(() => signals.wake(1), 0);
  assertEquals([await marked, ready[0]], [1, 1]);
  const woken = waiter.waitAsync(-1, ready);
  setTimeout(() => waiter.wake(), 0);
  assertEquals(await woken, 0);
});

Deno.test("waitAsync sleeps on when the bell rings for nobody", async () => {
  const { signals, waiter, ready } = setUp(1);
  let done = false;
  const waiting = waiter.waitAsync(-1, ready).then((count) => (done = true, count));
  for (let turn = 0; turn < 3; turn++) {
    signals.ring();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(done, false);
  }
  signals.wake(0);
  assertEquals(await waiting, 1);
});

Deno.test("close may be called again, and wake after it", () => {
  const { waiter } = setUp(1);
  waiter.close();
  waiter.close();
  waiter.wake();
});
