/**
 * Hears Ctrl-C while the main thread blocks in its cells: a Worker listens and sets a word in shared memory.
 *
 * @module
 */

import { startWorker } from "./worker.ts";

/** Whether the run is to end. */
export class Interrupt implements Disposable {
  readonly #word = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.postMessage(this.#word);
  }

  /**
   * Begins to listen; from here on SIGINT does not end the process.
   *
   * @returns The listener.
   */
  static async open(): Promise<Interrupt> {
    return new Interrupt(await startWorker("./interrupt_worker.ts"));
  }

  /** Whether SIGINT has come. */
  get isSet(): boolean {
    return Atomics.load(this.#word, 0) !== 0;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
