/**
 * A user who has few watches left. The limit is one number for all users (/proc/sys/fs/epoll/max_user_watches), the count is
 * each user's own and belongs to whoever made the epoll (ep_alloc() of fs/eventpoll.c). So the limit stays what it is, and a
 * user whom nobody else is takes all watches but a few. That takes seconds and a gigabyte of the kernel's memory.
 *
 * @module
 */

import { errnoNumber } from "../../abi/errno.ts";
import { SYSCALL } from "../../abi/files.ts";
import { EPOLL, EPOLL_EVENT, EVENTFD } from "../../abi/linux.ts";
import { readSmallFile } from "../../ffi/file.ts";
import { errno, libc } from "../../ffi/libc.ts";
import { EPOLL_CTL_DEL } from "../events.ts";
import { dupApart, maxNumbers, moveApart } from "./numbers.ts";
import { returned } from "./returned.ts";

/** Users from here on are nobody's: those of machines, containers and systemd end far below. */
const FIRST_USER = 0x78000000;

/** An argument of `setresuid` that leaves an id as it is. */
const SAME = 0xffffffff;

/** Numbers of the one file that is watched; each makes another watch possible in the same epoll. */
const NUMBERS = 8192;

/** <linux/capability.h> */
const CAP_SETUID = 7;

const ENOSPC = errnoNumber("ENOSPC");

/**
 * Says whether the watches of a user can be taken here.
 *
 * @returns Why they cannot, as a clause; null if they can.
 */
export function quotaObstacle(): string | null {
  const capabilities = BigInt(`0x${threadStatus("CapEff")}`);
  if ((capabilities >> BigInt(CAP_SETUID) & 1n) === 0n) return "the process must not change its user";
  const needed = NUMBERS + Math.ceil(Number(readSmallFile("/proc/sys/fs/epoll/max_user_watches")) / NUMBERS);
  return maxNumbers() / 2 > needed
    ? null
    : `${2 * needed} files must be open at once, ${maxNumbers()} may be`;
}

/** A user of whose watches only a few are left. */
export class WatchQuota {
  readonly #uid = FIRST_USER + Deno.pid;
  readonly #oldUid = Number(threadStatus("Uid").split(/\s+/)[0]);
  readonly #epolls: number[] = [];
  readonly #numbers: number[] = [];
  readonly #event = new Uint8Array(EPOLL_EVENT.size);

  /**
   * Takes all watches but a few.
   *
   * @param left How many may still be made on epolls of this user.
   * @throws {EpollError} If the process has no numbers or the kernel no memory left, or may not change its user.
   */
  constructor(left: number) {
    try {
      this.#openNumbers();
      while (this.#fill(this.#openEpoll()));
      this.#giveBack(left);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /**
   * Makes a file as this user.
   *
   * @param make Makes it, on this thread.
   * @returns What it returned.
   */
  asUser<T>(make: () => T): T {
    // The kernel counts for the real user; the effective one stays, and with it what the thread may do.
    this.#become(this.#uid);
    try {
      return make();
    } finally {
      this.#become(this.#oldUid);
    }
  }

  /** Gives all watches back. */
  release(): void {
    for (const fd of [...this.#epolls.splice(0), ...this.#numbers.splice(0)]) libc().close(fd);
  }

  #become(uid: number): void {
    const { setresuid_of_thread } = libc();
    returned("setresuid", setresuid_of_thread(BigInt(SYSCALL.__NR_setresuid), uid, SAME, SAME), errno());
  }

  #openNumbers(): void {
    const first = moveApart(returned("eventfd", libc().eventfd(0, EVENTFD.EFD_CLOEXEC), errno()));
    this.#numbers.push(first);
    while (this.#numbers.length < NUMBERS) this.#numbers.push(dupApart(first));
  }

  #openEpoll(): number {
    const { epoll_create1 } = libc();
    const make = (): number => returned("epoll_create1", epoll_create1(EPOLL.EPOLL_CLOEXEC), errno());
    const epfd = moveApart(this.asUser(make));
    this.#epolls.push(epfd);
    return epfd;
  }

  /** False if no watch was left for the last of them. */
  #fill(epfd: number): boolean {
    const { epoll_ctl_compiled: epoll_ctl } = libc();
    for (const fd of this.#numbers) {
      const result = epoll_ctl(epfd, EPOLL.EPOLL_CTL_ADD, fd, this.#event);
      const error = errno(); // Errno: read in the next expression.
      if (result < 0 && error === ENOSPC) return false;
      returned("epoll_ctl", result, error);
    }
    return true;
  }

  #giveBack(count: number): void {
    const { epoll_ctl_compiled: epoll_ctl } = libc();
    for (let i = 0; i < count; i++) {
      const epfd = this.#epolls[Math.floor(i / NUMBERS)]!;
      const fd = this.#numbers[i % NUMBERS]!;
      returned("epoll_ctl", epoll_ctl(epfd, EPOLL_CTL_DEL, fd, this.#event), errno());
    }
  }
}

/** A line of this thread's status. */
function threadStatus(name: string): string {
  const status = readSmallFile("/proc/thread-self/status");
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
}
