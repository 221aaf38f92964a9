/**
 * Chooses the waiter that fits a source.
 *
 * @module
 */

import type { Readiness } from "../ring/readiness.ts";
import { AtomicsWaiter } from "./atomics.ts";
import { EpollWaiter } from "./epoll.ts";
import { PollWaiter } from "./poll.ts";
import type { Waiter } from "./waiter.ts";

/** The waiters a pipe can be asked for: `epoll` and `poll` on kernel rings, `atomics` on memory rings. */
export type WaiterName = "epoll" | "poll" | "atomics";

/**
 * The waiter used unless another is named.
 *
 * @param readiness What the waiter is to wait on.
 * @returns `epoll` for files, `atomics` for memory.
 */
export function defaultWaiter(readiness: Readiness): WaiterName {
  return readiness.kind === "fds" ? "epoll" : "atomics";
}

/**
 * Opens a waiter. Rings are added by the caller.
 *
 * @param name Which waiter.
 * @param readiness What it is to wait on.
 * @returns The waiter, owned by the caller.
 * @throws {TypeError} If the waiter does not fit.
 */
export function openWaiter(name: WaiterName, readiness: Readiness): Waiter {
  if (readiness.kind === "signals") {
    if (name === "atomics") return new AtomicsWaiter(readiness.words);
    throw new TypeError(`Cannot open the waiter "${name}": memory rings have no files; use "atomics"`);
  }
  switch (name) {
    case "epoll":
      return new EpollWaiter(readiness.fds.length);
    case "poll":
      return new PollWaiter(readiness.fds.length);
    default:
      throw new TypeError(
        `Cannot open the waiter "${name}": kernel rings are waited for with "epoll" or "poll"`,
      );
  }
}
