/**
 * Lets the event loop run, for waiters that could otherwise go on for ever: a promise that is fulfilled at once is a
 * microtask, and those run before timers, messages and signals.
 *
 * @module
 */

/**
 * Lets the event loop run once.
 *
 * @returns A promise that is fulfilled behind timers, messages and signals that are due.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
