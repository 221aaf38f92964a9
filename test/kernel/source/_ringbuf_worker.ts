/** The Worker of _ringbuf.ts: runs a program so many times as fast as it can. */

import { TestRun } from "../../../src/object/test_run.ts";
import { REQUEST } from "./_ringbuf.ts";

/** What the Worker is sent. */
export interface Order {
  readonly programFd: number;
  /** The context of the first run; in each of the others the sequence is one higher. */
  readonly context: readonly bigint[];
  readonly runs: number;
  /** Set to 1 at the end. */
  readonly done: Int32Array<SharedArrayBuffer>;
}

self.addEventListener("message", (event) => {
  const { programFd, context, runs, done } = (event as MessageEvent<Order>).data;
  const run = new TestRun(programFd, context.length);
  run.context.set(context);
  for (let i = 0; i < runs; i++) {
    run.run();
    run.context[REQUEST.sequence]!++;
  }
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
});

(self as unknown as Worker).postMessage("started");
