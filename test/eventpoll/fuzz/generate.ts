/**
 * Makes the steps of random programs. Each depends on what the program has made so far, so that most of them mean something;
 * some are wrong on purpose.
 *
 * @module
 */

import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLMSG,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDBAND,
  EPOLLRDHUP,
  EPOLLRDNORM,
  EPOLLWRBAND,
  EPOLLWRNORM,
} from "../../../src/eventpoll/events.ts";
import { type Random, weigh } from "../../fuzz/random.ts";
import { type Kind, MAX_BYTES, type Step } from "./steps.ts";
import type { World } from "./world.ts";

/** More than this many open names are rare in what people do, and make programs slow. */
const MAX_OPEN = 25;

/** Bits that few ask for. Bit 20 has no meaning; EPOLLWAKEUP is left out, since it depends on the machine. */
const ODD_BITS = [
  EPOLLPRI,
  EPOLLERR,
  EPOLLHUP,
  EPOLLRDNORM,
  EPOLLRDBAND,
  EPOLLWRNORM,
  EPOLLWRBAND,
  EPOLLMSG,
  EPOLLRDHUP,
  1 << 20,
];

const MASKS_TO_POLL = [EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLRDNORM | EPOLLRDHUP, 0];

/** Around the page, which is the unit of pipes. */
const SIZES = weigh<number>([3, 1], [1, 0], [2, 10], [1, 2048], [2, 4095], [3, 4096], [2, 5000], [1, 9000]);

/** Around the largest count, at which nothing more can be added. */
const COUNTS = weigh<number | string>(
  [2, 0],
  [6, 1],
  [2, 2],
  [2, "0xfffffffffffffffe"],
  [1, "0xffffffffffffffff"],
);

const SOCKET_SIZES = weigh<number>([4, 1], [2, 10], [2, 100], [1, 0], [1, 1000], [1, 5000], [1, MAX_BYTES]);

const ROOMS = weigh<number>([20, 1], [10, 2], [10, 3], [20, 16], [1, 0], [1, -1]);

type Make = (this: Generator, random: Random) => Step | null;

/** Makes steps for one program. */
export class Generator {
  readonly #random: Random;
  readonly #world: World;
  readonly #makers: readonly Make[];
  readonly #objects: readonly Make[];
  #names = 0;
  #data = 0;

