/**
 * Why a watch is not reported, from what it and its file are now. The trace tells how it came to that.
 *
 * @module
 */

import { EP_PRIVATE_BITS } from "./bits.ts";
import { EPOLLET, EPOLLEXCLUSIVE, EPOLLIN, EPOLLRDNORM } from "./events.ts";
import { ep_is_linked } from "./scan.ts";
import type { EpItem, File } from "./structs.ts";
import type { Watch } from "./system.ts";

/**
 * Whether the next wait reports a watch, and why not:
 *
 * - `ready`: it does
 * - `no event`: the file has none of the events
 * - `spent`: EPOLLONESHOT, and it has reported; EPOLL_CTL_MOD sets it again
 * - `edge`: the file has events, but with EPOLLET they are reported once for each wake-up, and there was none since
 * - `exclusive`: the file has events, but another epoll with EPOLLEXCLUSIVE took the wake-up
 * - `no wake-up`: the watched epoll has events, but its wake-ups are for EPOLLIN, which is not watched for
 * - `unknown`: asking the file would take the answer away
 */
export type WhyNot = "ready" | "no event" | "spent" | "edge" | "exclusive" | "no wake-up" | "unknown";

/** A watch and what becomes of it. */
export interface WatchState extends Watch {
  /** The watched file. */
  readonly file: number;
  /** Whether the next wait reports it, and why not. */
  readonly why: WhyNot;
  /** Which of the events the file has; 0 where that is not known. */
  readonly has: number;
}

/**
 * Explains a watch, and changes nothing by it.
 *
 * @param epi The watch.
 * @returns What becomes of it.
 */
export function explain_item(epi: EpItem): WatchState {
  const { file, fd } = epi.ffd;
  const { events, data } = epi.event;
  const present = peek(file);
  const has = present === null ? 0 : (present & events) >>> 0;
  return { fd, events, data, file: file.ino, has, why: whyNot(epi, present === null ? null : has) };
}

function whyNot(epi: EpItem, has: number | null): WhyNot {
  const { events } = epi.event;
  if ((events & ~EP_PRIVATE_BITS) === 0) return "spent";
  if (has === null) return "unknown";
  if (has === 0) return "no event";
  if (ep_is_linked(epi)) return "ready";
  if ((events & EPOLLET) !== 0) return "edge";
  return (events & EPOLLEXCLUSIVE) !== 0 ? "exclusive" : "no wake-up";
}

/** The events of a file; null if asking would change what it answers. */
function peek(file: File): number | null {
  const { f_op, private_data: ep } = file;
  if (f_op.isPollConsuming === true) return null;
  if (ep === null) return f_op.poll!(null);
  let answer: number | null = 0;
  // As its poll would look, but without taking off the list what is ready no more.
  for (const epi of ep.rdllist) {
    const has = peek(epi.ffd.file);
    if (has === null) answer = null;
    else if ((has & epi.event.events) !== 0) return EPOLLIN | EPOLLRDNORM;
  }
  return answer;
}
