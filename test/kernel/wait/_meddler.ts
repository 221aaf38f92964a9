/** Meddles with a wait of the test's thread, from a Worker: once the thread sleeps, or else spins for a while. */

import type { SharedStopToken } from "../../../src/wait/stop_word.ts";

/** What the Worker does. */
export type Action =
  | { readonly name: "stop" | "interrupt"; readonly token: SharedStopToken }
  | { readonly name: "emit"; readonly programFd: number; readonly cpu: number }
  | { readonly name: "signal" };

/** What the Worker is sent. */
export interface Order {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly pid: number;
  /** The test's thread. */
  readonly tid: number;
  readonly action: Action;
}

/** The words: the test is about to wait; the Worker acts; it has closed what it used. */
export const BEGUN = 0;
export const ACTED = 1;
export const DONE = 2;

/** The test's side of the Worker. One per file, started outside of its tests: a Worker has files of its own. */
export class Meddler {
  readonly #worker: Worker;
  readonly #tid = Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
  #words = new Int32Array(new SharedArrayBuffer(12));

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts the Worker. */
  static async start(): Promise<Meddler> {
    const worker = new Worker(new URL("./_meddler_worker.ts", import.meta.url), { type: "module" });
    const meddler = new Meddler(worker);
    await meddler.#answer();
    return meddler;
  }

  /** Prepares the Worker for the next wait. */
  async prepare(action: Action): Promise<void> {
    this.#words = new Int32Array(new SharedArrayBuffer(12));
    const prepared = this.#answer();
    const order: Order = { words: this.#words, pid: Deno.pid, tid: this.#tid, action };
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

  /** Waits until the Worker has closed what it used. */
  awaitDone(): void {
    Atomics.wait(this.#words, DONE, 0);
  }

  #answer(): Promise<void> {
    return new Promise((resolve) => {
      this.#worker.onmessage = () => resolve();
    });
  }
}
