/**
 * What an epoll system is: system calls on numbered files. The model in this folder implements it in TypeScript, the
 * kernel's own epoll does so in `linux.ts`, and one program runs on both. Methods that are system calls have their names and
 * their order of arguments; a call that fails throws {@linkcode EpollError} with the error number's name. All files are
 * non-blocking, so no call but a wait can take time.
 *
 * Masks are unsigned 32-bit numbers (`>>> 0`; `EPOLLET` is bit 31). Data is a bigint, since all 64 bits of it come back
 * as they were given.
 *
 * @module
 */

import type { EpollError } from "./errors.ts";

/** `struct epoll_event` of <linux/eventpoll.h>: a mask of events and the data the watcher gave. */
export interface EpollEvent {
  /** Events as a mask, 0 to 2^32 - 1. */
  readonly events: number;
  /** The data, 0 to 2^64 - 1. */
  readonly data: bigint;
}

/** A watch as /proc/PID/fdinfo lists it: `tfd: FD events: MASK data: DATA`. */
export interface Watch extends EpollEvent {
  /** The number under which the file was added. It may stand for another file by now, or for none. */
  readonly fd: number;
}

/** A call that blocks in a thread of its own. */
export interface Sleeper<R> {
  /** What the call returned, or how it failed; undefined while it is blocked or on its way. */
  readonly result: R | EpollError | undefined;

  /**
   * Waits until the call blocks or has returned: from then on the caller may do what is to wake it.
   *
   * @returns A promise that is fulfilled then.
   */
  asleep(): Promise<void>;

  /**
   * Waits until the call has returned.
   *
   * @returns A promise of what it returned; rejected with the {@linkcode EpollError} with which it failed.
   */
  finished(): Promise<R>;
}

/** What a program may need that not every system has. */
export type Need = "sleepers" | "pair" | "poll" | "info" | "many-fds" | "quota";

/**
 * How long sleepers are given in {@linkcode EpollSystem.settle}, in milliseconds: far more than a thread takes to wake up,
 * and what a timeout must be shorter than to be over then.
 */
export const QUIET_MS = 60;

/** Files, epoll and sleepers. */
export interface EpollSystem extends AsyncDisposable {
  /** What it is, such as `model` or `linux`. */
  readonly name: string;

  /**
   * Says whether it has what a program needs.
   *
   * @param need What is needed.
   * @returns Why it does not have it, as a clause; null if it does.
   */
  lacks(need: Need): string | null;

  /**
   * The time.
   *
   * @returns Milliseconds since some moment; it never goes back.
   */
  now(): number;

  /**
   * Makes an epoll.
   *
   * @param flags 0 or `EPOLL_CLOEXEC`.
   * @returns The lowest number that is free.
   */
  epoll_create1(flags: number): number;

  /**
   * Makes an epoll as it was first done.
   *
   * @param size At least 1, and otherwise without meaning.
   * @returns The lowest number that is free.
   */
  epoll_create(size: number): number;

  /**
   * Adds, changes or removes a watch.
   *
   * @param epfd The epoll.
   * @param op `EPOLL_CTL_ADD`, `EPOLL_CTL_MOD` or `EPOLL_CTL_DEL`; other numbers fail, behind most other checks.
   * @param fd The file.
   * @param event What to watch for and the data to report; null is the null pointer.
   */
  epoll_ctl(epfd: number, op: number, fd: number, event: EpollEvent | null): void;

  /**
   * Waits for events.
   *
   * @param epfd The epoll.
   * @param maxevents The most events to report.
   * @param timeoutMs The longest wait; 0 looks once, a negative number waits without end.
   * @param hasBuffer False passes the null pointer for the events; true unless given.
   * @returns The events in their order; none if the time was over.
   */
  epoll_wait(epfd: number, maxevents: number, timeoutMs: number, hasBuffer?: boolean): EpollEvent[];

  /**
   * Waits for events in a thread of its own.
   *
   * @param epfd The epoll.
   * @param maxevents The most events to report.
   * @param timeoutMs The longest wait; a negative number waits without end.
   * @returns The sleeper; an error of the arguments is its result.
   */
  sleepInWait(epfd: number, maxevents: number, timeoutMs: number): Sleeper<EpollEvent[]>;

