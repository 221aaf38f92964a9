/**
 * The scan of the ready list: what turns "something happened there" into events. It serves epoll_wait(), which delivers, and
 * poll() on an epoll, which only asks whether there would be something to deliver.
 *
 * The order of the next scan follows from where things are put: at the head what this one had no room for, behind it
 * what came while it was under way, then what is level-triggered and was delivered, then what comes later. So with room
 * for one event at a time all are served in turn.
 *
 * @module
 */

import { EP_PRIVATE_BITS } from "./bits.ts";
import { EPOLLET, EPOLLIN, EPOLLONESHOT, EPOLLRDNORM } from "./events.ts";
import { list_add, list_add_tail, list_del_init, list_empty, list_splice_init, ListHead } from "./list.ts";
import type { Machine } from "./machine.ts";
import { EP_UNACTIVE_PTR, type EpItem, type EventPoll, poll_wait, type PollTable } from "./structs.ts";
import type { EpollEvent } from "./system.ts";
import { waitqueue_active, wake_up_poll } from "./wait_queue.ts";

/**
 * Whether a scan might find something.
 *
 * @param ep The epoll.
 * @returns Whether an item is queued.
 */
export function ep_events_available(ep: EventPoll): boolean {
  return !list_empty(ep.rdllist) || ep.ovflist !== EP_UNACTIVE_PTR;
}

/**
 * Whether an item is on the ready list of its epoll, or on a scan's.
 *
 * @param epi The item.
 * @returns Whether it is.
 */
export function ep_is_linked(epi: EpItem): boolean {
  return !list_empty(epi.rdllink);
}

/**
 * Asks the file of an item for its events.
 *
 * @param epi The item.
 * @param pt Asks for the file's queues too; null if they are not wanted.
 * @returns Those that the item is for.
 */
export function ep_item_poll(epi: EpItem, pt: PollTable | null): number {
  return (epi.ffd.file.f_op.poll!(pt) & epi.event.events) >>> 0;
}

/**
 * Keeps the machine awake for an item that was queued.
 *
 * @param epi The item.
 */
export function ep_pm_stay_awake(epi: EpItem): void {
  if (epi.ws !== null) epi.ws.active = true;
}

/**
 * Takes the lock that is held while items are scanned or changed.
 *
 * @param ep The epoll.
 * @throws {Error} If it is held: the caller was called by a file's `poll`, and the kernel would wait for ever.
 */
export function ep_lock(ep: EventPoll): void {
  if (ep.mtx) {
    throw new Error(
      "Cannot use an epoll while it is being scanned: the kernel would wait for its lock for ever; do not call epoll, or " +
        "close a watched file, from poll()",
    );
  }
  ep.mtx = true;
}

/**
 * Gives the lock back.
 *
 * @param ep The epoll.
 */
export function ep_unlock(ep: EventPoll): void {
  ep.mtx = false;
}

/**
 * Begins a scan: takes the ready list, and lets the overflow list take what comes.
 *
 * @param ep The epoll.
 * @param txlist An empty list, which gets the items.
 */
export function ep_start_scan(ep: EventPoll, txlist: ListHead<EpItem>): void {
  list_splice_init(ep.rdllist, txlist);
  ep.ovflist = null;
}

/**
 * Ends a scan: puts back what came meanwhile, and in front of it what was not looked at, and wakes a sleeper if there is
 * something.
 *
 * @param machine The machine.
 * @param ep The epoll.
 * @param txlist What is left of the scan's items.
 */
export function ep_done_scan(machine: Machine, ep: EventPoll, txlist: ListHead<EpItem>): void {
  for (let epi = ep.ovflist; epi !== null && epi !== EP_UNACTIVE_PTR;) {
    const { next } = epi;
    epi.next = EP_UNACTIVE_PTR;
    // It came while the scan stood in front of it, or had put it back; then it is where it belongs.
    if (!ep_is_linked(epi)) {
      // ovflist has the last one first; putting each at the head turns them round.
      list_add(epi.rdllink, ep.rdllist);
      ep_pm_stay_awake(epi);
      machine.trace?.watch(epi, { step: "requeue" });
    }
    epi = next;
  }
  ep.ovflist = EP_UNACTIVE_PTR;
  list_splice_init(txlist, ep.rdllist);
  if (ep.ws !== null) ep.ws.active = false;
  if (!list_empty(ep.rdllist) && waitqueue_active(ep.wq)) wake_up_poll(ep.wq, 0);
}

