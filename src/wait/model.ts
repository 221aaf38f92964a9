/**
 * The waiter on memory rings that are written by their reader's own isolate: epoll as a model. Rings are files of it,
 * woken by the writers, and from the wake-up to the ring's index all goes the kernel's way, without a kernel and
 * without a thread.
 *
 * A wait that blocks takes no time: while it lasted nobody could write. Its time limit passes on the model's clock.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLLIN } from "../eventpoll/events.ts";
import { EpollError } from "../eventpoll/errors.ts";
import { ModelSystem } from "../eventpoll/model.ts";
import { RingFile } from "../eventpoll/pollable/ring.ts";
import type { EpollEvent } from "../eventpoll/system.ts";
import type { StopListener } from "./stop_listener.ts";
import { turn } from "./turn.ts";
import { deadline, type Waiter } from "./waiter.ts";

/** What a source of this isolate tells of its rings' wake-ups. */
export interface LocalSignals {
  /** Hears of each wake-up of a ring; null while nobody waits. */
  onWake: ((ring: number) => void) | null;

  /**
   * Takes a ring's mark, which its writer sets when it wakes the reader.
   *
   * @param ring The ring's index.
   * @returns Whether it was set.
   */
  take(ring: number): boolean;
}

/** What the eventfd reports in place of a ring's index. */
const WAKE = 0xffffffffn;
/** One more on an eventfd's counter, and room to read it. */
const COUNTER = new Uint8Array(BigUint64Array.of(1n).buffer);

/** A stop token makes no noise in this isolate; it is looked at as often as this. */
const STOP_SLICE_MS = 20;
/** The longest time of a timer, about: 12 days. */
const LONGEST_SLICE_MS = 2 ** 30;

/** Waits with the model's `epoll_wait`. */
export class ModelWaiter implements Waiter {
  readonly #system = new ModelSystem();
  readonly #epfd: number = this.#system.epoll_create1(EPOLL_CLOEXEC);
  readonly #wakeFd: number = this.#system.eventfd(0, 0);
  readonly #signals: LocalSignals;
  readonly #stop: StopListener | undefined;
  readonly #longestSliceMs: number;
  /** The files of the rings, by their indexes. */
  readonly #rings: RingFile[] = [];
  #maxEvents = 1;
  #isWoken = false;

  /**
   * @param signals Tells of wake-ups; nobody else may hear of them.
   * @param stop The listener to the stop token, if there is one.
   */
  constructor(signals: LocalSignals, stop?: StopListener) {
    this.#signals = signals;
    this.#stop = stop;
    this.#longestSliceMs = stop === undefined ? LONGEST_SLICE_MS : STOP_SLICE_MS;
    this.#watch(this.#wakeFd, WAKE);
    signals.onWake = (ring): void => this.#rings[ring]?.wake();
  }

  add(_fd: number, ring: number): void {
    const file = new RingFile(() => this.#signals.take(ring));
    this.#rings[ring] = file;
    this.#maxEvents++;
    this.#watch(this.#system.anon_inode_getfd(file), BigInt(ring));
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const timeout = this.#stop?.take() === true ? 0 : timeoutMs;
    let events: EpollEvent[];
    try {
      events = this.#system.epoll_wait(this.#epfd, this.#maxEvents, timeout);
    } catch (error) {
      if (!(error instanceof EpollError && error.code === "EDEADLK")) throw error;
      throw new EventPipeError(
        "Cannot wait without end: these rings are written by this isolate alone, which would be waiting; give a time limit, " +
          "or wait with run() or another waiter",
        "NOT_SUPPORTED",
        error,
      );
    }
    return this.#collect(events, ready);
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const end = deadline(timeoutMs);
    for (;;) {
      const isStopped = this.#stop?.take() === true;
      const left = isStopped || timeoutMs === 0 ? 0 : Math.max(0, end - performance.now());
      const events = await this.#sleep(Math.min(left, this.#longestSliceMs));
      const count = this.#collect(events, ready);
      if (count > 0 || left === 0 || this.#isWoken) {
        await turn(); // an endless stream of events must not starve timers and signals
        return count;
      }
    }
  }

  wake(): void {
    this.#system.write(this.#wakeFd, COUNTER);
  }

  close(): void {
    this.#signals.onWake = null;
  }

  /** Sleeps in the model; the real time drives its clock. */
  async #sleep(timeoutMs: number): Promise<EpollEvent[]> {
    const sleeper = this.#system.sleepInWait(this.#epfd, this.#maxEvents, timeoutMs);
    const timer = setTimeout(() => this.#system.advance(timeoutMs), timeoutMs);
    try {
      return await sleeper.finished();
    } finally {
      clearTimeout(timer);
    }
  }

  #watch(fd: number, data: bigint): void {
    this.#system.epoll_ctl(this.#epfd, EPOLL_CTL_ADD, fd, { events: EPOLLIN, data });
  }

  #collect(events: readonly EpollEvent[], ready: Int32Array): number {
    let rings = 0;
    this.#isWoken = false;
    for (const { data } of events) {
      if (data !== WAKE) ready[rings++] = Number(data);
      else {
        this.#isWoken = true;
        this.#system.read(this.#wakeFd, COUNTER.slice());
      }
    }
    return rings;
  }
}
