/**
 * A sleeper of the model, as its caller sees it.
 *
 * @module
 */

import { EpollError } from "./errors.ts";
import type { Scheduler, Task } from "./sched.ts";
import type { Sleeper } from "./system.ts";

/** A sleeper of the model. */
export class ModelSleeper<R> implements Sleeper<R> {
  /** The number by which traces call it. */
  readonly pid: number;
  readonly #scheduler: Scheduler;
  readonly #task: Task<R | EpollError>;

  /**
   * @param scheduler Who lets it run.
   * @param task Its task.
   *
   * @internal
   */
  constructor(scheduler: Scheduler, task: Task<R | EpollError>) {
    this.#scheduler = scheduler;
    this.#task = task;
    this.pid = task.pid;
  }

  /** What the call returned, or how it failed; undefined while it is blocked or can run and has not yet. */
  get result(): R | EpollError | undefined {
    return this.#task.result;
  }

  /** Lets all sleepers run that can. */
  asleep(): Promise<void> {
    this.#scheduler.run();
    return Promise.resolve();
  }

  /**
   * Waits until the call has returned. From now on sleepers run by themselves between the other work of the event loop; the
   * clock still stands still.
   */
  finished(): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const settle = (): void => {
      const result = this.#task.result!;
      if (result instanceof EpollError) reject(result);
      else resolve(result);
    };
    if (this.#task.result !== undefined) {
      settle();
      return promise;
    }
    const { onReturn } = this.#task;
    this.#task.onReturn = (): void => {
      onReturn?.();
      settle();
    };
    this.#scheduler.runByItself();
    return promise;
  }
}
