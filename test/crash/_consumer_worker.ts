/**
 * The Worker of _consumers.ts: reads rings of its own until its token is stopped, and says when it begins to wait, after each
 * wait, and what it has counted in the end.
 */

import { EventPipe, MemorySource, PerfSource, type SharedRings, type Statistics } from "../../mod.ts";
import type { WaiterName } from "../../src/wait/open.ts";
import { StopToken } from "../../src/wait/stop_token.ts";
import type { SharedStopToken } from "../../src/wait/stop_word.ts";

/** What the Worker is sent. */
export interface Order {
  readonly stop: SharedStopToken;
  readonly rings: "kernel" | "memory";
  readonly waiter: WaiterName;
  /** Whether its handler throws. */
  readonly throws: boolean;
}

/** What the Worker says. */
export type Report =
  | { readonly name: "waiting"; readonly tid: number; readonly target: Target }
  | { readonly name: "polled" }
  | { readonly name: "ended"; readonly statistics: Statistics };

/** Where events are emitted into: a perf event array, or memory rings. */
export type Target = { readonly mapFd: number } | { readonly shared: SharedRings };

function report(what: Report): void {
  (self as unknown as Worker).postMessage(what);
}

/** The number of this thread; 0 where Deno may not tell. */
function threadId(): number {
  try {
    return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

self.addEventListener("message", (event) => {
  const { stop, rings, waiter, throws } = (event as MessageEvent<Order>).data;
  const token = StopToken.of(stop);
  const source = rings === "kernel" ? PerfSource.open({ ringBytes: 4096 }) : MemorySource.open();
  using pipe = EventPipe.open({ source, waiter, stop: token });
  pipe.register({
    name: "count",
    process(): void {
      if (throws) throw new Error("thrown by a handler");
    },
  });
  const target = source instanceof PerfSource ? { mapFd: source.mapFd } : { shared: source.share() };
  report({ name: "waiting", tid: threadId(), target });
  while (pipe.poll(-1) === 0 && !token.isStopped) report({ name: "polled" });
  pipe.close();
  report({ name: "ended", statistics: pipe.statistics() });
  self.close();
});
