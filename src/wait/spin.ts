/**
 * The waiter that never sleeps: it looks at the rings until one has unread records. Latency is that of a cache line, no
 * system call is made, and a CPU is busy for as long as it waits. It asks for no wake-ups, so the producer should not pay
 * for any: give the source a high `wakeupEvents`.
 *
 * As a system call that blocks does, `wait` keeps timers, messages and signal listeners of the isolate from running; but no
 * signal ends it. End it by the time, by a stop token, or use `waitAsync`.
 *
 * @module
 */

import type { StopListener } from "./stop_listener.ts";
import { turn } from "./turn.ts";
import { deadline, type Waiter } from "./waiter.ts";

/** How many rings are looked at between two looks at the clock, which costs as much as some of them. */
const LOOKS_PER_CLOCK = 64;

/** How long `waitAsync` spins between two turns of the event loop: a turn takes some microseconds. */
const SLICE_MS = 0.05;

/** Looks at the rings of one waiter. */
export class RingSpinner {
  readonly #rings: number[] = [];
  readonly #hasUnread: (ring: number) => boolean;

  /** @param hasUnread Whether a ring has unread records. */
  constructor(hasUnread: (ring: number) => boolean) {
    this.#hasUnread = hasUnread;
  }

  /**
   * Adds a ring.
   *
   * @param ring The ring's index.
   */
  add(ring: number): void {
    this.#rings.push(ring);
  }

  /**
   * Looks at each ring once.
   *
   * @param ready Filled with the indexes of the rings that have unread records.
   * @returns How many have.
   */
  look(ready: Int32Array): number {
    let count = 0;
    for (let i = 0; i < this.#rings.length; i++) {
      const ring = this.#rings[i]!;
      if (this.#hasUnread(ring)) ready[count++] = ring;
    }
    return count;
  }

  /**
   * Looks until a ring has unread records, the time is over or the token is raised; at least once.
   *
   * @param end When to end, on the clock of `performance.now()`.
   * @param ready Filled with the indexes of the rings that have unread records.
   * @param stop Ends it when it is raised, which is not taken.
   * @returns How many rings have unread records.
   */
  spin(end: number, ready: Int32Array, stop: StopListener | undefined): number {
    for (let looks = this.#rings.length;; looks += this.#rings.length) {
      const count = this.look(ready);
      if (count > 0) return count;
      if (looks < LOOKS_PER_CLOCK) {
        Atomics.pause(); // leaves the core to its other thread for a moment
        continue;
      }
      if (stop?.isRaised === true || performance.now() >= end) return 0;
      looks = 0;
    }
  }

  /**
   * Takes the rings that have no unread records off a list.
   *
   * @param ready Indexes of rings.
   * @param count How many there are.
   * @returns How many are left; they stand at the start.
   */
  keepUnread(ready: Int32Array, count: number): number {
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const ring = ready[i]!;
      if (this.#hasUnread(ring)) ready[kept++] = ring;
    }
    return kept;
  }
}

/** Waits by looking at the rings. */
export class SpinWaiter implements Waiter {
  readonly #rings: RingSpinner;
  readonly #stop: StopListener | undefined;
  #woken = false;

  /**
   * @param hasUnread Whether a ring has unread records.
   * @param stop The listener to the stop token, if there is one.
   */
  constructor(hasUnread: (ring: number) => boolean, stop?: StopListener) {
    this.#rings = new RingSpinner(hasUnread);
    this.#stop = stop;
  }

  add(_fd: number, ring: number): void {
    this.#rings.add(ring);
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const isEnded = this.#takeEnd();
    if (isEnded || timeoutMs === 0) return this.#rings.look(ready);
    const count = this.#rings.spin(deadline(timeoutMs), ready, this.#stop);
    this.#takeEnd();
    return count;
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const end = deadline(timeoutMs);
    for (;;) {
      const slice = Math.min(end, performance.now() + SLICE_MS);
      const count = this.#rings.spin(slice, ready, this.#stop);
      await turn(); // an endless stream of events must not starve timers and signals
      if (this.#takeEnd() || count > 0 || performance.now() >= end) return count;
    }
  }

  wake(): void {
    this.#woken = true;
  }

  close(): void {}

  #takeEnd(): boolean {
    const isEnded = this.#stop?.take() === true || this.#woken;
    this.#woken = false;
    return isEnded;
  }
}
