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
import { StopFile } from "./stop_listener.ts";
import type { StopToken } from "./stop_token.ts";
import type { Waiter } from "./waiter.ts";

const EINTR = errnoNumber("EINTR");
/** Slots of the eventfd and the stop token's file; those of the rings follow. */
const WAKE = 0;
const STOP = 1;
const FIRST_RING = 2;

/** Waits with `poll(2)`. */
export class PollWaiter implements Waiter {
  readonly #wakeFd: EventFd = new EventFd();
  /** The kernel passes over slots with a negative fd. */
  readonly #fds: DataView<ArrayBuffer>;
  readonly #rings: number[] = [];
  readonly #stop: StopFile | undefined;
  #open = true;

  /**
   * @param capacity How many rings will be added at the most.
   * @param token The stop token, if there is one.
   */
  constructor(capacity: number, token?: StopToken) {
    this.#fds = new DataView(new ArrayBuffer(POLLFD.size * (FIRST_RING + capacity)));
    this.#put(WAKE, this.#wakeFd.fd);
    this.#put(STOP, -1);
    if (token === undefined) return;
    try {
      this.#stop = new StopFile(token);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#put(STOP, this.#stop.fd);
  }

  add(fd: number, ring: number): void {
    checkFd(fd, "add a ring to the wait set");
    this.#put(FIRST_RING + this.#rings.length, fd);
    this.#rings.push(ring);
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const timeout = this.#stop?.take() === true ? 0 : timeoutMs;
    const count = libc().poll(this.#fds, BigInt(FIRST_RING + this.#rings.length), timeout);
    if (count >= 0) return this.#collect(count, ready);
    const error = errno(); // Errno: read in the next expression.
    if (error === EINTR) return 0;
    throw syscallFailed("wait for events", "poll", error);
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const timeout = this.#stop?.take() === true ? 0 : timeoutMs;
    const slots = BigInt(FIRST_RING + this.#rings.length);
    const count = await libc().poll_nonblocking(this.#fds, slots, timeout);
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
    this.#stop?.close();
  }

  #put(slot: number, fd: number): void {
    this.#fds.setInt32(slot * POLLFD.size + POLLFD.offsets.fd, fd, true);
    this.#fds.setInt16(slot * POLLFD.size + POLLFD.offsets.events, POLL.POLLIN, true);
  }

  #collect(count: number, ready: Int32Array): number {
    if (count === 0) return 0;
    if (this.#revents(WAKE) !== 0) this.#wakeFd.clear();
    if (this.#revents(STOP) !== 0) this.#stop!.hear();
    let rings = 0;
    for (let i = 0; i < this.#rings.length; i++) {
      if (this.#revents(FIRST_RING + i) !== 0) ready[rings++] = this.#rings[i]!;
    }
    return rings;
  }

  #revents(slot: number): number {
    return this.#fds.getInt16(slot * POLLFD.size + POLLFD.offsets.revents, true);
  }
}
