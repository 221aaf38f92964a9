/**
 * Ends waits in other isolates: a pipe belongs to one isolate, and where that is a Worker that blocks in `poll`, no message
 * reaches it and `worker.terminate()` does not interrupt it. What a token consists of stands in `stop_word.ts`.
 *
 * @module
 */

import { EVENTFD } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";
import {
  CLOSED,
  duplicateEventFd,
  INTERRUPTION,
  type SharedStopToken,
  STOPPED,
  stopWord,
} from "./stop_word.ts";

export type { SharedStopToken };

/** Ends the waits of all pipes that were opened with it, in any isolate. */
export class StopToken implements Disposable {
  readonly #shared: SharedStopToken;
  readonly #word: Int32Array<SharedArrayBuffer>;
  /** Whether this is the token that was made, not one made anew from what it shares: the one owner of the eventfd. */
  readonly #isMaker: boolean;

  private constructor(shared: SharedStopToken, isMaker: boolean) {
    this.#shared = shared;
    this.#word = stopWord(shared);
    this.#isMaker = isMaker;
  }

  /**
   * Makes a token, in the isolate that is to stop the others. Needs no permission; kernel rings can be waited for with it if
   * it was made with `--allow-ffi`.
   *
   * @returns The token; close it, or declare it with `using`, once nobody shall wait any more.
   * @throws {EventPipeError} If the process has no file descriptor left.
   *
   * @example A consumer in a Worker
   * ```ts ignore
   * using token = StopToken.create();
   * const worker = new Worker(new URL("./consumer.ts", import.meta.url), { type: "module" });
   * worker.postMessage(token.share());
   * Deno.addSignalListener("SIGINT", () => token.stop());
   * console.log(await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data)));
   *
   * // consumer.ts
   * self.onmessage = ({ data }) => {
   *   const stop = StopToken.of(data);
   *   const pipe = EventPipe.open({ source: PerfSource.open(), stop });
   *   while (pipe.poll(-1) === 0 && !stop.isStopped);
   *   pipe.close();
   *   self.postMessage(pipe.statistics());
   *   self.close();
   * };
   * ```
   */
  static create(): StopToken {
    const fd = mayCallNative() ? openEventFd() : null;
    return new StopToken({ flag: new SharedArrayBuffer(4), fd }, true);
  }

  /**
   * Makes the token of another isolate anew from what it shares. It holds nothing that would have to be closed.
   *
   * @param shared What {@linkcode StopToken.share} gave, in this process.
   * @returns The token.
   * @throws {TypeError} If it is not what `share` gave.
   */
  static of(shared: SharedStopToken): StopToken {
    const { flag, fd } = shared ?? {};
    const isShared = flag instanceof SharedArrayBuffer && flag.byteLength >= 4 &&
      (fd === null || (Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff));
    if (!isShared) {
      throw new TypeError(
        "Cannot make a stop token: give what share() of the other isolate's token returned",
      );
    }
    return new StopToken({ flag, fd }, false);
  }

  /** Whether all is to end: waits do not sleep any more. */
  get isStopped(): boolean {
    return (Atomics.load(this.#word, 0) & STOPPED) !== 0;
  }

  /**
   * What another isolate needs to wait with this token, to stop it or to interrupt.
   *
   * @returns An object for `postMessage`.
   */
  share(): SharedStopToken {
    return this.#shared;
  }

  /**
   * Ends the waits under way and all later ones: `poll` drains and returns, and so does `run`. May be called in any isolate,
   * and again.
   *
   * @throws {EventPipeError} In an isolate that did not make the token: if the eventfd cannot be reached. The token is
   * stopped all the same, but who sleeps in the kernel sleeps on.
   */
  stop(): void {
    Atomics.or(this.#word, 0, STOPPED);
    this.#wake(); // at each call: one before may have failed to
  }

  /**
   * Ends the wait under way, or else the next one, of each pipe that waits with this token, once: `poll` drains all rings,
   * those below their wake-up threshold too, and returns. May be called in any isolate.
   *
   * @throws {EventPipeError} As `stop`.
   */
  interrupt(): void {
    Atomics.add(this.#word, 0, INTERRUPTION);
    this.#wake();
  }

  /**
   * Stops, since nobody could do it later, and closes the eventfd; those that still wait hold copies of it. Does nothing
   * on a token made with {@linkcode StopToken.of}. Safe to call again.
   */
  close(): void {
    if (!this.#isMaker || this.#isClosed) return;
    this.stop();
    Atomics.or(this.#word, 0, CLOSED);
    if (this.#shared.fd !== null) libc().close(this.#shared.fd);
  }

  /** Closes the token, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #isClosed(): boolean {
    return (Atomics.load(this.#word, 0) & CLOSED) !== 0;
  }

  /** Makes the eventfd readable once more, after the word has changed. */
  #wake(): void {
    const { fd } = this.#shared;
    if (fd === null || this.#isClosed) return;
    if (this.#isMaker) {
      write(fd); // Its own file, so the number is right. It takes no descriptor, so it cannot fail for want of one.
      return;
    }
    const copy = duplicateEventFd(this.#shared);
    if (copy === null) return;
    write(copy);
    libc().close(copy);
  }
}

/** Not asked for: a program that reads memory rings only needs no permission. */
function mayCallNative(): boolean {
  return Deno.build.os === "linux" && Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/**
 * Lifetime: a token that is forgotten leaves its file open. Closed by the garbage collector, its number could be another
 * file's while other isolates still write to it.
 */
function openEventFd(): number {
  const fd = libc().eventfd(0, EVENTFD.EFD_CLOEXEC | EVENTFD.EFD_NONBLOCK);
  if (fd < 0) {
    const error = errno(); // Errno: read before the message allocates.
    throw syscallFailed("make a stop token", "eventfd", error);
  }
  return fd;
}

const ONE = new BigUint64Array([1n]);

function write(fd: number): void {
  libc().write(fd, ONE, 8n);
}
