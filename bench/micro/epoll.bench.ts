/**
 * What epoll's operations take, on the model and on the kernel, with 10, 1,000 and 100,000 watched files: a watch is found in a tree,
 * so adding, modifying and deleting may grow with the logarithm of their number, waking up and waiting must not grow at all. An
 * iteration is 256 calls, since the part of an iteration that is measured must not be short; small sets are there several times,
 * so that the calls do not make them large. On the kernel, Deno's way into libc is part of each call.
 *
 * The kernel's side needs Linux and the permission ffi; the model needs none.
 */

import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLET, EPOLLIN } from "../../src/eventpoll/events.ts";
import { LinuxSystem } from "../../src/eventpoll/linux.ts";
import { ModelSystem } from "../../src/eventpoll/model.ts";
import type { EpollEvent, EpollSystem } from "../../src/eventpoll/system.ts";

const CALLS = 256;

/** How many files a set has, and how many such sets there are. */
const SIZES = [[10, 256], [1000, 16], [100_000, 1]] as const;

/** Files whose numbers are used in turn, so that 100,000 watches need an eighth of as many numbers. */
const FILES = 8;

const EVENT: EpollEvent = { events: EPOLLIN | EPOLLET, data: 1n };

const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);

/** Epolls that watch files of which nothing is heard. Each call goes to the next epoll, with a counter of its own. */
class WatchedSets {
  readonly #system: EpollSystem;
  readonly #epolls: readonly number[];
  readonly #counters: readonly number[];

  constructor(system: EpollSystem, size: number, copies: number) {
    this.#system = system;
    this.#epolls = Array.from({ length: copies }, () => system.epoll_create1(0));
    this.#counters = Array.from({ length: CALLS }, () => system.eventfd(0, 0));
    const files = Array.from({ length: FILES }, () => system.eventfd(0, 0));
    const numbers = Array.from({ length: Math.ceil(size / FILES) }, () => system.dup(files[0]!));
    // A watch is of a file under a number. It stays when the number is given to the next file, which then can be watched too.
    for (let i = 0; i < size; i++) {
      const fd = numbers[i % numbers.length]!;
      system.dup2(files[Math.floor(i / numbers.length)]!, fd);
      for (const epfd of this.#epolls) system.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, EVENT);
    }
  }

  control(op: number): void {
    for (let i = 0; i < CALLS; i++) {
      this.#system.epoll_ctl(this.#epolls[i % this.#epolls.length]!, op, this.#counters[i]!, EVENT);
    }
  }

  wake(): void {
    for (let i = 0; i < CALLS; i++) this.#system.write(this.#counters[i]!, ONE);
  }

  /** Edge-triggered: each wake-up is reported once, and nothing has to be read. */
  wait(): void {
    for (let i = 0; i < CALLS; i++) {
      const { length } = this.#system.epoll_wait(this.#epolls[i % this.#epolls.length]!, 1, 0);
      if (length !== 1) throw new Error("a wake-up was lost");
    }
  }
}

function register(name: string, size: number, sets: WatchedSets): void {
  const bench = (what: string, fn: (b: Deno.BenchContext) => void): void => {
    Deno.bench({ name, group: `${CALLS} × ${what}, ${size} files`, baseline: name === "model", fn });
  };
  bench("add", (b) => {
    b.start();
    sets.control(EPOLL_CTL_ADD);
    b.end();
    sets.control(EPOLL_CTL_DEL);
  });
  bench("modify", (b) => {
    sets.control(EPOLL_CTL_ADD);
    b.start();
    sets.control(EPOLL_CTL_MOD);
    b.end();
    sets.control(EPOLL_CTL_DEL);
  });
  bench("delete", (b) => {
    sets.control(EPOLL_CTL_ADD);
    b.start();
    sets.control(EPOLL_CTL_DEL);
    b.end();
  });
  bench("wake-up", (b) => {
    sets.wake();
    sets.control(EPOLL_CTL_ADD);
    sets.wait(); // for what they had when they were added
    b.start();
    sets.wake();
    b.end();
    sets.wait();
    sets.control(EPOLL_CTL_DEL);
  });
  bench("wait", (b) => {
    sets.control(EPOLL_CTL_ADD);
    sets.wake();
    b.start();
    sets.wait();
    b.end();
    sets.control(EPOLL_CTL_DEL);
  });
}

function openSystems(): EpollSystem[] {
  const isPermitted = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  return Deno.build.os === "linux" && isPermitted
    ? [new ModelSystem(), new LinuxSystem()]
    : [new ModelSystem()];
}

for (const [size, copies] of SIZES) {
  // The files are given back with the process.
  for (const system of openSystems()) register(system.name, size, new WatchedSets(system, size, copies));
}
