/**
 * How one waiter hears of a stop token: each waiter remembers what it has heard, so that an interruption ends one wait of
 * each of them, however many wait with the token.
 *
 * @module
 */

import { EPOLL, EPOLL_EVENT } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";
import { forgottenFiles } from "./event_fd.ts";
import type { StopToken } from "./stop_token.ts";
import { duplicateEventFd, STOPPED, stopWord } from "./stop_word.ts";

/** Hears of a token by its word. */
export class StopListener {
  readonly #word: Int32Array<SharedArrayBuffer>;
  #heard: number;

  /** @param token The token; interruptions from before now are not heard. */
  constructor(token: StopToken) {
    this.#word = stopWord(token.share());
    this.#heard = Atomics.load(this.#word, 0);
  }

  /** Whether a wait must not sleep: the token is stopped, or was interrupted since {@linkcode StopListener.take}. */
  get isRaised(): boolean {
    return this.#isNew(Atomics.load(this.#word, 0));
  }

  /**
   * Takes an interruption, so that it is not told again. A stop is told for ever.
   *
   * @returns Whether a wait must not sleep.
   */
  take(): boolean {
    // Ordering: one load. An interruption behind it changes the word again, and is told next time.
    const word = Atomics.load(this.#word, 0);
    const isNew = this.#isNew(word);
    this.#heard = word;
    return isNew;
  }

  #isNew(word: number): boolean {
    return word !== this.#heard || (word & STOPPED) !== 0;
  }
}

/**
 * Hears of a token in the kernel too: a file that is readable once the token was stopped or interrupted.
 *
 * It is a wait set of its own that holds the token's eventfd edge-triggered. The eventfd itself is never read, since that
 * would take the wake-up from other waiters; each wait set reports each write once.
 */
export class StopFile extends StopListener {
  /** The file descriptor, for a wait set or `poll`; -1 if the token's maker has closed it, and so stopped it. */
  readonly fd: number;
  // Lifetime: a copy. The maker may close its own, and with the last one the kernel would forget a wake-up under way.
  readonly #eventFd: number;
  readonly #event = new Uint8Array(EPOLL_EVENT.size);
  // Lifetime: the pointer object keeps the buffer of #event alive.
  readonly #eventPointer: Deno.PointerValue = Deno.UnsafePointer.of(this.#event);

  /**
   * @param token The token.
   * @throws {TypeError} If the token was made without permission to call native code.
   * @throws {EventPipeError} If the process has no file descriptor left.
   */
  constructor(token: StopToken) {
    super(token);
    this.#eventFd = duplicateEventFd(token.share()) ?? -1;
    this.fd = this.#eventFd < 0 ? -1 : libc().epoll_create1(EPOLL.EPOLL_CLOEXEC);
    if (this.#eventFd < 0) return;
    if (this.fd < 0) {
      const error = errno(); // Errno: read before the next call.
      libc().close(this.#eventFd);
      throw syscallFailed("listen to the stop token", "epoll_create1", error);
    }
    for (const fd of [this.fd, this.#eventFd]) forgottenFiles.register(this, fd, this);
    const interest = new DataView(new ArrayBuffer(EPOLL_EVENT.size));
    interest.setUint32(EPOLL_EVENT.offsets.events, EPOLL.EPOLLIN | EPOLL.EPOLLET, true);
    if (libc().epoll_ctl(this.fd, EPOLL.EPOLL_CTL_ADD, this.#eventFd, interest) < 0) {
      const error = errno(); // Errno: read before the next call.
      this.close();
      throw syscallFailed("listen to the stop token", "epoll_ctl", error);
    }
    this.#clear(); // what was written before; the word tells whether it matters
  }

  /** Makes the file unreadable again and takes what it stood for. To be called when it was reported. */
  hear(): void {
    this.#clear();
    this.take();
  }

  /** Closes the files. */
  close(): void {
    if (this.#eventFd < 0) return;
    forgottenFiles.unregister(this);
    libc().close(this.fd);
    libc().close(this.#eventFd);
  }

  #clear(): void {
    libc().epoll_wait(this.fd, this.#eventPointer, 1, 0);
  }
}
