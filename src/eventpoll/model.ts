/**
 * The model: files, epoll and sleepers in plain TypeScript, by the kernel's rules. It needs no kernel and no
 * permission, nothing in it happens by itself, and the same calls always have the same results: time moves when the
 * program waits or moves it, and who of several sleepers runs first is drawn by a seed.
 *
 * @module
 */

import { bytes, eventOrNull, int, time, unsigned } from "./arguments.ts";
import { Clock } from "./clock.ts";
import { ep_check_params, ep_poll, ep_poll_once } from "./ep_poll.ts";
import { EpollError, type Errno } from "./errors.ts";
import { do_epoll_ctl, ep_alloc } from "./eventpoll.ts";
import { EFD_SEMAPHORE, EPOLL_CLOEXEC, epollMask, SHUT_RD, SHUT_RDWR } from "./events.ts";
import { FdTable, hold } from "./fd_table.ts";
import { Machine } from "./machine.ts";
import { do_poll, do_pollfd } from "./poll.ts";
import { EventfdCtx } from "./pollable/eventfd.ts";
import { create_pipe_files } from "./pollable/pipe.ts";
import { directory, regular_file } from "./pollable/regular.ts";
import { unix_socketpair } from "./pollable/socket.ts";
import { TimerfdCtx } from "./pollable/timer.ts";
import { Scheduler, type SleepingCall, type Task } from "./sched.ts";
import { type EpItem, File, type FileOperations, type User } from "./structs.ts";
import { ModelSleeper } from "./sleeper.ts";
import { type EpollEvent, type EpollSystem, QUIET_MS, type Watch } from "./system.ts";
import { Trace, type TraceHook } from "./trace.ts";
import { explain_item, type WatchState } from "./why.ts";

/** `eventfd` takes these two and has no use for them: the model starts no programs, and no file of it blocks. */
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** The kernel gives 4 % of low memory; that is some millions on most machines. */
const MAX_USER_WATCHES = 2 ** 20;

/** How a {@linkcode ModelSystem} is set up. */
export interface ModelOptions {
  /** Draws which of several sleepers that can run does; in order of waking up without it. */
  readonly seed?: number;
  /** How many watches the user may have: /proc/sys/fs/epoll/max_user_watches. 2^20 unless given. */
  readonly maxUserWatches?: number;
  /** Whether the program has CAP_BLOCK_SUSPEND, without which EPOLLWAKEUP means nothing; false unless given. */
  readonly mayBlockSuspend?: boolean;
}

/**
 * Files, epoll and sleepers without a kernel.
 *
 * @example An edge-triggered watch reports wake-ups, not conditions
 * ```ts
 * import { EPOLL_CTL_ADD, EPOLLET, EPOLLIN, ModelSystem } from "@eventpipe/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * const system = new ModelSystem();
 * const [reader, writer] = system.pipe();
 * const epfd = system.epoll_create1(0);
 * system.epoll_ctl(epfd, EPOLL_CTL_ADD, reader, { events: EPOLLIN | EPOLLET, data: 7n });
 *
 * system.write(writer, new Uint8Array(100));
 * assertEquals(system.epoll_wait(epfd, 8, 0), [{ events: EPOLLIN, data: 7n }]);
 * system.read(reader, new Uint8Array(10)); // 90 bytes are left
 * assertEquals(system.epoll_wait(epfd, 8, 0), []);
 * ```
 */
export class ModelSystem implements EpollSystem {
  /** Always `model`. */
  readonly name = "model";
  /**
   * What there is once in the model.
   *
   * @internal
   */
  readonly machine: Machine;
  /**
   * The one user.
   *
   * @internal
   */
  readonly user: User = { epoll_watches: 0 };
  /**
   * The numbers and the files they stand for.
   *
   * @internal
   */
  readonly files: FdTable;
  /**
   * The clock.
   *
   * @internal
   */
  readonly clock: Clock = new Clock();
  /**
   * Lets sleepers run.
   *
   * @internal
   */
  readonly scheduler: Scheduler;
  /** Tasks that have not returned, with the files they hold. */
  readonly #sleepers = new Map<Task, File | undefined>();

