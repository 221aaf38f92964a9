/**
 * The road of a wake-up into an epoll: a watched file walks its wait queue, an item's entry on it calls
 * {@linkcode ep_poll_callback}, and that queues the item and wakes who sleeps.
 *
 * @module
 */

import { EP_PRIVATE_BITS, EPOLLINOUT_BITS } from "./bits.ts";
import { EPOLLEXCLUSIVE, EPOLLIN, EPOLLOUT } from "./events.ts";
import { list_add_tail } from "./list.ts";
import type { Machine } from "./machine.ts";
import { ep_is_linked, ep_pm_stay_awake } from "./scan.ts";
import { EP_UNACTIVE_PTR, type EpItem, EppollEntry, type EventPoll, type PollTable } from "./structs.ts";
import {
  add_wait_queue,
  add_wait_queue_exclusive,
  waitqueue_active,
  type WaitQueueHead,
  wake_up_poll,
} from "./wait_queue.ts";

/**
 * The poll table with which an item is added: hooks {@linkcode ep_poll_callback} into each queue that the file's `poll`
 * names.
 *
 * @param machine The machine.
 * @param epi The item.
 * @returns The table, for one call of `poll`.
 */
export function ep_ptable(machine: Machine, epi: EpItem): PollTable {
  return { queue_proc: (whead): void => ep_ptable_queue_proc(machine, epi, whead) };
}

function ep_ptable_queue_proc(machine: Machine, epi: EpItem, whead: WaitQueueHead): void {
  const pwq = new EppollEntry(epi, whead, (key) => ep_poll_callback(machine, epi, key));
  epi.pwqlist.push(pwq);
  if ((epi.event.events & EPOLLEXCLUSIVE) !== 0) add_wait_queue_exclusive(whead, pwq.wait);
  else add_wait_queue(whead, pwq.wait);
}

/**
 * Hears of a wake-up of a watched file.
 *
 * @param machine The machine.
 * @param epi The item that watches it.
 * @param pollflags The events it tells of; 0 if they are not known.
 * @returns 1, or 0 for an exclusive item that wakes nobody, so that the next one gets the wake-up.
 */
function ep_poll_callback(machine: Machine, epi: EpItem, pollflags: number): number {
  const { ep } = epi;
  const { events } = epi.event;
  const isExclusive = (events & EPOLLEXCLUSIVE) !== 0;
  machine.trace?.watch(epi, { step: "callback", key: pollflags });

  if ((events & ~EP_PRIVATE_BITS) === 0) {
    machine.trace?.watch(epi, { step: "ignore", why: "spent" });
    return isExclusive ? 0 : 1;
  }
  if (pollflags !== 0 && (pollflags & events) === 0) {
    machine.trace?.watch(epi, { step: "ignore", why: "key" });
    return isExclusive ? 0 : 1;
  }

  if (ep.ovflist !== EP_UNACTIVE_PTR) chain_epi(machine, epi);
  else if (!ep_is_linked(epi)) ep_queue(machine, epi);
  else machine.trace?.watch(epi, { step: "ignore", why: "linked" });

  let ewake = 0;
  if (waitqueue_active(ep.wq)) {
    if (isExclusive) ewake = takes_wakeup(events, pollflags) ? 1 : 0;
    if (ewake === 1) machine.trace?.watch(epi, { step: "absorb" });
    wake_up_poll(ep.wq, 0);
  }
  // Told even if the item was queued before: an edge-triggered item further out hears of every wake-up.
  if (waitqueue_active(ep.poll_wait)) ep_poll_safewake(machine, ep);
  return isExclusive ? ewake : 1;
}

/** Whether an exclusive item takes a wake-up for itself: it tells of the one direction the item is for, or of none. */
function takes_wakeup(events: number, pollflags: number): boolean {
  switch (pollflags & EPOLLINOUT_BITS) {
    case EPOLLIN:
      return (events & EPOLLIN) !== 0;
    case EPOLLOUT:
      return (events & EPOLLOUT) !== 0;
    case 0:
      return true;
    default:
      return false;
  }
}

/** `chain_epi_lockless`: puts an item on the overflow list of the scan under way. */
function chain_epi(machine: Machine, epi: EpItem): void {
  if (epi.next !== EP_UNACTIVE_PTR) {
    machine.trace?.watch(epi, { step: "ignore", why: "linked" });
    return;
  }
  epi.next = epi.ep.ovflist;
  epi.ep.ovflist = epi;
  ep_pm_stay_awake(epi);
  machine.trace?.watch(epi, { step: "queue", list: "ovflist" });
}

/**
 * Puts an item at the tail of the ready list.
 *
 * @param machine The machine.
 * @param epi The item, not on the list.
 */
export function ep_queue(machine: Machine, epi: EpItem): void {
  list_add_tail(epi.rdllink, epi.ep.rdllist);
  ep_pm_stay_awake(epi);
  machine.trace?.watch(epi, { step: "queue", list: "rdllist" });
}

/**
 * Tells those who watch an epoll that it has something. The wake-up tells of EPOLLIN alone.
 *
 * @param machine The machine.
 * @param ep The epoll.
 */
export function ep_poll_safewake(machine: Machine, ep: EventPoll): void {
  machine.trace?.hook({ step: "forward", epoll: ep.file.ino });
  wake_up_poll(ep.poll_wait, EPOLLIN);
}