/**
 * Delivers events.
 *
 * @param machine The machine.
 * @param ep The epoll.
 * @param events Where the events are appended; null is a buffer that cannot be written.
 * @param maxevents The most to deliver, at least 1.
 * @returns How many were delivered; EFAULT if there was one and no buffer.
 */
export function ep_send_events(
  machine: Machine,
  ep: EventPoll,
  events: EpollEvent[] | null,
  maxevents: number,
): number | "EFAULT" {
  const txlist = new ListHead<EpItem>();
  let res: number | "EFAULT" = 0;
  ep_lock(ep);
  ep_start_scan(ep, txlist);
  try {
    let next: ListHead<EpItem>;
    for (let link = txlist.next; link !== txlist && res < maxevents; link = next) {
      next = link.next;
      const epi = link.owner!;
      ep_hand_over_awake(ep, epi);
      list_del_init(epi.rdllink);
      const revents = ep_item_poll(epi, null);
      // The wake-up is as old as the list is long. What it told of may be over, and then this was no event.
      if (revents === 0) {
        machine.trace?.watch(epi, { step: "prune" });
        continue;
      }
      if (events === null) {
        list_add(epi.rdllink, txlist);
        ep_pm_stay_awake(epi);
        machine.trace?.watch(epi, { step: "put back", why: "fault" });
        res = "EFAULT";
        break;
      }
      events.push({ events: revents, data: epi.event.data });
      res++;
      machine.trace?.watch(epi, { step: "deliver", events: revents });
      if ((epi.event.events & EPOLLONESHOT) !== 0) {
        epi.event.events = (epi.event.events & EP_PRIVATE_BITS) >>> 0;
        machine.trace?.watch(epi, { step: "spend" });
      } else if ((epi.event.events & EPOLLET) === 0) {
        // Level-triggered: the next scan asks again. Wake-ups cannot have queued it, they go to ovflist.
        list_add_tail(epi.rdllink, ep.rdllist);
        ep_pm_stay_awake(epi);
        machine.trace?.watch(epi, { step: "put back", why: "level" });
      }
    }
  } finally {
    ep_done_scan(machine, ep, txlist);
    ep_unlock(ep);
  }
  return res;
}

/**
 * The `poll` of an epoll's own file, `__ep_eventpoll_poll`: whether there would be something to deliver. Takes items off the
 * ready list that are ready no more; those that are stay, edges too.
 *
 * @param machine The machine.
 * @param ep The epoll.
 * @param pt Asks for the queue on which the epoll tells of events.
 * @returns EPOLLIN and EPOLLRDNORM, or 0.
 */
export function ep_eventpoll_poll(machine: Machine, ep: EventPoll, pt: PollTable | null): number {
  poll_wait(ep.poll_wait, pt);
  const txlist = new ListHead<EpItem>();
  ep_lock(ep);
  ep_start_scan(ep, txlist);
  try {
    for (const epi of txlist) {
      if (ep_item_poll(epi, null) !== 0) return EPOLLIN | EPOLLRDNORM;
      if (epi.ws !== null) epi.ws.active = false;
      list_del_init(epi.rdllink);
      machine.trace?.watch(epi, { step: "prune" });
    }
  } finally {
    ep_done_scan(machine, ep, txlist);
    ep_unlock(ep);
  }
  return 0;
}

/** The epoll keeps the machine awake before the item ceases to, so that there is no moment at which nothing does. */
function ep_hand_over_awake(ep: EventPoll, epi: EpItem): void {
  if (epi.ws === null) return;
  if (epi.ws.active) ep.ws!.active = true;
  epi.ws.active = false;
}
