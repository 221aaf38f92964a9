/**
 * Numbers and the open files they stand for: dup() adds a number, close() takes one away, and a file ends with the last
 * reference to it.
 *
 * @module
 */

import type { Errno } from "./errors.ts";
import { eventpoll_release } from "./eventpoll.ts";
import type { Machine } from "./machine.ts";
import type { File } from "./structs.ts";

/** How many numbers a process may have: /proc/sys/fs/nr_open as the kernel comes. */
const NR_OPEN = 1_048_576;

/** The numbers below are the standard files, which the model has not. */
const FIRST_FD = 3;

interface Slot {
  readonly file: File;
  readonly isCloseOnExec: boolean;
}

/** `struct fdtable`: the numbers of a process. */
export class FdTable {
  readonly #machine: Machine;
  readonly #slots: (Slot | undefined)[] = [];
  /** No number below is free. */
  #nextFd = FIRST_FD;

  /** @param machine The machine. */
  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * Looks a number up.
   *
   * @param fd The number.
   * @returns The file it stands for; undefined if it is not open.
   */
  get(fd: number): File | undefined {
    return this.#slots[fd]?.file;
  }

  /**
   * Asks for FD_CLOEXEC.
   *
   * @param fd The number.
   * @returns Whether it is set; undefined if the number is not open.
   */
  isCloseOnExec(fd: number): boolean | undefined {
    return this.#slots[fd]?.isCloseOnExec;
  }

  /**
   * Gives a file the lowest number that is free; the number takes over the caller's reference, and if there is none the
   * reference ends.
   *
   * @param file The file.
   * @param isCloseOnExec FD_CLOEXEC.
   * @returns The number, or EMFILE.
   */
  install(file: File, isCloseOnExec = false): number | "EMFILE" {
    while (this.#slots[this.#nextFd] !== undefined) this.#nextFd++;
    if (this.#nextFd >= NR_OPEN) {
      this.put(file);
      return "EMFILE";
    }
    this.#slots[this.#nextFd] = { file, isCloseOnExec };
    return this.#nextFd++;
  }

  /**
   * Gives a file one number more.
   *
   * @param fd A number of it.
   * @returns The lowest number that was free, or what is wrong.
   */
  dup(fd: number): number | Errno {
    const file = this.get(fd);
    return file === undefined ? "EBADF" : this.install(hold(file));
  }

  /**
   * Gives a file a given number.
   *
   * @param fd A number of it.
   * @param target The number it gets, which is closed before if it is open.
   * @returns 0, or what is wrong.
   */
  dup2(fd: number, target: number): 0 | Errno {
    const file = this.get(fd);
    if (file === undefined || !Number.isInteger(target) || target < 0 || target >= NR_OPEN) return "EBADF";
    if (fd === target) return 0;
    const before = this.get(target);
    this.#slots[target] = { file: hold(file), isCloseOnExec: false };
    if (before !== undefined) this.put(before);
    return 0;
  }

  /**
   * Takes a number away.
   *
   * @param fd The number.
   * @returns 0, or what is wrong.
   */
  close(fd: number): 0 | Errno {
    const file = this.get(fd);
    if (file === undefined) return "EBADF";
    this.#slots[fd] = undefined;
    if (fd >= FIRST_FD) this.#nextFd = Math.min(this.#nextFd, fd);
    this.put(file);
    return 0;
  }

  /** Closes all numbers. */
  closeAll(): void {
    for (let fd = 0; fd < this.#slots.length; fd++) this.close(fd);
  }

  /**
   * Gives a reference back: `fput`. With the last one the file ends: first no epoll watches it any more, then it is let go,
   * which may wake those at its other end.
   *
   * @param file The file.
   */
  put(file: File): void {
    if (--file.f_count > 0) return;
    eventpoll_release(this.#machine, file);
    file.f_op.release?.();
  }
}

/**
 * Takes a reference: `get_file`.
 *
 * @param file The file.
 * @returns The file.
 */
export function hold(file: File): File {
  file.f_count++;
  return file;
}