  /**
   * Makes a model without files.
   *
   * @param options How it is set up.
   * @throws {TypeError} If one is of the wrong kind.
   */
  constructor(options: ModelOptions = {}) {
    const { seed, maxUserWatches = MAX_USER_WATCHES, mayBlockSuspend = false } = checkedOptions(options);
    this.machine = new Machine(maxUserWatches, mayBlockSuspend);
    this.files = new FdTable(this.machine);
    this.scheduler = new Scheduler(this.clock, seed);
  }

  /**
   * Tells each step between a wake-up and its delivery from now on.
   *
   * @param hook Hears of each step; null for nobody.
   * @throws {TypeError} If it is neither a function nor null.
   */
  trace(hook: TraceHook | null): void {
    if (hook !== null && typeof hook !== "function") {
      throw new TypeError(`Cannot trace: hook must be a function or null, current value is ${String(hook)}`);
    }
    this.machine.trace = hook === null ? null : new Trace(hook);
  }

  /** Nothing: the model has all there is. */
  lacks(): null {
    return null;
  }

  now(): number {
    return this.clock.now;
  }

  /**
   * Moves the clock. Sleepers run before, and after each timer that is due.
   *
   * @param ms How far, in milliseconds.
   * @throws {RangeError} If it is below 0, or has no end.
   */
  advance(ms: number): void {
    if (!(time("ms", ms) >= 0)) {
      throw new RangeError(`Cannot move the clock: ms must be at least 0, current value is ${ms}`);
    }
    const end = this.clock.now + ms;
    this.scheduler.run();
    while (this.clock.next <= end) {
      this.clock.fire();
      this.scheduler.run();
    }
    this.clock.moveTo(end);
  }

  /** Lets sleepers run that were woken or whose time is over, until none can. */
  run(): void {
    this.scheduler.run();
  }

  /**
   * Lets the next timer be over, or the next sleeper's time, and no sleeper run: what happens next happens between the two.
   *
   * @returns False if there is none.
   */
  fire(): boolean {
    return this.clock.fire();
  }

  epoll_create1(flags: number): number {
    if ((int("flags", flags) & ~EPOLL_CLOEXEC) !== 0) throw new EpollError("epoll_create1", "EINVAL");
    const file = ep_alloc(this.machine, this.user);
    return checked("epoll_create1", this.files.install(file, flags === EPOLL_CLOEXEC));
  }

  epoll_create(size: number): number {
    if (int("size", size) <= 0) throw new EpollError("epoll_create", "EINVAL");
    return checked("epoll_create", this.files.install(ep_alloc(this.machine, this.user)));
  }

  epoll_ctl(epfd: number, op: number, fd: number, event: EpollEvent | null): void {
    const { files, machine } = this;
    const file = files.get(int("epfd", epfd));
    const tfile = files.get(int("fd", fd));
    checked("epoll_ctl", do_epoll_ctl(machine, file, int("op", op), fd, tfile, eventOrNull(event)));
  }

  /**
   * Waits for events. Sleepers run and the clock moves on from timer to timer while there are none.
   *
   * @throws {EpollError} EDEADLK for a wait that nothing can end: the kernel would wait for ever.
   */
  epoll_wait(epfd: number, maxevents: number, timeoutMs: number, hasBuffer: boolean = true): EpollEvent[] {
    const { machine } = this;
    time("timeoutMs", timeoutMs);
    const ep = ep_check_params(this.files.get(int("epfd", epfd)), int("maxevents", maxevents));
    if (typeof ep === "string") throw new EpollError("epoll_wait", ep);
    const events: EpollEvent[] = [];
    const buffer = hasBuffer ? events : null;
    if (timeoutMs === 0) {
      checked("epoll_wait", ep_poll_once(machine, ep, buffer, maxevents));
      return events;
    }
    const call = (task: Task): SleepingCall<number | Errno> =>
      ep_poll(machine, ep, buffer, maxevents, timeoutMs, task);
    checked("epoll_wait", this.scheduler.block(call) ?? "EDEADLK");
    return events;
  }

