/** Meddles with a wait of the test's thread, from a Worker: stops or interrupts a token, or writes an event. */

import type { MemorySource, SharedRings } from "../../../src/source/memory.ts";
import type { StopToken } from "../../../src/wait/stop_token.ts";
import type { SharedStopToken } from "../../../src/wait/stop_word.ts";

/** What the Worker does. */
export type Action = "stop" | "interrupt" | "write";

/** What the Worker is sent. */
export interface Order {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly token: SharedStopToken;
  readonly rings: SharedRings;
  readonly action: Action;
}

/** The words: the test is about to wait; the Worker acts. */
export const BEGUN = 0;
export const ACTED = 1;

/** The test's side of the Worker. */
export class Meddler implements Disposable {
  readonly #worker = new Worker(new URL("./_meddler_worker.ts", import.meta.url), { type: "module" });
  #words = new Int32Array(new SharedArrayBuffer(8));

  /** Prepares the Worker for the next wait. Its module is loaded before the test's thread blocks. */
  async prepare(action: Action, token: StopToken, source: MemorySource): Promise<void> {
    this.#words = new Int32Array(new SharedArrayBuffer(8));
    const prepared = new Promise<void>((resolve) => {
      this.#worker.onmessage = () => resolve();
    });
    const order: Order = { words: this.#words, token: token.share(), rings: source.share(), action };
    this.#worker.postMessage(order);
    await prepared;
  }

  /** Says that the wait begins. */
  begin(): void {
    Atomics.store(this.#words, BEGUN, 1);
    Atomics.notify(this.#words, BEGUN);
  }

  /** Whether the Worker has acted, or is about to this very moment. */
  get hasActed(): boolean {
    return Atomics.load(this.#words, ACTED) !== 0;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
