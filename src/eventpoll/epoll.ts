/**
 * epoll as an object: a set of watched files, and a wait for what happens to them. Over the model unless another system
 * is given.
 *
 * @module
 */

import { EpollError } from "./errors.ts";
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, epollMask } from "./events.ts";
import { ModelSystem } from "./model.ts";
import type { EpollEvent, EpollSystem } from "./system.ts";

/** A file by its number, or an object that has one, such as another {@linkcode Epoll}. */
export type EpollTarget = number | { readonly fd: number };

/** How to wait. */
export interface EpollWaitOptions {
  /** The most events to report; 64 unless given. */
  readonly maxEvents?: number;
  /** The longest wait in milliseconds; 0 looks once, -1 waits without end and is what applies unless given. */
  readonly timeoutMs?: number;
}

const MAX_EVENTS = 64;

/** The largest data: a u64. */
const MAX_DATA = 2n ** 64n - 1n;

/**
 * A set of watched files.
 *
 * @example Which of two pipes has something?
 * ```ts
 * import { Epoll, EPOLLIN } from "@eventpipe/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * using epoll = new Epoll();
 * const { system } = epoll;
 * const [first] = system.pipe();
 * const [second, writer] = system.pipe();
 * epoll.add(first, EPOLLIN);
 * epoll.add(second, EPOLLIN);
 *
 * system.write(writer, new TextEncoder().encode("hello"));
 * assertEquals(epoll.wait(), [{ events: EPOLLIN, data: BigInt(second) }]);
 * ```
 *
 * @example A wait that another part of the program ends
 * ```ts
 * import { Epoll, EPOLLET, EPOLLIN, ModelSystem } from "@eventpipe/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * const system = new ModelSystem();
 * using epoll = new Epoll({ system });
 * const timer = system.timerfd_create();
 * epoll.add(timer, EPOLLIN | EPOLLET, 1);
 *
 * const waiting = epoll.waitAsync();
 * system.timerfd_settime(timer, 250, 0);
 * system.advance(250); // the model's time is the program's to move
 * assertEquals(await waiting, [{ events: EPOLLIN, data: 1n }]);
 * ```
 */
export class Epoll<S extends EpollSystem = ModelSystem> implements Disposable {
  /** The system whose files are watched. */
  readonly system: S;
  /** The number of the epoll's own file, which other epolls can watch. */
  readonly fd: number;
  #isOpen = true;

  /**
   * Makes an empty set.
   *
   * @param options The system whose files are watched; a new model unless given.
   * @throws {EpollError} If the system has no number left.
   * @throws {TypeError} If the system is none.
   */
  constructor(options: { readonly system?: S } = {}) {
    checkObject("make an epoll", options);
    const { system } = options;
    if (system !== undefined && typeof system?.epoll_create1 !== "function") {
      throw new TypeError(
        `Cannot make an epoll: system must be an epoll system, such as a ModelSystem, current value is ${
          String(system)
        }`,
      );
    }
    // Where no system is given, nothing but the default type fits.
    this.system = system ?? (new ModelSystem() as EpollSystem as S);
    this.fd = this.system.epoll_create1(EPOLL_CLOEXEC);
  }

  /**
   * Watches a file.
   *
   * @param target The file.
   * @param events What to watch for, such as `EPOLLIN | EPOLLET`; EPOLLERR and EPOLLHUP always are.
   * @param data What to report with its events, up to 64 bits; its number unless given.
   * @throws {EpollError} EEXIST if it is watched already; EPERM, ELOOP, ENOSPC and others if it cannot be.
   * @throws {RangeError} If events or data are out of range.
   */
  add(target: EpollTarget, events: number, data?: number | bigint): void {
    this.#control(EPOLL_CTL_ADD, target, events, data);
  }

  /**
   * Changes what a file is watched for, and reports again what it has: a one-shot watch that has reported is set again
   * by this.
   *
   * @param target The file.
   * @param events What to watch for.
   * @param data What to report with its events; its number unless given.
   * @throws {EpollError} ENOENT if it is not watched; EINVAL if it is, with EPOLLEXCLUSIVE.
   * @throws {RangeError} If events or data are out of range.
   */
  modify(target: EpollTarget, events: number, data?: number | bigint): void {
    this.#control(EPOLL_CTL_MOD, target, events, data);
  }

  /**
   * Watches a file no more. Closing the last number of a file does so too.
   *
   * @param target The file.
   * @throws {EpollError} ENOENT if it is not watched.
   */
  delete(target: EpollTarget): void {
    this.#checkOpen("epoll_ctl");
    this.system.epoll_ctl(this.fd, EPOLL_CTL_DEL, fdOf(target), null);
  }

  /**
   * Waits for events. On the model, time and sleepers move on meanwhile.
   *
   * @param options How long, and for how many.
   * @returns The events in the order in which they came; none if the time was over.
   * @throws {EpollError} EINVAL if maxEvents is below 1; on the model EDEADLK if nothing could end the wait.
   */
  wait(options: EpollWaitOptions = {}): EpollEvent[] {
    checkObject("wait", options);
    const { maxEvents = MAX_EVENTS, timeoutMs = -1 } = options;
    this.#checkOpen("epoll_wait");
    return this.system.epoll_wait(this.fd, maxEvents, timeoutMs);
  }

  /**
   * Waits for events while the event loop goes on. On the model, the program moves the time.
   *
   * @param options How long, and for how many.
   * @returns A promise of the events; rejected where {@linkcode Epoll.wait} throws.
   */
  async waitAsync(options: EpollWaitOptions = {}): Promise<EpollEvent[]> {
    checkObject("wait", options);
    const { maxEvents = MAX_EVENTS, timeoutMs = -1 } = options;
    this.#checkOpen("epoll_wait");
    return await this.system.sleepInWait(this.fd, maxEvents, timeoutMs).finished();
  }

  /** Closes the set; what it watched stays open. A wait under way is not ended by it. Safe to call again. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.system.close(this.fd);
  }

  /** Closes the set, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The number may stand for another file by now. */
  #checkOpen(syscall: string): void {
    if (!this.#isOpen) throw new EpollError(syscall, "EBADF");
  }

  #control(op: number, target: EpollTarget, events: number, data: number | bigint | undefined): void {
    const fd = fdOf(target);
    const event = { events: epollMask(events), data: toData(data === undefined ? Math.max(fd, 0) : data) };
    this.#checkOpen("epoll_ctl");
    this.system.epoll_ctl(this.fd, op, fd, event);
  }
}

function checkObject(action: string, options: object): void {
  if (typeof options === "object" && options !== null) return;
  throw new TypeError(`Cannot ${action}: options must be an object, current value is ${String(options)}`);
}

function fdOf(target: EpollTarget): number {
  const fd = typeof target === "number" ? target : target?.fd;
  if (Number.isInteger(fd)) return fd;
  throw new TypeError(
    `Cannot watch a file: target must be its number or an object with a number as fd, current value is ${
      String(target)
    }`,
  );
}

function toData(data: number | bigint): bigint {
  const isInteger = typeof data === "bigint" || Number.isSafeInteger(data);
  const value = isInteger ? BigInt(data) : -1n;
  if (value >= 0n && value <= MAX_DATA) return value;
  throw new RangeError(
    `Cannot watch a file: data must be an integer of 64 bits without a sign, above 2^53 as a bigint, current value is ${
      String(data)
    }`,
  );
}
