/** What every waiter on memory rings does, blocking and not: events, limits, wakes, stop tokens. */

import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { Scanner } from "../../../src/ring/scanner.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { openWaiter, type WaiterName } from "../../../src/wait/open.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { checkTimeout, type Waiter } from "../../../src/wait/waiter.ts";
import { Meddler } from "./_meddler.ts";

/** Four rings with a waiter, as a pipe holds them. */
class WaitedRings {
  readonly source = MemorySource.open({ ringBytes: 4096, cpus: [0, 1, 2, 3] });
  readonly token = StopToken.of({ flag: new SharedArrayBuffer(4), fd: null });
  readonly waiter: Waiter;
  readonly #scanner: Scanner = this.source.openScanner();
  readonly #ready = new Int32Array(4);
  readonly #batch = new RecordBatch();

  constructor(name: WaiterName) {
    const hasUnread = (ring: number): boolean => this.#scanner.begin(ring);
    this.waiter = openWaiter(name, this.source.readiness, { hasUnread, token: this.token });
    for (const ring of this.source.cpus.keys()) this.waiter.add(-1, ring);
    this.source.start();
  }

  output(ring: number): void {
    assertEquals(this.source.writer(ring).output(16), 0);
  }

  drain(): void {
    for (const ring of this.source.cpus.keys()) {
      this.#scanner.begin(ring);
      while (this.#scanner.scan(ring, this.#batch)) this.#scanner.commit(ring);
    }
  }

  /** Waits; the rings that are ready, which are drained then. */
  async wait(way: Way, timeoutMs: number): Promise<number[]> {
    const count = way === "wait"
      ? this.waiter.wait(timeoutMs, this.#ready)
      : await this.waiter.waitAsync(timeoutMs, this.#ready);
    this.drain();
    return [...this.#ready.subarray(0, count)];
  }

  /** No wake and no interruption may be left over: a wait runs to its limit. */
  async assertSleeps(): Promise<void> {
    for (const way of WAYS) {
      const start = performance.now();
      assertEquals(await this.wait(way, 10), []);
      assertGreaterOrEqual(performance.now() - start, 10, "the wait was cut short");
    }
  }
}

type Way = "wait" | "waitAsync";
const WAYS: readonly Way[] = ["wait", "waitAsync"];

/** What is to end the wait has some time to do it; a wait that was not ended ends the test instead. */
const MANY_MS = 30_000;

for (const name of ["atomics", "spin", "spin-sleep"] as const) {
  for (const way of WAYS) {
    const what = `${name}: ${way}`;

    Deno.test(`${what} reports the rings with unread records, and not again once they are drained`, async () => {
      const rings = new WaitedRings(name);
      for (const ring of [3, 1, 1]) rings.output(ring);
      assertEquals(await rings.wait(way, -1), [1, 3]);
      assertEquals(await rings.wait(way, 0), []);
      rings.output(0);
      assertEquals(await rings.wait(way, 0), [0]);
      await rings.assertSleeps();
    });

    Deno.test(`${what} waits no shorter than its limit`, async () => {
      const rings = new WaitedRings(name);
      for (const limit of [0, 1, 20]) {
        const start = performance.now();
        assertEquals(await rings.wait(way, limit), []);
        assertGreaterOrEqual(performance.now() - start, limit);
      }
    });

    Deno.test(`${what} uses a wake up, whether anything else ends it or not`, async () => {
      const rings = new WaitedRings(name);
      rings.waiter.wake();
      rings.waiter.wake();
      assertEquals(await rings.wait(way, -1), []);
      await rings.assertSleeps();
      rings.waiter.wake();
      assertEquals(await rings.wait(way, 0), []);
      await rings.assertSleeps();
      rings.output(2);
      rings.waiter.wake();
      assertEquals(await rings.wait(way, -1), [2]);
      await rings.assertSleeps();
    });

    Deno.test(`${what} uses an interruption up, whether anything else ends it or not`, async () => {
      const rings = new WaitedRings(name);
      rings.token.interrupt();
      rings.token.interrupt();
      assertEquals(await rings.wait(way, -1), []);
      await rings.assertSleeps();
      rings.token.interrupt();
      assertEquals(await rings.wait(way, 0), []);
      await rings.assertSleeps();
    });

    Deno.test(`${what} does not wait any more once the token is stopped, but still looks`, async () => {
      const rings = new WaitedRings(name);
      rings.token.stop();
      assertEquals(await rings.wait(way, -1), []);
      assertEquals(await rings.wait(way, -1), []);
      rings.output(1);
      assertEquals(await rings.wait(way, -1), [1]);
    });

    Deno.test(`${what} without end, or with a very far one, lasts until another isolate interrupts it`, async () => {
      const rings = new WaitedRings(name);
      using meddler = new Meddler();
      for (const limit of [-1, Infinity, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 31 - 1]) {
        await meddler.prepare("interrupt", rings.token, rings.source);
        meddler.begin();
        assertEquals(await rings.wait(way, checkTimeout(limit)), []);
        assert(meddler.hasActed, `the wait of ${limit} ms ended before`);
      }
      await rings.assertSleeps();
    });

    Deno.test(`${what} ends when another isolate stops the token, and when it writes`, async () => {
      const rings = new WaitedRings(name);
      using meddler = new Meddler();
      await meddler.prepare("write", rings.token, rings.source);
      meddler.begin();
      assertEquals(await rings.wait(way, MANY_MS), [0]);
      await meddler.prepare("stop", rings.token, rings.source);
      meddler.begin();
      const start = performance.now();
      assertEquals(await rings.wait(way, MANY_MS), []);
      assert(meddler.hasActed, "the wait ended before");
      assertLess(performance.now() - start, 1000);
    });
  }

  Deno.test(`${name}: waitAsync leaves the event loop free, and ends by what happens there`, async () => {
    const rings = new WaitedRings(name);
    const acts: [() => void, number[]][] = [
      [() => rings.output(1), [1]],
      [() => rings.waiter.wake(), []],
      [() => rings.token.interrupt(), []],
      [() => rings.token.stop(), []],
    ];
    for (const [act, ready] of acts) {
      let turns = 0;
      const timer = setInterval(() => {
        if (++turns === 3) act();
      });
      assertEquals(await rings.wait("waitAsync", -1), ready);
      clearInterval(timer);
      assertGreaterOrEqual(turns, 3);
    }
  });

  Deno.test(`${name}: waitAsync lets the event loop run also while events never end`, async () => {
    const rings = new WaitedRings(name);
    let hasRun = false;
    const timer = setTimeout(() => hasRun = true);
    while (!hasRun) {
      rings.output(0);
      assertEquals(await rings.wait("waitAsync", -1), [0]);
    }
    clearTimeout(timer);
  });

  Deno.test(`${name}: close may be called again, and wake after it`, () => {
    const { waiter } = new WaitedRings(name);
    waiter.close();
    waiter.close();
    waiter.wake();
  });
}

Deno.test("spin-sleep: a ring that was drained before the sleeper took its mark is not reported", async () => {
  const rings = new WaitedRings("spin-sleep");
  rings.output(2);
  rings.drain();
  await rings.assertSleeps();
});

Deno.test("atomics: the same ring is reported once more, since only its mark is known", async () => {
  const rings = new WaitedRings("atomics");
  rings.output(2);
  rings.drain();
  assertEquals(await rings.wait("wait", -1), [2]);
  await rings.assertSleeps();
});