  /**
   * Asks which events a file has, as `poll(2)` with a timeout of 0 does.
   *
   * @param fd The file.
   * @param events The events asked for; `EPOLLERR` and `EPOLLHUP` are always.
   * @returns Those it has; `EPOLLNVAL` if the number is not open.
   */
  poll(fd: number, events: number): number;

  /**
   * Waits in `poll(2)` without end, in a thread of its own.
   *
   * @param fd The file.
   * @param events The events waited for; `EPOLLERR` and `EPOLLHUP` are always.
   * @returns The sleeper; its result is what {@linkcode EpollSystem.poll} returns.
   */
  sleepInPoll(fd: number, events: number): Sleeper<number>;

  /**
   * Lets sleepers run until each has returned or sleeps, and for {@linkcode QUIET_MS} on the system's clock.
   *
   * @returns A promise that is fulfilled then.
   */
  settle(): Promise<void>;

  /**
   * Makes a pipe, `pipe2(2)`.
   *
   * @param slots How many pages it holds, a power of two; as the system likes unless given (`F_SETPIPE_SZ`).
   * @returns The numbers of its reader and its writer.
   */
  pipe(slots?: number): [reader: number, writer: number];

  /**
   * Makes a counter.
   *
   * @param initval What it counts from, 0 to 2^32 - 1.
   * @param flags 0 or `EFD_SEMAPHORE` (1), with which each read takes one.
   * @returns The lowest number that is free.
   */
  eventfd(initval: number, flags: number): number;

  /**
   * Makes a pair of connected stream sockets of the family AF_UNIX.
   *
   * @returns The numbers of both.
   */
  socketpair(): [number, number];

  /**
   * Opens an empty regular file.
   *
   * @returns The lowest number that is free.
   */
  openFile(): number;

  /**
   * Opens a directory.
   *
   * @returns The lowest number that is free.
   */
  openDirectory(): number;

  /**
   * Makes another number for the same open file.
   *
   * @param fd A number of the file.
   * @returns The lowest number that is free.
   */
  dup(fd: number): number;

  /**
   * Makes a given number stand for the same open file, and closes what it stood for.
   *
   * @param fd A number of the file.
   * @param target The number that is to stand for it.
   */
  dup2(fd: number, target: number): void;

  /**
   * Closes a number, and the file with its last one.
   *
   * @param fd The number.
   */
  close(fd: number): void;

  /**
   * Reads.
   *
   * @param fd The file.
   * @param buffer Where to; an eventfd takes 8 bytes and gives its counter in them, in the machine's byte order.
   * @returns How many bytes were read.
   */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number;

  /**
   * Writes. To a pipe without readers it fails with EPIPE and raises no signal.
   *
   * @param fd The file.
   * @param buffer The bytes; an eventfd takes 8 and adds them to its counter, in the machine's byte order.
   * @returns How many bytes were written.
   */
  write(fd: number, buffer: Uint8Array<ArrayBuffer>): number;

  /**
   * Ends one or both directions of a socket.
   *
   * @param fd The socket.
   * @param how `SHUT_RD` (0), `SHUT_WR` (1) or `SHUT_RDWR` (2).
   */
  shutdown(fd: number, how: number): void;

  /**
   * Asks whether a number is closed in programs that are started: its FD_CLOEXEC.
   *
   * @param fd The number.
   * @returns Whether it is.
   */
  isCloseOnExec(fd: number): boolean;

  /**
   * Lists what an epoll watches, as /proc/self/fdinfo does.
   *
   * @param epfd The epoll. Other files watch nothing.
   * @returns The watches, in no order.
   */
  watches(epfd: number): Watch[];

  /**
   * Leaves the user so many watches, by `max_user_watches` or by taking all others.
   *
   * @param count How many may still be added.
   * @returns A promise that is fulfilled then.
   */
  leaveWatches(count: number): Promise<void>;

  /** Ends the sleepers and closes all files that were made here. */
  [Symbol.asyncDispose](): Promise<void>;
}
