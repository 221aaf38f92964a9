/**
 * The shared words through which writers of memory rings wake their reader: what the wait queue and `rb->poll` are in
 * the kernel. A writer marks its ring and counts up one bell; a reader takes the marks and sleeps on the bell.
 *
 * ```text
 *  word 0: bell | word 1: 0 shut, 1 open, 2 paused | then 3 words per ring: ready, lost (low), lost (high)
 * ```
 *
 * @module
 */

import type { Admission, RingEvents } from "./perf_writer.ts";

/** The word that sleepers wait on. */
export const BELL = 0;
const ADMISSION = 1;
const FIRST = 2;
const STRIDE = 3;
const READY = 0;
const LOST_LOW = 1;
const LOST_HIGH = 2;

const SHUT = 0;
const OPEN = 1;
const PAUSED = 2;

/** Wake-ups and losses of memory rings, in shared memory. */
export class RingSignals implements RingEvents {
  /** The shared words. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Hears of each wake-up by a writer that has this very object, and so is of this isolate; null for nobody. */
  onWake: ((ring: number) => void) | null = null;

  /** @param words The shared words; see {@linkcode RingSignals.wordCount}. */
  constructor(words: Int32Array<SharedArrayBuffer>) {
    this.words = words;
  }

  /**
   * How many words so many rings need.
   *
   * @param rings How many rings.
   * @returns The number of Int32 words.
   */
  static wordCount(rings: number): number {
    return FIRST + STRIDE * rings;
  }

  /**
   * Whether outputs are let in, as an event fd in the BPF map's slot lets them in.
   *
   * @returns False before the source was started and after it was stopped; `paused` while it is paused.
   */
  accepts(): Admission {
    const admission = Atomics.load(this.words, ADMISSION);
    return admission === PAUSED ? "paused" : admission !== SHUT;
  }

  /**
   * Lets outputs in or refuses them.
   *
   * @param admission Whether to let them in.
   */
  accept(admission: Admission): void {
    Atomics.store(this.words, ADMISSION, admission === "paused" ? PAUSED : admission ? OPEN : SHUT);
  }

  /**
   * Marks a ring as ready and wakes the reader.
   *
   * @param ring The ring's index.
   */
  wake(ring: number): void {
    Atomics.store(this.words, FIRST + ring * STRIDE + READY, 1);
    this.ring();
    this.onWake?.(ring);
  }

  /** Wakes the reader without marking a ring. */
  ring(): void {
    Atomics.add(this.words, BELL, 1);
    Atomics.notify(this.words, BELL);
  }

  /**
   * Takes a ring's mark, as polling takes a perf event's readiness: `atomic_xchg(&rb->poll, 0)` in perf_poll().
   *
   * @param ring The ring's index.
   * @returns Whether it was marked.
   */
  take(ring: number): boolean {
    const index = FIRST + ring * STRIDE + READY;
    return Atomics.load(this.words, index) !== 0 && Atomics.exchange(this.words, index, 0) !== 0;
  }

  /**
   * Counts one lost event. A ring has one writer, so the two words need no more than a carry.
   *
   * @param ring The ring's index.
   */
  lose(ring: number): void {
    const index = FIRST + ring * STRIDE + LOST_LOW;
    if (Atomics.add(this.words, index, 1) === -1) Atomics.add(this.words, index - LOST_LOW + LOST_HIGH, 1);
  }

  /**
   * Events that found the ring full or paused.
   *
   * @param ring The ring's index.
   * @returns The count since the ring was made.
   */
  lost(ring: number): number {
    const index = FIRST + ring * STRIDE;
    return (Atomics.load(this.words, index + LOST_LOW) >>> 0) +
      (Atomics.load(this.words, index + LOST_HIGH) >>> 0) * 2 ** 32;
  }
}
