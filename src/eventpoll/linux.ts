/**
 * The kernel's own epoll, on the files of this process. Sleepers are threads of Deno's pool for calls that block; there are
 * 32 of them, which Deno's own work on files uses as well.
 *
 * @module
 */

import { FILE, SOCKET } from "../abi/files.ts";
import { errnoNumber } from "../abi/errno.ts";
import { EVENTFD, FCNTL, POLLFD, SYSCONF } from "../abi/linux.ts";
import { cstring } from "../ffi/cstring.ts";
import { errno, libc } from "../ffi/libc.ts";
import { bytes, eventOrNull, int, time, unsigned } from "./arguments.ts";
import { epollMask } from "./events.ts";
import { type BlockingCall, PollCall, readRevents, WaitCall, writePollfd } from "./linux/blocking.ts";
import { EventBuffer, roomFor } from "./linux/event_buffer.ts";
import { readWatches } from "./linux/fdinfo.ts";
import { maxNumbers } from "./linux/numbers.ts";
import { quotaObstacle, WatchQuota } from "./linux/quota.ts";
import { returned } from "./linux/returned.ts";
import { LinuxSleeper, until } from "./linux/sleeper.ts";
import {
  type EpollEvent,
  type EpollSystem,
  type Need,
  QUIET_MS,
  type Sleeper,
  type Watch,
} from "./system.ts";

/** One of Deno's 32 threads for blocking calls stays free for Deno. */
const MAX_SLEEPERS = 31;

const MAX_UINT = 2 ** 32 - 1;

const EINTR = errnoNumber("EINTR");

/** What a program that needs many files opens, and as many again apart. */
const MANY_FILES = 2400;

/** Epoll as the kernel does it. */
export class LinuxSystem implements EpollSystem {
  /** Always `linux`. */
  readonly name = "linux";
  /** The numbers that were made here. */
  readonly #files = new Set<number>();
  readonly #sleepers = new Set<LinuxSleeper<unknown>>();
  /** Where `pipe2` and `socketpair` write numbers. */
  readonly #numbers = new Int32Array(2);
  readonly #pollfd = new DataView(new ArrayBuffer(POLLFD.size));
  readonly #event = new EventBuffer(1);
  #events = new EventBuffer(64);
  #quota: WatchQuota | undefined;

  lacks(need: Need): string | null {
    if (need === "quota") return quotaObstacle();
    if (need !== "many-fds" || maxNumbers() >= MANY_FILES) return null;
    return `${MANY_FILES} files must be open at once, ${maxNumbers()} may be`;
  }

  now(): number {
    return performance.now();
  }

  epoll_create1(flags: number): number {
    const { epoll_create1 } = libc();
    return this.#makeEpoll(() => returned("epoll_create1", epoll_create1(int("flags", flags)), errno()));
  }

  epoll_create(size: number): number {
    const { epoll_create } = libc();
    return this.#makeEpoll(() => returned("epoll_create", epoll_create(int("size", size)), errno()));
  }

  epoll_ctl(epfd: number, op: number, fd: number, event: EpollEvent | null): void {
    const { epoll_ctl_compiled: epoll_ctl } = libc();
    const checked = eventOrNull(event);
    if (checked !== null) this.#event.write(checked);
    const pointer = checked === null ? null : this.#event.bytes;
    returned("epoll_ctl", epoll_ctl(int("epfd", epfd), int("op", op), int("fd", fd), pointer), errno());
  }

  epoll_wait(epfd: number, maxevents: number, timeoutMs: number, hasBuffer = true): EpollEvent[] {
    const { epoll_wait } = libc();
    if (this.#events.room < roomFor(int("maxevents", maxevents))) {
      this.#events = new EventBuffer(roomFor(maxevents));
    }
    const pointer = hasBuffer ? this.#events.pointer : null;
    const limit = this.#events.limit(maxevents);
    const end = int("timeoutMs", timeoutMs) > 0 ? performance.now() + timeoutMs : 0;
    for (let left = timeoutMs;;) {
      const count = epoll_wait(int("epfd", epfd), pointer, limit, left);
      const error = errno(); // Errno: read in the next expression.
      if (count >= 0 || error !== EINTR) return this.#events.read(returned("epoll_wait", count, error));
      if (left > 0) left = Math.max(0, Math.ceil(end - performance.now()));
    }
  }

  sleepInWait(epfd: number, maxevents: number, timeoutMs: number): Sleeper<EpollEvent[]> {
    const call = new WaitCall(int("epfd", epfd), int("maxevents", maxevents));
    return this.#sleep(call, int("timeoutMs", timeoutMs));
  }

