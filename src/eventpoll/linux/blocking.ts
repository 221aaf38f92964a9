/**
 * The calls that block, each with the buffer the kernel writes its answer into. They are made without blocking first: what
 * is wrong with the arguments shows then, and cannot be seen later, since a thread's errno stays in the thread.
 *
 * @module
 */

import { EPOLL, EVENTFD, POLL, POLLFD } from "../../abi/linux.ts";
import { errno, libc } from "../../ffi/libc.ts";
import type { EpollEvent } from "../system.ts";
import { EventBuffer, roomFor } from "./event_buffer.ts";
import { dupApart, moveApart } from "./numbers.ts";
import { returned } from "./returned.ts";

/** A call that blocks. */
export interface BlockingCall<R> {
  /** Its name. */
  readonly syscall: string;
  /** Where its buffer stands: no other call under way was given the same. */
  readonly address: bigint;
  /** What it returns when the time is over. */
  readonly nothing: R;

  /**
   * Calls without blocking.
   *
   * @returns What it returned; undefined if it would block.
   * @throws {EpollError} If it fails.
   */
  look(): R | undefined;

  /**
   * Makes a number for the file that nobody else knows, to be closed by `close`. The blocked thread keeps the file from
   * being released as well, and the number it was asked with may be closed and given to another file meanwhile.
   *
   * @throws {EpollError} EMFILE if no number is left.
   */
  hold(): void;

  /**
   * Calls on a thread of Deno's blocking pool.
   *
   * @param timeoutMs The longest it may block, in whole milliseconds.
   * @returns A promise of what the call returned as a number.
   */
  start(timeoutMs: number): Promise<number>;

  /**
   * Reads what a call left in the buffer.
   *
   * @param count What the call returned, above zero.
   * @returns What that means.
   */
  take(count: number): R;

  /** Makes the call return that is under way. */
  interrupt(): void;

  /** Closes the files. No call may be under way. */
  close(): void;
}

/** What `poll` passes over. */
const NO_FILE = -1;

/** `epoll_wait`. */
export class WaitCall implements BlockingCall<EpollEvent[]> {
  readonly syscall = "epoll_wait";
  readonly address: bigint;
  readonly nothing: EpollEvent[] = [];
  readonly #maxevents: number;
  readonly #buffer: EventBuffer;
  readonly #held: number[] = [];
  #epfd: number;

  /**
   * @param epfd The epoll.
   * @param maxevents The most events to report.
   */
  constructor(epfd: number, maxevents: number) {
    this.#epfd = epfd;
    this.#buffer = new EventBuffer(roomFor(maxevents));
    this.#maxevents = this.#buffer.limit(maxevents);
    this.address = Deno.UnsafePointer.value(this.#buffer.pointer);
  }

  look(): EpollEvent[] | undefined {
    const { epoll_wait } = libc();
    const result = epoll_wait(this.#epfd, this.#buffer.pointer, this.#maxevents, 0);
    const count = returned(this.syscall, result, errno());
    return count === 0 ? undefined : this.take(count);
  }

  hold(): void {
    this.#epfd = dupApart(this.#epfd);
    this.#held.push(this.#epfd);
  }

  start(timeoutMs: number): Promise<number> {
    return libc().epoll_wait_nonblocking(this.#epfd, this.#buffer.bytes, this.#maxevents, timeoutMs);
  }

  take(count: number): EpollEvent[] {
    return this.#buffer.read(count);
  }

  /** A file that is ready wakes one sleeper, and each that returns with it wakes the next (ep_done_scan()). */
  interrupt(): void {
    const alarm = openAlarm(1);
    this.#held.push(alarm);
    const event = new EventBuffer(1);
    event.write({ events: EPOLL.EPOLLIN, data: 0n });
    libc().epoll_ctl(this.#epfd, EPOLL.EPOLL_CTL_ADD, alarm, event.bytes);
  }

  close(): void {
    for (const fd of this.#held) libc().close(fd);
  }
}

/** `poll` of one file. */
export class PollCall implements BlockingCall<number> {
  readonly syscall = "poll";
  readonly address: bigint;
  readonly nothing = 0;
  readonly #fd: number;
  readonly #events: number;
  readonly #pollfds = new DataView(new ArrayBuffer(2 * POLLFD.size));
  readonly #held: number[] = [];
  #alarm = NO_FILE;

  /**
   * @param fd The file. The kernel passes over those below zero.
   * @param events The events to wait for.
   */
  constructor(fd: number, events: number) {
    this.#fd = fd;
    this.#events = events;
    writePollfd(this.#pollfds, 0, fd, events);
    writePollfd(this.#pollfds, 1, NO_FILE, 0);
    this.address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.#pollfds));
  }

  look(): number | undefined {
    const count = returned(this.syscall, libc().poll(this.#pollfds, 2n, 0), errno());
    return count === 0 ? undefined : this.take();
  }

  hold(): void {
    if (this.#fd >= 0) {
      this.#held.push(dupApart(this.#fd));
      writePollfd(this.#pollfds, 0, this.#held[0]!, this.#events);
    }
    this.#alarm = openAlarm(0);
    this.#held.push(this.#alarm);
    writePollfd(this.#pollfds, 1, this.#alarm, POLL.POLLIN);
  }

  start(timeoutMs: number): Promise<number> {
    return libc().poll_nonblocking(this.#pollfds, 2n, timeoutMs);
  }

  take(): number {
    return readRevents(this.#pollfds);
  }

  interrupt(): void {
    libc().write(this.#alarm, new BigUint64Array([1n]), 8n);
  }

  close(): void {
    for (const fd of this.#held) libc().close(fd);
  }
}

/**
 * Writes a `struct pollfd`.
 *
 * @param pollfds The array.
 * @param index Its index.
 * @param fd The file.
 * @param events The events asked for; those above the 16th bit mean nothing to `poll`.
 */
export function writePollfd(pollfds: DataView<ArrayBuffer>, index: number, fd: number, events: number): void {
  pollfds.setInt32(index * POLLFD.size + POLLFD.offsets.fd, fd, true);
  pollfds.setUint16(index * POLLFD.size + POLLFD.offsets.events, events, true);
}

/**
 * Reads the events of the first `struct pollfd`.
 *
 * @param pollfds The array.
 * @returns The events the file has.
 */
export function readRevents(pollfds: DataView<ArrayBuffer>): number {
  return pollfds.getUint16(POLLFD.offsets.revents, true);
}

/** An eventfd. */
function openAlarm(count: number): number {
  const flags = EVENTFD.EFD_CLOEXEC | EVENTFD.EFD_NONBLOCK;
  return moveApart(returned("eventfd", libc().eventfd(count, flags), errno()));
}
