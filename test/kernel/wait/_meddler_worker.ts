/** The Worker of _meddler.ts: acts once the test's thread sleeps. */

import { LoadProducer } from "../../../bench/load_generator.ts";
import { pinThread } from "../../../src/ffi/affinity.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { ACTED, type Action, BEGUN, DONE, type Order } from "./_meddler.ts";

/** A thread that spins never sleeps; it has begun by then. */
const SPINNING_MS = 20;

const SIGUSR2 = 12;

self.addEventListener("message", (event) => {
  const { words, pid, tid, action } = (event as MessageEvent<Order>).data;
  const act = prepare(action, pid, tid);
  (self as unknown as Worker).postMessage("prepared");
  Atomics.wait(words, BEGUN, 0);
  const end = performance.now() + SPINNING_MS;
  while (!isAsleep(tid) && performance.now() < end);
  Atomics.store(words, ACTED, 1);
  act();
  Atomics.store(words, DONE, 1);
  Atomics.notify(words, DONE);
});

function prepare(action: Action, pid: number, tid: number): () => void {
  switch (action.name) {
    case "emit": {
      pinThread(action.cpu);
      const producer = new LoadProducer(action.programFd);
      producer.prepare({ category: 0, payloadBytes: 32 });
      return () => producer.emit(1);
    }
    case "signal": {
      const { symbols } = Deno.dlopen("libc.so.6", {
        /** `int tgkill(pid_t tgid, pid_t tid, int sig)`. */
        tgkill: { parameters: ["i32", "i32", "i32"], result: "i32" },
      });
      return () => void symbols.tgkill(pid, tid, SIGUSR2);
    }
    default: {
      const token = StopToken.of(action.token);
      return () => token[action.name]();
    }
  }
}

/** Whether a thread waits in the kernel. Its state stands behind the name, which is in brackets. */
function isAsleep(tid: number): boolean {
  return Deno.readTextFileSync(`/proc/self/task/${tid}/stat`).split(") ").at(-1)!.startsWith("S");
}

(self as unknown as Worker).postMessage("started");
