/**
 * The waiter on memory rings: sleeps on the shared bell with `Atomics.wait` and takes the marks of the rings that were
 * written. Works for producers in Workers and, since marks stay until taken, for those in the same isolate.
 *
 * @module
 */

import { BELL, RingSignals } from "../ring/signals.ts";
import type { StopListener } from "./stop_listener.ts";
import { turn } from "./turn.ts";
import { deadline, type Waiter } from "./waiter.ts";

/**
 * The longest sleep while there is a stop token: it is another word than the bell, and one cannot sleep on both. So a token
 * is heard this late at the most; an event is heard at once.
 */
const STOP_SLICE_MS = 20;

/** Waits with `Atomics.wait`. */
export class AtomicsWaiter implements Waiter {
  readonly #signals: RingSignals;
  readonly #rings: number[] = [];
  readonly #stop: StopListener | undefined;
  readonly #longestSleepMs: number;
  #woken = false;

  /**
   * @param words The shared words of the source's rings.
   * @param stop The listener to the stop token, if there is one.
   */
  constructor(words: Int32Array<SharedArrayBuffer>, stop?: StopListener) {
    this.#signals = new RingSignals(words);
    this.#stop = stop;
    this.#longestSleepMs = stop === undefined ? Infinity : STOP_SLICE_MS;
  }

  add(_fd: number, ring: number): void {
    this.#rings.push(ring);
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const end = deadline(timeoutMs);
    for (;;) {
      // Ordering: the bell is read before the marks, so a mark set after we looked rings a bell that wait() sees.
      const bell = Atomics.load(this.#signals.words, BELL);
      const count = this.#take(ready);
      if (this.#takeEnd() || count > 0) return count;
      const left = timeoutMs === 0 ? 0 : end - performance.now();
      if (left <= 0) return 0;
      Atomics.wait(this.#signals.words, BELL, bell, Math.min(left, this.#longestSleepMs));
    }
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const end = deadline(timeoutMs);
    for (;;) {
      const bell = Atomics.load(this.#signals.words, BELL);
      const count = this.#take(ready);
      const isEnded = this.#takeEnd();
      const left = end - performance.now();
      if (count > 0 || isEnded || left <= 0) {
        await turn(); // an endless stream of events must not starve timers and signals
        return count;
      }
      // Deno ends a program that waits for nothing but Atomics.waitAsync, as if its promise could never be kept.
      const alive = setInterval(() => {}, 2 ** 30);
      try {
        const sleepMs = Math.min(left, this.#longestSleepMs);
        await Atomics.waitAsync(this.#signals.words, BELL, bell, sleepMs).value;
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

  #takeEnd(): boolean {
    const isEnded = this.#stop?.take() === true || this.#woken;
    this.#woken = false;
    return isEnded;
  }
}