  sleepInWait(epfd: number, maxevents: number, timeoutMs: number): ModelSleeper<EpollEvent[]> {
    const { machine } = this;
    time("timeoutMs", timeoutMs);
    const file = this.files.get(int("epfd", epfd));
    const ep = ep_check_params(file, int("maxevents", maxevents));
    return this.#sleep(file, function* (task): SleepingCall<EpollEvent[] | EpollError> {
      if (typeof ep === "string") return new EpollError("epoll_wait", ep);
      const events: EpollEvent[] = [];
      const res = yield* ep_poll(machine, ep, events, maxevents, timeoutMs, task);
      return typeof res === "string" ? new EpollError("epoll_wait", res) : events;
    });
  }

  poll(fd: number, events: number): number {
    return do_pollfd(fd, this.files.get(int("fd", fd)), epollMask(events), null);
  }

  sleepInPoll(fd: number, events: number): ModelSleeper<number> {
    const file = this.files.get(int("fd", fd));
    const mask = epollMask(events);
    return this.#sleep(file, (task) => do_poll(fd, file, mask, task));
  }

  settle(): Promise<void> {
    this.advance(QUIET_MS);
    return Promise.resolve();
  }

  pipe(slots?: number): [reader: number, writer: number] {
    const ends = create_pipe_files(slots === undefined ? slots : int("slots", slots));
    if (ends === "EINVAL") throw new EpollError("pipe2", ends);
    return [this.anon_inode_getfd(ends[0]), this.anon_inode_getfd(ends[1])];
  }

  eventfd(initval: number, flags: number): number {
    unsigned("initval", initval);
    if ((int("flags", flags) & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK)) !== 0) {
      throw new EpollError("eventfd", "EINVAL");
    }
    return this.anon_inode_getfd(new EventfdCtx(initval, flags));
  }

  socketpair(): [number, number] {
    const [a, b] = unix_socketpair();
    return [this.anon_inode_getfd(a), this.anon_inode_getfd(b)];
  }

  /**
   * Makes a timer, which expires by the model's clock. It is not set.
   *
   * @returns The lowest number that is free.
   */
  timerfd_create(): number {
    return this.anon_inode_getfd(new TimerfdCtx(this.clock));
  }

  /**
   * Sets a timer.
   *
   * @param fd The timer.
   * @param valueMs When it expires first, in milliseconds from now; 0 stops it.
   * @param intervalMs How long after each time it expires again; 0 for once.
   */
  timerfd_settime(fd: number, valueMs: number, intervalMs: number): void {
    const file = this.#file("timerfd_settime", fd);
    const isTime = time("valueMs", valueMs) >= 0 && time("intervalMs", intervalMs) >= 0;
    if (!(file.f_op instanceof TimerfdCtx) || !isTime) {
      throw new EpollError("timerfd_settime", "EINVAL");
    }
    file.f_op.set(valueMs, intervalMs);
  }

  openFile(): number {
    return this.anon_inode_getfd(regular_file);
  }

  openDirectory(): number {
    return this.anon_inode_getfd(directory);
  }

  /**
   * Opens a file of a kind of your own.
   *
   * @param f_op What it can do.
   * @returns The lowest number that is free.
   * @throws {TypeError} If it is no object with a name.
   */
  anon_inode_getfd(f_op: FileOperations): number {
    if (typeof f_op?.name !== "string" || typeof f_op === "function") {
      throw new TypeError("Cannot open a file: f_op must be an object of operations with a name");
    }
    return checked("open", this.files.install(new File(this.machine.newIno(), f_op)));
  }

  dup(fd: number): number {
    return checked("dup", this.files.dup(int("fd", fd)));
  }

  dup2(fd: number, target: number): void {
    checked("dup2", this.files.dup2(int("fd", fd), int("target", target)));
  }

  close(fd: number): void {
    checked("close", this.files.close(int("fd", fd)));
  }

  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    return checked("read", this.#file("read", fd).f_op.read?.(bytes(buffer)) ?? "EINVAL");
  }

  write(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    return checked("write", this.#file("write", fd).f_op.write?.(bytes(buffer)) ?? "EINVAL");
  }

  shutdown(fd: number, how: number): void {
    const { f_op } = this.#file("shutdown", fd);
    if (f_op.shutdown === undefined) throw new EpollError("shutdown", "ENOTSOCK");
    if (!(int("how", how) >= SHUT_RD && how <= SHUT_RDWR)) throw new EpollError("shutdown", "EINVAL");
    f_op.shutdown(how);
  }

  isCloseOnExec(fd: number): boolean {
    return checked("fcntl", this.files.isCloseOnExec(int("fd", fd)) ?? "EBADF");
  }

  /**
   * Lists what an epoll watches.
   *
   * @returns The watches in the order of the tree.
   */
  watches(epfd: number): Watch[] {
    return this.#items(epfd).map(({ ffd, event }) => ({
      fd: ffd.fd,
      events: event.events,
      data: event.data,
    }));
  }

  /**
   * Writes down what an epoll watches, in the form of /proc/PID/fdinfo: `ep_show_fdinfo`.
   *
   * @param epfd The epoll.
   * @returns A line for each watch, in the order of the tree.
   */
  fdinfo(epfd: number): string {
    return this.#items(epfd).map(({ ffd, event }) => {
      const tfd = String(ffd.fd).padStart(8);
      const events = event.events.toString(16).padStart(8);
      const data = event.data.toString(16).padStart(16);
      return `tfd: ${tfd} events: ${events} data: ${data}  pos:0 ino:${ffd.file.ino.toString(16)} sdev:0\n`;
    }).join("");
  }

  /**
   * Says for each watch of an epoll whether the next wait reports it, and if not, why. Changes nothing.
   *
   * @param epfd The epoll.
   * @returns The watches in the order of the tree.
   */
  explain(epfd: number): WatchState[] {
    return this.#items(epfd).map(explain_item);
  }

  leaveWatches(count: number): Promise<void> {
    return Promise.try(() => {
      this.machine.max_user_watches = this.user.epoll_watches + unsigned("count", count);
    });
  }

  /** Ends the sleepers, whose calls never return, and closes all files. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const task of [...this.#sleepers.keys()]) {
      task.kill();
      this.#forget(task);
    }
    this.files.closeAll();
    return Promise.resolve();
  }

  #sleep<R>(
    file: File | undefined,
    makeCall: (task: Task) => SleepingCall<R | EpollError>,
  ): ModelSleeper<R> {
    const task = this.scheduler.create(makeCall);
    // A call that sleeps has a reference to its file: closing the number does not end it.
    this.#sleepers.set(task, file === undefined ? file : hold(file));
    task.onReturn = (): void => this.#forget(task);
    this.scheduler.enqueue(task);
    return new ModelSleeper<R>(this.scheduler, task);
  }

  #forget(task: Task): void {
    const file = this.#sleepers.get(task);
    this.#sleepers.delete(task);
    if (file !== undefined) this.files.put(file);
  }

  /** What a file watches; other files than epolls watch nothing. */
  #items(epfd: number): EpItem[] {
    return [...this.#file("open", int("epfd", epfd)).private_data?.rbr ?? []];
  }

  #file(syscall: string, fd: number): File {
    return this.files.get(int("fd", fd)) ?? fail(syscall, "EBADF");
  }
}

function checkedOptions(options: ModelOptions): ModelOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot make a model: options must be an object, current value is ${String(options)}`,
    );
  }
  const { seed, maxUserWatches, mayBlockSuspend } = options;
  const isCount = (value: number | undefined): boolean => value === undefined || Number.isSafeInteger(value);
  if (!isCount(seed)) {
    throw new TypeError(`Cannot make a model: seed must be an integer, current value is ${String(seed)}`);
  }
  if (!isCount(maxUserWatches) || maxUserWatches! < 0) {
    throw new TypeError(
      `Cannot make a model: maxUserWatches must be an integer of at least 0, current value is ${
        String(maxUserWatches)
      }`,
    );
  }
  if (mayBlockSuspend !== undefined && typeof mayBlockSuspend !== "boolean") {
    throw new TypeError(
      `Cannot make a model: mayBlockSuspend must be true or false, current value is ${
        String(mayBlockSuspend)
      }`,
    );
  }
  return options;
}

/** What a call returned, unless it is the name of an error. */
function checked<R extends number | boolean>(syscall: string, result: R | Errno): R {
  return typeof result === "string" ? fail(syscall, result) : result;
}

function fail(syscall: string, code: Errno): never {
  throw new EpollError(syscall, code);
}