  poll(fd: number, events: number): number {
    writePollfd(this.#pollfd, 0, int("fd", fd), epollMask(events));
    returned("poll", libc().poll(this.#pollfd, 1n, 0), errno());
    return readRevents(this.#pollfd);
  }

  sleepInPoll(fd: number, events: number): Sleeper<number> {
    return this.#sleep(new PollCall(int("fd", fd), epollMask(events)), -1);
  }

  /**
   * Lets sleepers run until each has returned or sleeps, and for some time.
   *
   * @param quietMs For how long at least.
   * @returns A promise that is fulfilled then.
   * @throws {RangeError} If it is no time.
   */
  async settle(quietMs: number = QUIET_MS): Promise<void> {
    if (!(time("quietMs", quietMs) >= 0)) {
      throw new RangeError(
        `Cannot let sleepers run: quietMs must be at least 0, current value is ${quietMs}`,
      );
    }
    if (quietMs > 0) await new Promise((resolve) => setTimeout(resolve, quietMs));
    // A sleeper that returns may wake another one that was looked at before; so all must be quiet twice in a row.
    let rounds = 0;
    await until(() => {
      rounds = this.#sleepers.values().every((sleeper) => sleeper.isQuiet) ? rounds + 1 : 0;
      return rounds === 2;
    }, "see all sleepers block or return");
  }

  pipe(slots?: number): [reader: number, writer: number] {
    if (slots !== undefined) int("slots", slots);
    returned("pipe2", libc().pipe2(this.#numbers, FILE.O_NONBLOCK), errno());
    const [reader, writer] = this.#ownBoth();
    if (slots === undefined) return [reader, writer];
    try {
      const pipeBytes = slots * Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
      // An unsigned int; what is above 2^31 is refused by the kernel, however far (round_pipe_size() of fs/pipe.c).
      const size = Math.min(pipeBytes, MAX_UINT) | 0;
      returned("fcntl", libc().fcntl(writer, FILE.F_SETPIPE_SZ, size), errno());
    } catch (error) {
      this.close(reader);
      this.close(writer);
      throw error;
    }
    return [reader, writer];
  }

  eventfd(initval: number, flags: number): number {
    const all = int("flags", flags) | EVENTFD.EFD_NONBLOCK;
    return this.#own(returned("eventfd", libc().eventfd(unsigned("initval", initval), all), errno()));
  }

  socketpair(): [number, number] {
    const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = SOCKET;
    const { socketpair } = libc();
    returned("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, this.#numbers), errno());
    return this.#ownBoth();
  }

  openFile(): number {
    return this.#own(returned("memfd_create", libc().memfd_create(cstring("eventpoll"), 0), errno()));
  }

  openDirectory(): number {
    const flags = FCNTL.O_RDONLY | FILE.O_DIRECTORY;
    return this.#own(returned("open", libc().open(cstring("/"), flags), errno()));
  }

  dup(fd: number): number {
    return this.#own(returned("dup", libc().dup(int("fd", fd)), errno()));
  }

  dup2(fd: number, target: number): void {
    this.#checkOwner("replace", int("target", target));
    this.#own(returned("dup2", libc().dup2(int("fd", fd), target), errno()));
  }

  close(fd: number): void {
    this.#checkOwner("close", fd);
    this.#files.delete(fd);
    returned("close", libc().close(int("fd", fd)), errno());
  }

  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    return returned("read", libc().read(int("fd", fd), bytes(buffer), BigInt(buffer.length)), errno());
  }

  write(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    const { write_compiled: write } = libc();
    return returned("write", write(int("fd", fd), bytes(buffer), BigInt(buffer.length)), errno());
  }

  shutdown(fd: number, how: number): void {
    returned("shutdown", libc().shutdown(int("fd", fd), int("how", how)), errno());
  }

  isCloseOnExec(fd: number): boolean {
    const flags = returned("fcntl", libc().fcntl(int("fd", fd), FILE.F_GETFD, 0), errno());
    return (flags & FILE.FD_CLOEXEC) !== 0;
  }

  watches(epfd: number): Watch[] {
    return readWatches(int("epfd", epfd));
  }

  /**
   * Leaves the user of all epolls that are made from now on so many watches, by taking all others: that is a user of whom
   * nobody else knows, and takes seconds and a gigabyte of the kernel's memory.
   *
   * @param count How many may still be added.
   * @returns A promise that is fulfilled then.
   */
  leaveWatches(count: number): Promise<void> {
    return Promise.try(() => {
      unsigned("count", count);
      this.#quota?.release();
      this.#quota = new WatchQuota(count);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#quota?.release();
    await Promise.all(this.#sleepers.values().map((sleeper) => sleeper.stop()));
    for (const fd of this.#files) libc().close(fd);
    this.#files.clear();
  }

  #makeEpoll(make: () => number): number {
    return this.#own(this.#quota === undefined ? make() : this.#quota.asUser(make));
  }

  #sleep<R>(call: BlockingCall<R>, timeoutMs: number): Sleeper<R> {
    for (const each of this.#sleepers) if (each.result !== undefined) this.#sleepers.delete(each);
    if (this.#sleepers.size === MAX_SLEEPERS) {
      throw new RangeError(
        `Cannot start a sleeper: there are threads for ${MAX_SLEEPERS}, and all of them sleep`,
      );
    }
    const sleeper = new LinuxSleeper(call, timeoutMs);
    this.#sleepers.add(sleeper);
    return sleeper;
  }

  #own(fd: number): number {
    this.#files.add(fd);
    return fd;
  }

  #ownBoth(): [number, number] {
    return [this.#own(this.#numbers[0]!), this.#own(this.#numbers[1]!)];
  }

  /** Other numbers may be those of the runtime. */
  #checkOwner(action: string, fd: number): void {
    if (this.#files.has(fd) || libc().fcntl(int("fd", fd), FILE.F_GETFD, 0) < 0) return;
    throw new RangeError(`Cannot ${action} file descriptor ${fd}: it was not opened here`);
  }
}
