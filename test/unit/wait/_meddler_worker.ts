/** The Worker of _meddler.ts: acts some time after the test has said that it is about to wait. */

import { MemorySource } from "../../../src/source/memory.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { ACTED, BEGUN, type Order } from "./_meddler.ts";

/** So much later, so that the wait has mostly begun. What is tested holds in either case. */
const DELAY_MS = 20;

self.addEventListener("message", (event) => {
  const { words, token, rings, action } = (event as MessageEvent<Order>).data;
  (self as unknown as Worker).postMessage("prepared");
  Atomics.wait(words, BEGUN, 0);
  Atomics.wait(words, ACTED, 0, DELAY_MS);
  Atomics.store(words, ACTED, 1);
  if (action === "write") MemorySource.writerOf(rings, 0).output(16);
  else StopToken.of(token)[action]();
});
