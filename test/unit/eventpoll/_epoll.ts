/** An epoll on a model of its own, and what tests say to it in few words. */

import { assertThrows } from "@std/assert";
import { EpollError } from "../../../src/eventpoll/errors.ts";
import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, formatMask } from "../../../src/eventpoll/events.ts";
import { type ModelOptions, ModelSystem } from "../../../src/eventpoll/model.ts";
import type { EpollEvent } from "../../../src/eventpoll/system.ts";

/** An event as tests write it: data and mask. */
export type Shown = [data: number, mask: string];

/** Events as tests write them. */
export function show(events: readonly EpollEvent[]): Shown[] {
  return events.map(({ events, data }) => [Number(data), formatMask(events)]);
}

/** The name of the error with which a call fails. */
export function codeOf(call: () => unknown): string {
  return assertThrows(call, EpollError).code;
}

/** A model with one epoll. */
export class TestEpoll {
  readonly system: ModelSystem;
  readonly epfd: number;

  constructor(options: ModelOptions = {}, system: ModelSystem = new ModelSystem(options)) {
    this.system = system;
    this.epfd = system.epoll_create1(0);
  }

  add(fd: number, events: number, data: number, epfd: number = this.epfd): void {
    this.system.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, { events, data: BigInt(data) });
  }

  modify(fd: number, events: number, data: number, epfd: number = this.epfd): void {
    this.system.epoll_ctl(epfd, EPOLL_CTL_MOD, fd, { events, data: BigInt(data) });
  }

  delete(fd: number, epfd: number = this.epfd): void {
    this.system.epoll_ctl(epfd, EPOLL_CTL_DEL, fd, null);
  }

  wait(maxevents = 16, epfd: number = this.epfd): Shown[] {
    return show(this.system.epoll_wait(epfd, maxevents, 0));
  }

  /** Another epoll of the same model. */
  another(): number {
    return this.system.epoll_create1(0);
  }

  /** A counter. */
  counter(initval = 0): number {
    return this.system.eventfd(initval, 0);
  }

  /** Counts a counter up. */
  count(fd: number, by = 1n): number {
    return this.system.write(fd, new Uint8Array(BigUint64Array.of(by).buffer));
  }

  /** Takes what a counter has counted. */
  take(fd: number): bigint {
    const word = new BigUint64Array(1);
    this.system.read(fd, new Uint8Array(word.buffer));
    return word[0]!;
  }

  write(fd: number, bytes: number): number {
    return this.system.write(fd, new Uint8Array(bytes));
  }

  read(fd: number, bytes: number): number {
    return this.system.read(fd, new Uint8Array(bytes));
  }

  /** The events that a file has, of all there are. */
  poll(fd: number): string {
    return formatMask(this.system.poll(fd, 0xffff));
  }
}
