/**
 * Chooses the waiter that fits a source.
 *
 * @module
 */

import { AtomicsWaiter } from "./atomics.ts";
import { EpollWaiter } from "./epoll.ts";
import { PollWaiter } from "./poll.ts";
import type { Waiter } from "./waiter.ts";

/** The waiters a pipe can be asked for: `epoll` and `poll` on kernel rings, `atomics` on memory rings. */
export type WaiterName = "epoll" | "poll" | "atomics";

/** What the waiter is to wait on; `Readiness` of a source has this shape. */
export type Waitable =
  | { readonly kind: "fds"; readonly fds: readonly number[] }
  | { readonly kind: "signals"; readonly words: Int32Array<SharedArrayBuffer> };

/**
 * The waiter used unless another is named.
 *
 * @param waitable What the waiter is to wait on.
 * @returns `epoll` for files, `atomics` for memory.
 */
export function defaultWaiter(waitable: Waitable): WaiterName {
  return waitable.kind === "fds" ? "epoll" : "atomics";
}

/**
 * Opens a waiter. Rings are added by the caller.
 *
 * @param name Which waiter.
 * @param waitable What it is to wait on.
 * @returns The waiter, owned by the caller.
 * @throws {TypeError} If the waiter does not fit.
 */
export function openWaiter(name: WaiterName, waitable: Waitable): Waiter {
  if (waitable.kind === "signals") {
    if (name === "atomics") return new AtomicsWaiter(waitable.words);
    throw new TypeError(`Cannot open the waiter "${name}": memory rings have no files; use "atomics"`);
  }
  switch (name) {
    case "epoll":
      return new EpollWaiter(waitable.fds.length);
    case "poll":
      return new PollWaiter(waitable.fds.length);
    default:
      throw new TypeError(
        `Cannot open the waiter "${name}": kernel rings are waited for with "epoll" or "poll"`,
      );
  }
}
