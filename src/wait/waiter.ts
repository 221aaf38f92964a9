/**
 * What a waiter is: it says which rings have unread records. It reads no records; after a wake-up the pipe drains the
 * rings it named.
 *
 * @module
 */

/** Waits for the rings of one pipe. */
export interface Waiter {
  /**
   * Adds a ring.
   *
   * @param fd The ring's file descriptor; ignored by waiters on memory rings.
   * @param ring The ring's index, reported when it is ready.
   */
  add(fd: number, ring: number): void;

  /**
   * Waits until a ring is ready, the time is over, a signal arrives, {@linkcode Waiter.wake} is called or the stop token is
   * stopped or interrupted. Readiness is consumed: a ring that is reported must be drained before it can be reported
   * again.
   *
   * @param timeoutMs The longest wait in milliseconds; -1 waits without end.
   * @param ready Filled with the indexes of the ready rings.
   * @returns How many rings are ready; 0 after the time, a signal, a wake or the token, and now and then for no reason.
   */
  wait(timeoutMs: number, ready: Int32Array): number;

  /**
   * The same without blocking the event loop. Only one wait may be under way.
   *
   * @param timeoutMs The longest wait in milliseconds; -1 waits without end.
   * @param ready Filled when the promise is fulfilled.
   * @returns A promise of how many rings are ready.
   */
  waitAsync(timeoutMs: number, ready: Int32Array): Promise<number>;

  /** Ends the wait under way, or else the next one. */
  wake(): void;

  /** Releases what the waiter holds. No wait may be under way. Safe to call again. */
  close(): void;
}

/**
 * Checks a time limit and makes it what system calls take.
 *
 * @param timeoutMs Milliseconds, fractions allowed; -1 or Infinity waits without end.
 * @returns Whole milliseconds, rounded up so that a short wait does not become a busy loop, or -1.
 * @throws {RangeError} If it is not a number, or negative but not -1.
 */
export function checkTimeout(timeoutMs: number): number {
  if (timeoutMs === -1 || timeoutMs === Infinity) return -1;
  if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) {
    throw new RangeError(
      `Cannot wait: timeoutMs must be at least 0, or -1 for no limit, current value is ${timeoutMs}`,
    );
  }
  // Plus 0, since native calls refuse -0. The largest int, 24 days, stands for all that is longer.
  return Math.min(Math.ceil(timeoutMs) + 0, 0x7fffffff);
}

/**
 * When a wait ends.
 *
 * @param timeoutMs The longest wait in milliseconds; -1 waits without end.
 * @returns A time on the clock of `performance.now()`; Infinity for a wait without end.
 */
export function deadline(timeoutMs: number): number {
  return timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
}
