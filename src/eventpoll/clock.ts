/**
 * The model's clock: it stands still until somebody moves it, and what is due then happens in order of time.
 *
 * @module
 */

/** `struct hrtimer`: something that happens at a time. */
export interface HrTimer {
  /** When, in milliseconds on the clock. */
  readonly expires: number;
  /** What happens. */
  readonly func: () => void;
}

/** A virtual clock. */
export class Clock {
  #now = 0;
  /** By time; those of the same time in the order in which they were started. */
  readonly #timers: HrTimer[] = [];

  /** Milliseconds since the clock was made. */
  get now(): number {
    return this.#now;
  }

  /** When the next timer is due; Infinity if there is none. */
  get next(): number {
    return this.#timers[0]?.expires ?? Infinity;
  }

  /**
   * Starts a timer.
   *
   * @param expires When it is due; if that is over, it is due at the next move.
   * @param func What happens then, once.
   * @returns The timer.
   */
  start(expires: number, func: () => void): HrTimer {
    const timer = { expires, func };
    let place = this.#timers.length;
    while (place > 0 && this.#timers[place - 1]!.expires > expires) place--;
    this.#timers.splice(place, 0, timer);
    return timer;
  }

  /**
   * Takes a timer back.
   *
   * @param timer The timer; may have happened.
   */
  cancel(timer: HrTimer): void {
    const place = this.#timers.indexOf(timer);
    if (place >= 0) this.#timers.splice(place, 1);
  }

  /**
   * Moves on to the next timer and lets it happen.
   *
   * @returns False if there is none.
   */
  fire(): boolean {
    const timer = this.#timers.shift();
    if (timer === undefined) return false;
    this.#now = Math.max(this.#now, timer.expires);
    timer.func();
    return true;
  }

  /**
   * Moves to a time in front of the next timer.
   *
   * @param time The time; earlier ones leave the clock as it is.
   * @throws {RangeError} If a timer is due before.
   */
  moveTo(time: number): void {
    if (time > this.next) {
      throw new RangeError(
        `Cannot move the clock to ${time} ms: a timer is due at ${this.next} ms, let it fire first`,
      );
    }
    this.#now = Math.max(this.#now, time);
  }
}
