/** A clock that stands still until it is told to go: `performance.now` for the tests of windows. */

/** Replaces `performance.now` until it is disposed of. */
export class FakeTime implements Disposable {
  readonly #real = performance.now;
  #now = 1000;

  constructor() {
    performance.now = () => this.#now;
  }

  /** Lets so many ms pass. */
  tick(ms: number): void {
    this.#now += ms;
  }

  [Symbol.dispose](): void {
    performance.now = this.#real;
  }
}
