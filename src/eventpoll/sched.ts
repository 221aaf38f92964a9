/**
 * Sleeping in system calls, without threads: a call that may sleep is a generator, which yields where the kernel calls
 * schedule(). A task runs such a call. Being woken makes it runnable and no more; who runs next is the scheduler's
 * choice, in order of waking up or drawn by a seed, so that a program can try many orders and repeat each of them.
 *
 * @module
 */

import type { Clock, HrTimer } from "./clock.ts";

/**
 * A system call that may sleep: yields until when to sleep at the longest, in milliseconds on the clock, and is told whether
 * that time was over, as schedule_hrtimeout_range() tells.
 */
export type SleepingCall<R> = Generator<number, R, boolean>;

/** `struct task_struct`: a thread of the model, in one system call. */
export class Task<R = unknown> {
  /** Its number, counted from 1. */
  readonly pid: number;
  /** What the call returned; undefined while it has not. */
  result: R | undefined;
  /** Hears that the call has returned. */
  onReturn: (() => void) | null = null;
  /** Whether it sleeps and may be woken: TASK_INTERRUPTIBLE. */
  isSleeping = false;
  readonly #scheduler: Scheduler;
  readonly #call: SleepingCall<R>;
  #timer: HrTimer | null = null;
  #isTimedOut = false;

  /**
   * @param scheduler Who lets it run.
   * @param pid Its number.
   * @param makeCall Makes its call.
   */
  constructor(scheduler: Scheduler, pid: number, makeCall: (task: Task) => SleepingCall<R>) {
    this.#scheduler = scheduler;
    this.pid = pid;
    this.#call = makeCall(this);
  }

  /** The time on the clock of its timeouts, in milliseconds. */
  get now(): number {
    return this.#scheduler.clock.now;
  }

  /** Goes on with the call until it sleeps or returns. */
  run(): void {
    const { clock } = this.#scheduler;
    // A timer that fired since the task was woken still counts: the call must look before it believes in it.
    const isTimedOut = this.#isTimedOut;
    this.#isTimedOut = false;
    if (this.#timer !== null) clock.cancel(this.#timer);
    this.#timer = null;
    const { done, value } = this.#call.next(isTimedOut);
    if (done === true) {
      this.result = value;
      this.onReturn?.();
      return;
    }
    this.isSleeping = true;
    if (value === Infinity) return;
    this.#timer = clock.start(value, () => {
      this.#isTimedOut = true;
      default_wake_function(this);
    });
  }

  /** Puts it into the run queue. */
  enqueue(): void {
    this.isSleeping = false;
    this.#scheduler.enqueue(this);
  }

  /** Ends the call where it stands; it returns nothing. */
  kill(): void {
    if (this.#timer !== null) this.#scheduler.clock.cancel(this.#timer);
    this.isSleeping = false;
    this.#call.return(undefined as R);
  }
}

/**
 * Makes a sleeping task runnable: `try_to_wake_up`.
 *
 * @param task The task.
 * @returns 1, or 0 if it does not sleep, so that somebody else is to be woken in its place.
 */
export function default_wake_function(task: Task): number {
  if (!task.isSleeping) return 0;
  task.enqueue();
  return 1;
}

/** Lets tasks run. */
export class Scheduler {
  /** The clock of their timeouts. */
  readonly clock: Clock;
  readonly #runQueue: Task[] = [];
  readonly #random: (() => number) | null;
  #tasks = 0;
  #onRunnable: (() => void) | null = null;

  /**
   * @param clock The clock of their timeouts.
   * @param seed Draws who runs next; in order of waking up without it.
   */
  constructor(clock: Clock, seed?: number) {
    this.clock = clock;
    this.#random = seed === undefined ? null : randomOf(seed);
  }

  /**
   * Makes a task. It does not run yet.
   *
   * @param makeCall Makes its call.
   * @returns The task.
   */
  create<R>(makeCall: (task: Task) => SleepingCall<R>): Task<R> {
    return new Task(this, ++this.#tasks, makeCall);
  }

  /**
   * Puts a task into the run queue.
   *
   * @param task The task, not in it.
   */
  enqueue(task: Task): void {
    this.#runQueue.push(task);
    this.#onRunnable?.();
  }

  /** Lets tasks run until none can. */
  run(): void {
    while (this.#runQueue.length > 0) this.#pick().run();
  }

  /** From now on tasks run by themselves, once the event loop has the word. */
  runByItself(): void {
    if (this.#onRunnable !== null) return;
    this.#onRunnable = (): void => queueMicrotask(() => this.run());
    this.#onRunnable();
  }

  /**
   * Makes the caller a task in a call, and lets others run and the clock move while it sleeps.
   *
   * @param makeCall Makes its call.
   * @returns What the call returned; null if it would sleep for ever, since no task can run and no timer is due.
   */
  block<R>(makeCall: (task: Task) => SleepingCall<R>): R | null {
    const caller = this.create(makeCall);
    caller.run();
    while (caller.result === undefined) {
      if (this.#runQueue.length > 0) this.#pick().run();
      else if (!this.clock.fire()) {
        caller.kill();
        return null;
      }
    }
    return caller.result;
  }

  #pick(): Task {
    const place = this.#random === null ? 0 : Math.floor(this.#random() * this.#runQueue.length);
    return this.#runQueue.splice(place, 1)[0]!;
  }
}

/** splitmix32: the same numbers for the same seed, everywhere, and others for the next seed. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
