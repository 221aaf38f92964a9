/**
 * Chooses the waiter that fits a source.
 *
 * @module
 */

import type { Readiness } from "../ring/readiness.ts";
import { AtomicsWaiter } from "./atomics.ts";
import { EpollWaiter } from "./epoll.ts";
import { isLocal } from "./local.ts";
import { PollWaiter } from "./poll.ts";
import { SpinWaiter } from "./spin.ts";
import { SpinSleepWaiter } from "./spin_sleep.ts";
import { StopListener } from "./stop_listener.ts";
import { StopToken } from "./stop_token.ts";
import type { Waiter } from "./waiter.ts";

/**
 * The waiters a pipe can be asked for: `epoll` and `poll` on kernel rings, `atomics` on memory rings, and on both `spin`,
 * which never sleeps, and `spin-sleep`, which spins for a moment before it sleeps with `epoll` or `atomics`. On a
 * `MemorySource` whose rings are written by their reader's own isolate, also `model`: epoll in TypeScript, in which a
 * `poll` that blocks takes no time.
 */
export type WaiterName = "epoll" | "poll" | "atomics" | "spin" | "spin-sleep" | "model";

/** What waiters need beside the source's readiness. */
export interface WaiterOptions {
  /** Whether a ring has unread records; for the waiters that spin. */
  readonly hasUnread: (ring: number) => boolean;
  /** Ends waits from another isolate. */
  readonly token?: StopToken | undefined;
}

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
 * @param options What else it needs; may be left out for waiters that do not spin.
 * @returns The waiter, owned by the caller.
 * @throws {TypeError} If the waiter or the token does not fit.
 * @throws {EventPipeError} If the process has no file descriptor left.
 */
export function openWaiter(name: WaiterName, readiness: Readiness, options?: WaiterOptions): Waiter {
  const token = options?.token;
  if (token !== undefined && !(token instanceof StopToken)) {
    throw new TypeError(
      `Cannot open the waiter "${name}": its stop token must be a StopToken; make it from what was sent with StopToken.of`,
    );
  }
  if (name === "spin" || name === "spin-sleep") return openSpinning(name, readiness, options);
  if (readiness.kind === "signals") {
    if (name === "model") return openModel(readiness, token);
    if (name === "atomics") return new AtomicsWaiter(readiness.words, listen(token));
    throw new TypeError(
      `Cannot open the waiter "${name}": memory rings have no files; use "atomics", "model", "spin" or "spin-sleep"`,
    );
  }
  switch (name) {
    case "epoll":
      return new EpollWaiter(readiness.fds.length, token);
    case "poll":
      return new PollWaiter(readiness.fds.length, token);
    default:
      throw new TypeError(
        `Cannot open the waiter "${name}": kernel rings are waited for with "epoll", "poll", "spin" or "spin-sleep"`,
      );
  }
}

function openModel(readiness: Readiness, token: StopToken | undefined): Waiter {
  if (isLocal(readiness)) return readiness.openLocalWaiter(listen(token));
  throw new TypeError(
    'Cannot open the waiter "model": it hears the writers of a MemorySource in this isolate, and no others; use "atomics"',
  );
}

function openSpinning(
  name: "spin" | "spin-sleep",
  readiness: Readiness,
  options: WaiterOptions | undefined,
): Waiter {
  if (options === undefined) {
    throw new TypeError(`Cannot open the waiter "${name}": it must be told how to look at the rings`);
  }
  const { hasUnread, token } = options;
  if (name === "spin") return new SpinWaiter(hasUnread, listen(token));
  const sleeper = openWaiter(defaultWaiter(readiness), readiness, options);
  return new SpinSleepWaiter(sleeper, hasUnread, listen(token));
}

function listen(token: StopToken | undefined): StopListener | undefined {
  return token === undefined ? undefined : new StopListener(token);
}
