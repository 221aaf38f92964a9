/**
 * Sleeps without looking at rings: where what is unread must wait, and files that stay readable as long as anything is
 * unread would end every wait at once.
 *
 * @module
 */

const word = new Int32Array(new SharedArrayBuffer(4));

/**
 * Blocks this isolate.
 *
 * @param ms For so long.
 */
export function rest(ms: number): void {
  Atomics.wait(word, 0, 0, ms); // nobody notifies
}

/**
 * Lets the event loop run.
 *
 * @param ms For so long.
 * @returns A promise that is fulfilled then.
 */
export function restAsync(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
