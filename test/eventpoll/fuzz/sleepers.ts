/**
 * Random programs with sleepers: threads on the kernel, tasks on a virtual clock in the model. After each step both are left
 * to settle, and then it is compared how many sleepers returned and with what; which of them got it is not, since several
 * that can run may do so in any order. Where the order makes a difference to the results as well, the model is tried with
 * other orders: one of them must come to what the kernel did.
 *
 * @module
 */

import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  formatMask,
} from "../../../src/eventpoll/events.ts";
import type { EpollEvent, EpollSystem, Sleeper } from "../../../src/eventpoll/system.ts";
import { type Random, weigh } from "../../fuzz/random.ts";
import { execute, type Kind, type Names, type SleeperStep, type Step, toWant } from "./steps.ts";

/** A step of a program with sleepers. */
export type AnyStep = Step | SleeperStep;

/** More would need more threads than Deno has. */
const MAX_SLEEPERS = 10;

const STEPS = 30;

type Make = (this: Builder) => AnyStep | null;

/** Makes one program. Nothing in it depends on what its steps come to. */
class Builder {
  readonly #random: Random;
  readonly #kinds = new Map<string, Kind>();
  readonly #polled = new Set<string>();
  #names = 0;
  #sleepers = 0;
  #data = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  build(): AnyStep[] {
    const steps: AnyStep[] = [];
    const random = this.#random;
    for (let i = random.between(1, 3); i > 0; i--) steps.push(this.#make("epoll"));
    for (let i = random.between(1, 3); i > 0; i--) steps.push(this.#make(random.pick(FILES)));
    for (let i = random.between(2, 8); i > 0; i--) steps.push(this.#add());
    while (steps.length < STEPS) {
      const step = random.pick(MAKERS).call(this);
      if (step !== null) steps.push(step);
    }
    return steps;
  }

  go(): AnyStep | null {
    if (this.#sleepers === MAX_SLEEPERS) return null;
    const ep = this.#pick("epoll")!;
    return { do: "go", sleeper: `t${++this.#sleepers}`, ep, maxevents: this.#random.pick([1, 2, 16]) };
  }

  gopoll(): AnyStep | null {
    if (this.#sleepers === MAX_SLEEPERS) return null;
    const name = this.#random.oneIn(4) ? this.#pick()! : this.#pick("epoll")!;
    this.#polled.add(name);
    const events = this.#random.pick([EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT]);
    return { do: "gopoll", sleeper: `t${++this.#sleepers}`, name, events };
  }

  write(): AnyStep | null {
    const name = this.#pick("writer", "eventfd", "socket");
    return name === null ? null : { do: "write", name, count: this.#random.pick([1, 1, 1, 4096]) };
  }

  read(): AnyStep | null {
    const name = this.#pick("reader", "eventfd", "socket");
    return name === null ? null : { do: "read", name, count: this.#random.pick([1, 4096, 10_000]) };
  }

  modify(): AnyStep {
    return this.#ctl(EPOLL_CTL_MOD, this.#mask());
  }

  delete(): AnyStep {
    return this.#ctl(EPOLL_CTL_DEL, null);
  }

  wait(): AnyStep {
    return { do: "wait", ep: this.#pick("epoll")!, maxevents: this.#random.pick([1, 16]), hasBuffer: true };
  }

  /** What happens to a thread whose own file is closed is nobody's promise; others hear of the end of a file. */
  close(): AnyStep | null {
    const name = this.#pick("reader", "writer", "eventfd", "socket");
    if (name === null || this.#polled.has(name)) return null;
    this.#kinds.delete(name);
    return { do: "close", name };
  }

  add(): AnyStep {
    return this.#add();
  }

  #add(): AnyStep {
    return this.#ctl(EPOLL_CTL_ADD, this.#mask());
  }

  #ctl(op: number, events: number | null): AnyStep {
    const ep = this.#pick("epoll")!;
    // Mostly files: what several epolls watch is where one sleeper can take what others wait for.
    const file = this.#random.oneIn(4) ? null : this.#pick("reader", "eventfd", "socket", "writer");
    return { do: "ctl", op, ep, name: file ?? this.#pick()!, events, data: ++this.#data };
  }

  #mask(): number {
    const random = this.#random;
    let mask = random.pick([EPOLLIN, EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT]);
    if (random.oneIn(2)) mask |= EPOLLET;
    if (random.oneIn(6)) mask |= EPOLLONESHOT;
    else if (random.oneIn(3)) mask |= EPOLLEXCLUSIVE;
    return mask >>> 0;
  }

  #make(what: "epoll" | "pipe" | "eventfd" | "pair"): AnyStep {
    const name = `${what}${++this.#names}`;
    const peer = `${name}w`;
    switch (what) {
      case "epoll":
        this.#kinds.set(name, "epoll");
        return { do: "epoll", name };
      case "eventfd":
        this.#kinds.set(name, "eventfd");
        return { do: "eventfd", name, init: 0, isSemaphore: this.#random.oneIn(3) };
      case "pipe":
        this.#kinds.set(name, "reader").set(peer, "writer");
        return { do: "pipe", name, peer, slots: this.#random.pick([1, 16]) };
      case "pair":
        this.#kinds.set(name, "socket").set(peer, "socket");
        return { do: "pair", name, peer };
    }
  }

  /** A name that is open, of one of the kinds or of any. */
  #pick(...kinds: readonly Kind[]): string | null {
    const names = [...this.#kinds].filter(([, kind]) => kinds.length === 0 || kinds.includes(kind));
    return names.length === 0 ? null : this.#random.pick(names)[0];
  }
}

const FILES = ["pipe", "pipe", "eventfd", "eventfd", "pair"] as const;

const { prototype: builder } = Builder;

const MAKERS = weigh<Make>(
  [8, builder.go],
  [3, builder.gopoll],
  [9, builder.write],
  [6, builder.read],
  [3, builder.add],
  [4, builder.modify],
  [2, builder.delete],
  [3, builder.wait],
  [1, builder.close],
);

/**
 * Makes a program.
 *
 * @param random Where all chances come from.
 * @returns Its steps.
 */
export function buildSleeperProgram(random: Random): AnyStep[] {
  return new Builder(random).build();
}

/** Names and numbers of one run. */
class RunNames implements Names {
  readonly #numbers = new Map<string, number>();
  readonly #kinds: ReadonlyMap<string, Kind>;

  constructor(kinds: ReadonlyMap<string, Kind>) {
    this.#kinds = kinds;
  }

  number(name: string): number {
    return this.#numbers.get(name)!;
  }

  kind(name: string): Kind {
    return this.#kinds.get(name)!;
  }

  nameOf(fd: number): string {
    return String(fd);
  }

  set(name: string, fd: number): void {
    this.#numbers.set(name, fd);
  }
}

/**
 * Runs a program.
 *
 * @param system A system of its own, which is not used for anything else until the program has ended.
 * @param settle Lets its sleepers run until all have returned or sleep.
 * @param steps The program.
 * @param observations What each step came to is appended here.
 * @returns A promise that is fulfilled when the program has ended.
 * @throws {Error} If somebody sleeps in epoll_wait() on an epoll that has something.
 */
export async function observe(
  system: EpollSystem,
  settle: () => Promise<void>,
  steps: readonly AnyStep[],
  observations: string[],
): Promise<void> {
  const names = new RunNames(kindsOf(steps));
  const asleep = new Map<Sleeper<number | EpollEvent[]>, SleeperStep>();
  for (const step of steps) {
    let outcome = "";
    if (step.do === "go") asleep.set(system.sleepInWait(names.number(step.ep), step.maxevents, -1), step);
    else if (step.do === "gopoll") asleep.set(system.sleepInPoll(names.number(step.name), step.events), step);
    else outcome = JSON.stringify(toWant(step, execute(system, names, step)));
    await settle();
    const returned = takeReturned(asleep);
    for (const [, { do: call, ...step }] of asleep) {
      if (call !== "go" || !("ep" in step) || system.poll(names.number(step.ep), EPOLLIN) === 0) continue;
      throw new Error(`${step.sleeper} sleeps on ${step.ep}, which has something`);
    }
    observations.push([outcome, ...returned.sort()].join(" "));
  }
}

/** What those returned that sleep no more. */
function takeReturned(asleep: Map<Sleeper<number | EpollEvent[]>, SleeperStep>): string[] {
  const returned: string[] = [];
  for (const [sleeper, step] of asleep) {
    const { result } = sleeper;
    if (result === undefined) continue;
    asleep.delete(sleeper);
    const where = step.do === "go" ? `${step.ep}:${step.maxevents}` : `poll ${step.name}`;
    const what = Array.isArray(result)
      ? result.map(({ events, data }) => `${data}=${formatMask(events)}`).join(",")
      : typeof result === "number"
      ? formatMask(result)
      : result.code;
    returned.push(`[${where} ${what}]`);
  }
  return returned;
}

const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  epoll: ["epoll"],
  pipe: ["reader", "writer"],
  eventfd: ["eventfd"],
  pair: ["socket", "socket"],
};

function kindsOf(steps: readonly AnyStep[]): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const step of steps) {
    const made = KINDS[step.do];
    if (made === undefined || !("name" in step)) continue;
    kinds.set(step.name, made[0]!);
    if ("peer" in step) kinds.set(step.peer, made[1]!);
  }
  return kinds;
}
