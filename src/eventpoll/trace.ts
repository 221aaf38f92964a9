/**
 * What happens between a wake-up and its delivery, step by step: what answers "why did I not get this event?". A hook
 * is told each step; without one nothing is noted and nothing is paid.
 *
 * @module
 */

import type { EpItem } from "./structs.ts";

/** The watch that a step is about. Files are told by their `ino`, since numbers come to stand for others. */
export interface TracedWatch {
  /** The epoll's file. */
  readonly epoll: number;
  /** The watched file. */
  readonly file: number;
  /** The number it was added under. */
  readonly fd: number;
  /** The data that is reported. */
  readonly data: bigint;
}

/** A step about a watch. */
export type WatchStep =
  /** `ep_insert`: it was added for these events, and the file had `ready` of them. */
  | { readonly step: "insert"; readonly events: number; readonly ready: number }
  /** `ep_modify`: it is now for these events, and the file has `ready` of them. */
  | { readonly step: "modify"; readonly events: number; readonly ready: number }
  /** `ep_remove`: it ended. */
  | { readonly step: "remove" }
  /** `ep_poll_callback`: a wake-up of the file arrived, which tells of the events `key`; 0 tells of anything. */
  | { readonly step: "callback"; readonly key: number }
  /**
   * The wake-up was not for it. `spent`: a one-shot watch that has reported. `key`: it is for other events. `linked`: it is
   * queued already and keeps its place.
   */
  | { readonly step: "ignore"; readonly why: "spent" | "key" | "linked" }
  /** It was put at the tail of the ready list; or, during a scan, on the overflow list. */
  | { readonly step: "queue"; readonly list: "rdllist" | "ovflist" }
  /** A scan was over, and it moved from the overflow list to the head of the ready list. */
  | { readonly step: "requeue" }
  /** It is exclusive and its epoll had a sleeper: the wake-up ends here, and exclusive watches behind it hear nothing. */
  | { readonly step: "absorb" }
  /** It was taken off the ready list, the file was asked, and has these events: they are reported. */
  | { readonly step: "deliver"; readonly events: number }
  /** It was taken off the ready list, the file was asked, and has none of its events any more. */
  | { readonly step: "prune" }
  /** `EPOLLONESHOT`: it has reported, and is silent until it is modified. */
  | { readonly step: "spend" }
  /** It is on the ready list again. `level`: at the tail. `fault`: at the head, since it could not be reported. */
  | { readonly step: "put back"; readonly why: "level" | "fault" };

/** A step about an epoll or a sleeper. */
export type SleepStep =
  /** A task fell asleep in epoll_wait(). */
  | { readonly step: "sleep"; readonly pid: number; readonly epoll: number; readonly timeoutMs: number }
  /** A sleeper in epoll_wait() was woken; it will look at the ready list once it runs. */
  | { readonly step: "wake"; readonly pid: number; readonly epoll: number }
  /** The time of a sleeper was over. `harvests`: somebody had woken it all the same, so it looks once more. */
  | { readonly step: "timeout"; readonly pid: number; readonly epoll: number; readonly harvests: boolean }
  /** `ep_poll_safewake`: an epoll tells those who watch it. */
  | { readonly step: "forward"; readonly epoll: number };

/** One step. */
export type TraceStep = (TracedWatch & WatchStep) | SleepStep;

/**
 * Hears of each step as it happens.
 *
 * @param step The step.
 */
export type TraceHook = (step: TraceStep) => void;

/** Tells a hook. A machine that has none has no object of this kind, and pays for nothing. */
export class Trace {
  /** Hears of each step. */
  readonly hook: TraceHook;

  /** @param hook Hears of each step. */
  constructor(hook: TraceHook) {
    this.hook = hook;
  }

  /**
   * Tells a step about a watch.
   *
   * @param item The watch.
   * @param step The step.
   */
  watch({ ep, ffd, event }: EpItem, step: WatchStep): void {
    this.hook({ epoll: ep.file.ino, file: ffd.file.ino, fd: ffd.fd, data: event.data, ...step });
  }
}
