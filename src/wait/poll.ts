/**
 * The waiter with `poll(2)`: no file of its own, but the kernel looks at every ring at each call. The alternative to
 * epoll for few rings, and the one to compare it with.
 *
 * @module
 */

import { POLL, POLLFD } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errnoNumber } from "../abi/errno.ts";
import { checkFd } from "../ffi/fd.ts";
import { errno, libc } from "../ffi/libc.ts";
import { EventFd } from "./event_fd.ts";
import type { Waiter } from "./waiter.ts";

const EINTR = errnoNumber("EINTR");

/** Waits with `poll(2)`. */
export class PollWaiter implements Waiter {
  readonly #wakeFd: EventFd = new EventFd();
  /** Slot 0 is the eventfd's, slot i + 1 holds the ring `#rings[i]`. */
  readonly #fds: DataView<ArrayBuffer>;
  readonly #rings: number[] = [];
  #open = true;

  /** @param capacity How many rings will be added at the most. */
  constructor(capacity: number) {
    this.#fds = new DataView(new ArrayBuffer(POLLFD.size * (capacity + 1)));
    this.#put(0, this.#wakeFd.fd);
  }

  add(fd: number, ring: number): void {
    checkFd(fd, "add a ring to the wait set");
    this.#rings.push(ring);
    this.#put(this.#rings.length, fd);
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const count = libc().poll(this.#fds, BigInt(this.#rings.length + 1), timeoutMs);
    if (count >= 0) return this.#collect(count, ready);
    const error = errno(); // Errno: read in the next expression.
    if (error === EINTR) return 0;
    throw syscallFailed("wait for events", "poll", error);
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const count = await libc().poll_nonblocking(this.#fds, BigInt(this.#rings.length + 1), timeoutMs);
    // Errno: it belongs to the pool's thread and cannot be read; a signal is the only failure of a valid wait set.
    return count > 0 ? this.#collect(count, ready) : 0;
  }

  wake(): void {
    if (this.#open) this.#wakeFd.signal();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#wakeFd.close();
  }

  #put(slot: number, fd: number): void {
    this.#fds.setInt32(slot * POLLFD.size + POLLFD.offsets.fd, fd, true);
    this.#fds.setInt16(slot * POLLFD.size + POLLFD.offsets.events, POLL.POLLIN, true);
  }

  #collect(count: number, ready: Int32Array): number {
    if (count === 0) return 0;
    if (this.#revents(0) !== 0) this.#wakeFd.clear();
    let rings = 0;
    for (let i = 0; i < this.#rings.length; i++) {
      if (this.#revents(i + 1) !== 0) ready[rings++] = this.#rings[i]!;
    }
    return rings;
  }

  #revents(slot: number): number {
    return this.#fds.getInt16(slot * POLLFD.size + POLLFD.offsets.revents, true);
  }
}
