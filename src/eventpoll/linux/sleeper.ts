/**
 * A call that blocks, on a thread of Deno's pool.
 *
 * @module
 */

import { EpollError } from "../errors.ts";
import type { Sleeper } from "../system.ts";
import type { BlockingCall } from "./blocking.ts";
import { findAsleep } from "./threads.ts";

/**
 * The longest a thread blocks. A call that waits without end begins anew, and one that nobody waits for any more ends then,
 * should everything else have failed to end it.
 */
const MAX_BLOCK_MS = 10_000;

/** A thread needs far less to begin, even on a machine that is busy. */
const MAX_START_MS = 10_000;

/** What one thread does. */
export class LinuxSleeper<R> implements Sleeper<R> {
  readonly #call: BlockingCall<R>;
  readonly #thread: Promise<void>;
  #result: R | EpollError | undefined;
  #isStopped = false;
  /** The thread that was last seen asleep in the call. */
  #tid: string | null = null;

  /**
   * Calls without blocking, and if that has no result gives the call to a thread.
   *
   * @param call The call; it is closed when it has returned.
   * @param timeoutMs The longest it may block; a negative number waits without end.
   */
  constructor(call: BlockingCall<R>, timeoutMs: number) {
    this.#call = call;
    this.#thread = this.#run(timeoutMs < 0 ? Infinity : timeoutMs);
  }

  get result(): R | EpollError | undefined {
    return this.#result;
  }

  /** Whether the call has returned, or blocks. */
  get isQuiet(): boolean {
    if (this.#result !== undefined) return true;
    this.#tid = findAsleep(this.#call.address, this.#tid);
    return this.#tid !== null;
  }

  async asleep(): Promise<void> {
    await until(() => this.isQuiet, `see ${this.#call.syscall} block or return`);
  }

  async finished(): Promise<R> {
    await this.#thread;
    if (this.#result instanceof EpollError) throw this.#result;
    return this.#result!;
  }

  /**
   * Ends the call, as a signal would: its result is EINTR.
   *
   * @returns A promise that is fulfilled when the thread is free and the call's files are closed.
   */
  async stop(): Promise<void> {
    if (this.#result === undefined) {
      this.#isStopped = true;
      try {
        this.#call.interrupt();
      } catch (error) {
        if (!(error instanceof EpollError)) throw error; // else it takes until MAX_BLOCK_MS is over
      }
    }
    await this.#thread;
  }

  async #run(timeoutMs: number): Promise<void> {
    try {
      this.#result = this.#call.look() ?? await this.#block(timeoutMs);
    } catch (error) {
      if (!(error instanceof EpollError)) throw error;
      this.#result = error;
    } finally {
      this.#call.close();
    }
  }

  async #block(timeoutMs: number): Promise<R> {
    this.#call.hold();
    const end = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = end - performance.now()) {
      const count = await this.#call.start(Math.min(Math.ceil(left), MAX_BLOCK_MS));
      if (this.#isStopped) throw new EpollError(this.#call.syscall, "EINTR");
      // Errno: it stays in the thread. The arguments were right, so below zero is a signal, unless another look fails.
      const result = count > 0 ? this.#call.take(count) : count < 0 ? this.#call.look() : undefined;
      if (result !== undefined) return result;
    }
    return this.#call.nothing;
  }
}

/**
 * Waits for something that another thread does.
 *
 * @param isSo Whether it has happened.
 * @param what What is waited for, as the end of "Cannot ...".
 * @returns A promise that is fulfilled when it has.
 * @throws {Error} If it takes a time in which it should have happened many times over.
 */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + MAX_START_MS;
  while (!isSo()) {
    if (performance.now() > end) {
      throw new Error(`Cannot ${what}: it did not happen within ${MAX_START_MS} ms`);
    }
    await turn();
  }
}

/**
 * Lets the event loop run once, and with it what threads have come to.
 *
 * @returns A promise that is fulfilled behind messages and timers that are due.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
