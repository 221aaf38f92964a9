/**
 * The waiter on memory rings: sleeps on the shared bell with `Atomics.wait` and takes the marks of the rings that were
 * written. Works for producers in Workers and, since marks stay until taken, for those in the same isolate.
 *
 * @module
 */

import { BELL, RingSignals } from "../ring/signals.ts";
import type { Waiter } from "./waiter.ts";

/** Waits with `Atomics.wait`. */
export class AtomicsWaiter implements Waiter {
  readonly #signals: RingSignals;
  readonly #rings: number[] = [];
  #woken = false;

  /** @param words The shared words of the source's rings. */
  constructor(words: Int32Array<SharedArrayBuffer>) {
    this.#signals = new RingSignals(words);
  }

  add(_fd: number, ring: number): void {
    this.#rings.push(ring);
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const end = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
    for (;;) {
      // Ordering: the bell is read before the marks, so a mark set after we looked rings a bell that wait() sees.
      const bell = Atomics.load(this.#signals.words, BELL);
      const count = this.#take(ready);
      const woken = this.#takeWoken();
      if (count > 0 || woken) return count;
      const left = timeoutMs === 0 ? 0 : end - performance.now();
      if (left <= 0) return 0;
      Atomics.wait(this.#signals.words, BELL, bell, left);
    }
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const end = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
    for (;;) {
      const bell = Atomics.load(this.#signals.words, BELL);
      const count = this.#take(ready);
      const woken = this.#takeWoken();
      const left = end - performance.now();
      if (count > 0 || woken || left <= 0) {
        await turn(); // an endless stream of events must not starve timers and signals
        return count;
      }
      // Deno ends a program that waits for nothing but Atomics.waitAsync, as if its promise could never be kept.
      const alive = setInterval(() => {}, 2 ** 30);
      try {
        await Atomics.waitAsync(this.#signals.words, BELL, bell, left).value;
      } finally {
        clearInterval(alive);
      }
    }
  }

  wake(): void {
    this.#woken = true;
    this.#signals.ring();
  }

  close(): void {}

  #take(ready: Int32Array): number {
    let count = 0;
    for (let i = 0; i < this.#rings.length; i++) {
      const ring = this.#rings[i]!;
      if (this.#signals.take(ring)) ready[count++] = ring;
    }
    return count;
  }

  #takeWoken(): boolean {
    const woken = this.#woken;
    this.#woken = false;
    return woken;
  }
}

/** Lets the event loop run once; a microtask would not. */
function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    port2.close();
    resolve();
  };
  port2.postMessage(null);
  return promise;
}
