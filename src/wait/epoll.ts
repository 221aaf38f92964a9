/**
 * The default waiter on kernel rings: epoll. Polling a perf event takes its readiness away (perf_poll() exchanges
 * rb->poll with 0), so each wake-up is reported once, and only this waiter may poll the files it was given.
 *
 * @module
 */

import { EPOLL, EPOLL_EVENT } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errnoNumber } from "../abi/errno.ts";
import { checkFd } from "../ffi/fd.ts";
import { errno, libc } from "../ffi/libc.ts";
import { EventFd, forgottenFiles } from "./event_fd.ts";
import { StopFile } from "./stop_listener.ts";
import type { StopToken } from "./stop_token.ts";
import type { Waiter } from "./waiter.ts";

const EINTR = errnoNumber("EINTR");
/** What the eventfd and the stop token's file report in place of a ring's index. */
const WAKE = 0xffffffff;
const STOP = 0xfffffffe;

/** Waits with `epoll_wait`. */
export class EpollWaiter implements Waiter {
  readonly #epfd: number;
  readonly #wakeFd: EventFd;
  readonly #events: DataView<ArrayBuffer>;
  // Lifetime: the pointer object keeps the buffer of #events alive.
  readonly #eventsPointer: Deno.PointerValue;
  readonly #capacity: number;
  #stop: StopFile | undefined;
  #open = true;

  /**
   * @param capacity How many rings will be added at the most.
   * @param token The stop token, if there is one.
   */
  constructor(capacity: number, token?: StopToken) {
    this.#epfd = libc().epoll_create1(EPOLL.EPOLL_CLOEXEC);
    if (this.#epfd < 0) {
      const error = errno(); // Errno: read before the message allocates.
      throw syscallFailed("make the wait set", "epoll_create1", error);
    }
    this.#capacity = capacity + 2; // the eventfd and the stop token's file
    this.#events = new DataView(new ArrayBuffer(EPOLL_EVENT.size * this.#capacity));
    this.#eventsPointer = Deno.UnsafePointer.of(this.#events);
    try {
      this.#wakeFd = new EventFd();
    } catch (error) {
      libc().close(this.#epfd);
      throw error;
    }
    forgottenFiles.register(this, this.#epfd, this);
    this.add(this.#wakeFd.fd, WAKE);
    if (token !== undefined) this.#listen(token);
  }

  add(fd: number, ring: number): void {
    checkFd(fd, "add a ring to the wait set");
    const event = new DataView(new ArrayBuffer(EPOLL_EVENT.size));
    event.setUint32(EPOLL_EVENT.offsets.events, EPOLL.EPOLLIN, true);
    event.setUint32(EPOLL_EVENT.offsets.data, ring, true);
    if (libc().epoll_ctl(this.#epfd, EPOLL.EPOLL_CTL_ADD, fd, event) < 0) {
      const error = errno(); // Errno: read in the next expression.
      this.close();
      throw syscallFailed("add a ring to the wait set", "epoll_ctl", error);
    }
  }

  wait(timeoutMs: number, ready: Int32Array): number {
    const timeout = this.#stop?.take() === true ? 0 : timeoutMs;
    const count = libc().epoll_wait(this.#epfd, this.#eventsPointer, this.#capacity, timeout);
    if (count >= 0) return this.#collect(count, ready);
    const error = errno(); // Errno: read in the next expression.
    if (error === EINTR) return 0;
    throw syscallFailed("wait for events", "epoll_wait", error);
  }

  async waitAsync(timeoutMs: number, ready: Int32Array): Promise<number> {
    const timeout = this.#stop?.take() === true ? 0 : timeoutMs;
    const count = await libc().epoll_wait_nonblocking(this.#epfd, this.#events, this.#capacity, timeout);
    // Errno: it belongs to the pool's thread and cannot be read; a signal is the only failure of a valid wait set.
    return count > 0 ? this.#collect(count, ready) : 0;
  }

  wake(): void {
    if (this.#open) this.#wakeFd.signal();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    forgottenFiles.unregister(this);
    libc().close(this.#epfd);
    this.#wakeFd.close();
    this.#stop?.close();
  }

  #listen(token: StopToken): void {
    try {
      this.#stop = new StopFile(token);
    } catch (error) {
      this.close();
      throw error;
    }
    if (this.#stop.fd >= 0) this.add(this.#stop.fd, STOP);
  }

  #collect(count: number, ready: Int32Array): number {
    let rings = 0;
    for (let i = 0; i < count; i++) {
      const ring = this.#events.getUint32(i * EPOLL_EVENT.size + EPOLL_EVENT.offsets.data, true);
      if (ring === WAKE) this.#wakeFd.clear();
      else if (ring === STOP) this.#stop!.hear();
      else ready[rings++] = ring;
    }
    return rings;
  }
}