  /**
   * @param random Where all chances come from.
   * @param world What the program has made so far.
   * @param hasSockets Whether pairs of sockets are among its files.
   */
  constructor(random: Random, world: World, hasSockets: boolean) {
    this.#random = random;
    this.#world = world;
    this.#objects = weigh<Make>(
      [40, this.#epoll],
      [40, this.#pipe],
      [40, this.#eventfd],
      [hasSockets ? 20 : 0, this.#pair],
      [30, this.#dup],
      [3, this.#file],
    );
    this.#makers = weigh<Make>(
      [20, this.#object],
      [140, this.#add],
      [70, this.#modify],
      [30, this.#delete],
      [10, this.#oddCtl],
      [220, this.#wait],
      [40, this.#poll],
      [180, this.#write],
      [140, this.#read],
      [hasSockets ? 10 : 0, this.#shutdown],
      [12, this.#close],
      [6, this.#dup2],
      [8, this.#info],
    );
  }

  /**
   * Makes the next step.
   *
   * @returns The step.
   */
  next(): Step {
    for (;;) {
      const make = this.#world.opened.length < 4 ? this.#object : this.#random.pick(this.#makers);
      const step = make.call(this, this.#random);
      if (step !== null) return step;
    }
  }

  /**
   * Makes a step that makes a file.
   *
   * @returns The step.
   */
  nextObject(): Step {
    return this.#object(this.#random) ?? this.#epoll();
  }

  #object(random: Random): Step | null {
    if (this.#world.opened.length >= MAX_OPEN) return null;
    return random.pick(this.#objects).call(this, random);
  }

  #epoll(): Step {
    return { do: "epoll", name: this.#name("ep") };
  }

  #pipe(random: Random): Step {
    return { do: "pipe", name: this.#name("r"), peer: this.#name("w"), slots: random.pick([1, 2, 16]) };
  }

  #eventfd(random: Random): Step {
    return {
      do: "eventfd",
      name: this.#name("e"),
      init: random.pick([0, 0, 1, 3]),
      isSemaphore: random.below(10) < 3,
    };
  }

  #pair(): Step {
    return { do: "pair", name: this.#name("a"), peer: this.#name("b") };
  }

  #file(): Step {
    return { do: "file", name: this.#name("f") };
  }

  #dup(): Step | null {
    const of = this.#anyOpen();
    return of === null ? null : { do: "dup", name: this.#name("d"), of };
  }

  #dup2(random: Random): Step | null {
    const of = this.#anyOpen();
    return of === null ? null : { do: "dup2", name: random.pick(this.#world.names), of };
  }

  #close(): Step | null {
    const name = this.#anyOpen();
    return name === null ? null : { do: "close", name };
  }

  #add(random: Random): Step | null {
    return this.#ctl(EPOLL_CTL_ADD, this.#mask(random));
  }

  #modify(random: Random): Step | null {
    return this.#ctl(EPOLL_CTL_MOD, this.#mask(random));
  }

  #delete(): Step | null {
    return this.#ctl(EPOLL_CTL_DEL, null);
  }

  #oddCtl(random: Random): Step | null {
    return this.#ctl(random.pick([0, 1, 3, 4, -1, 77]), random.oneIn(3) ? null : this.#mask(random));
  }

  #ctl(op: number, events: number | null): Step | null {
    const ep = this.#epollName();
    const name = this.#target();
    return ep === null || name === null ? null : { do: "ctl", op, ep, name, events, data: ++this.#data };
  }

  #wait(random: Random): Step | null {
    const ep = this.#epollName();
    if (ep === null) return null;
    return { do: "wait", ep, maxevents: random.pick(ROOMS), hasBuffer: !random.oneIn(40) };
  }

  #poll(random: Random): Step | null {
    const name = random.oneIn(2) ? this.#open("epoll") : this.#target();
    return name === null ? null : { do: "poll", name, events: random.pick(MASKS_TO_POLL) };
  }

  #write(random: Random): Step | null {
    const name = random.oneIn(40) ? this.#anyOpen() : this.#open("writer", "eventfd", "socket");
    if (name === null) return null;
    const kind = this.#world.kind(name);
    const counts = kind === "socket" ? SOCKET_SIZES : kind === "eventfd" ? COUNTS : SIZES;
    return { do: "write", name, count: random.pick<number | string>(counts) };
  }

  #read(random: Random): Step | null {
    const name = random.oneIn(40) ? this.#anyOpen() : this.#open("reader", "eventfd", "socket");
    return name === null ? null : { do: "read", name, count: random.pick(SIZES) };
  }

  #shutdown(random: Random): Step | null {
    const name = this.#open("socket");
    return name === null ? null : { do: "shutdown", name, how: random.below(3) };
  }

  #info(): Step | null {
    const ep = this.#open("epoll");
    return ep === null ? null : { do: "info", ep };
  }

  #mask(random: Random): number {
    let mask = 0;
    if (random.below(100) < 55) mask |= EPOLLIN;
    if (random.below(100) < 55) mask |= EPOLLOUT;
    if (random.below(100) < 40) mask |= EPOLLET;
    if (random.below(100) < 20) mask |= EPOLLONESHOT;
    if (random.below(100) < 12) mask |= EPOLLEXCLUSIVE;
    if (random.below(100) < 10) mask |= random.pick(ODD_BITS);
    return mask >>> 0;
  }

  /** Mostly an epoll. */
  #epollName(): string | null {
    return this.#random.below(100) < 4 ? this.#random.pick(this.#world.names) : this.#open("epoll");
  }

  /** Mostly one that is open. */
  #target(): string | null {
    if (this.#random.below(100) >= 3) return this.#anyOpen();
    return this.#random.oneIn(3)
      ? this.#random.pick(["#-1", "#19999"])
      : this.#random.pick(this.#world.names);
  }

  #anyOpen(): string | null {
    const { opened } = this.#world;
    return opened.length === 0 ? null : this.#random.pick(opened);
  }

  #open(...kinds: readonly Kind[]): string | null {
    const names = this.#world.opened.filter((name) => kinds.includes(this.#world.kind(name)));
    return names.length === 0 ? null : this.#random.pick(names);
  }

  #name(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }
}
