/**
 * epoll_create() and epoll_ctl(): the life of an epoll and of its items, after fs/eventpoll.c.
 *
 * @module
 */

import { EPOLLERR_HUP, EPOLLEXCLUSIVE_OK_BITS } from "./bits.ts";
import { ep_poll_safewake, ep_ptable, ep_queue } from "./callback.ts";
import type { Errno } from "./errors.ts";
import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLEXCLUSIVE, EPOLLWAKEUP } from "./events.ts";
import { list_add, list_del_init, list_empty } from "./list.ts";
import type { Machine } from "./machine.ts";
import { ep_loop_check, list_file, reverse_path_check } from "./nest.ts";
import { ep_eventpoll_poll, ep_is_linked, ep_item_poll, ep_lock, ep_unlock } from "./scan.ts";
import { EpItem, EventPoll, File, is_file_epoll, type PollTable, type User } from "./structs.ts";
import type { EpollEvent } from "./system.ts";
import { remove_wait_queue, waitqueue_active, wake_up_poll } from "./wait_queue.ts";

/**
 * Makes an epoll and its file: `ep_alloc`, and the anonymous inode around it.
 *
 * @param machine The machine.
 * @param user Who pays for its watches.
 * @returns The file, with one reference.
 */
export function ep_alloc(machine: Machine, user: User): File {
  const ep = new EventPoll(user);
  const f_op = {
    name: "anon_inode:[eventpoll]",
    poll: (pt: PollTable | null): number => ep_eventpoll_poll(machine, ep, pt),
    release: (): void => ep_clear_and_put(machine, ep),
  };
  ep.file = new File(machine.newIno(), f_op, ep);
  return ep.file;
}

/**
 * Adds, changes or removes an item. The order of the checks is the kernel's: where several things are wrong, the first
 * one is reported.
 *
 * @param machine The machine.
 * @param file The epoll's file; undefined if its number is not open.
 * @param op `EPOLL_CTL_ADD`, `EPOLL_CTL_MOD` or `EPOLL_CTL_DEL`.
 * @param fd The number to watch.
 * @param tfile The file it stands for; undefined if it is not open.
 * @param event What to watch for, and the data to report; null is the null pointer.
 * @returns 0, or what is wrong.
 */
export function do_epoll_ctl(
  machine: Machine,
  file: File | undefined,
  op: number,
  fd: number,
  tfile: File | undefined,
  event: EpollEvent | null,
): 0 | Errno {
  if (op !== EPOLL_CTL_DEL && event === null) return "EFAULT";
  if (file === undefined || tfile === undefined) return "EBADF";
  if (tfile.f_op.poll === undefined) return "EPERM";
  const { private_data: ep } = file;
  if (file === tfile || ep === null) return "EINVAL";
  let events = op === EPOLL_CTL_DEL ? 0 : event!.events >>> 0;
  if (!machine.wakeupSources.isAllowed) events = (events & ~EPOLLWAKEUP) >>> 0;
  if ((events & EPOLLEXCLUSIVE) !== 0) {
    if (op === EPOLL_CTL_MOD) return "EINVAL";
    const isRefused = is_file_epoll(tfile) || (events & ~EPOLLEXCLUSIVE_OK_BITS) !== 0;
    if (op === EPOLL_CTL_ADD && isRefused) return "EINVAL";
  }

  // Only such an insertion can close a circle, or give files more than one way more.
  const fullCheck = op === EPOLL_CTL_ADD &&
    (!list_empty(file.f_ep) || ep.gen === machine.loop_check_gen || is_file_epoll(tfile));
  ep_lock(ep);
  try {
    if (fullCheck) {
      machine.loop_check_gen++;
      const { private_data: tep } = tfile;
      if (tep !== null && !ep_loop_check(machine, ep, tep)) return "ELOOP";
    }
    const epi = ep_find(ep, tfile, fd);
    switch (op) {
      case EPOLL_CTL_ADD:
        if (epi !== null) return "EEXIST";
        return ep_insert(machine, ep, tfile, fd, events | EPOLLERR_HUP, event!.data, fullCheck);
      case EPOLL_CTL_DEL:
        if (epi === null) return "ENOENT";
        ep_remove(machine, epi);
        return 0;
      case EPOLL_CTL_MOD:
        if (epi === null) return "ENOENT";
        if ((epi.event.events & EPOLLEXCLUSIVE) !== 0) return "EINVAL";
        ep_modify(machine, epi, events | EPOLLERR_HUP, event!.data);
        return 0;
      default:
        return "EINVAL";
    }
  } finally {
    ep_unlock(ep);
    if (fullCheck) {
      machine.tfile_check_list.clear();
      machine.inserting_into = null;
      machine.loop_check_gen++;
    }
  }
}

/**
 * Finds the item of a key.
 *
 * @param ep The epoll.
 * @param file The watched file.
 * @param fd The number it is watched under.
 * @returns The item; null if there is none.
 */
export function ep_find(ep: EventPoll, file: File, fd: number): EpItem | null {
  return ep.rbr.find({ file, fd });
}

function ep_insert(
  machine: Machine,
  ep: EventPoll,
  tfile: File,
  fd: number,
  events: number,
  data: bigint,
  fullCheck: boolean,
): 0 | Errno {
  if (ep.user.epoll_watches >= machine.max_user_watches) return "ENOSPC";
  ep.user.epoll_watches++;
  const epi = new EpItem(ep, tfile, fd, events >>> 0, data);

  list_add(epi.fllink, tfile.f_ep);
  if (fullCheck && !is_file_epoll(tfile)) list_file(machine, tfile);
  ep.rbr.insert(epi);
  if (fullCheck && !reverse_path_check(machine)) {
    ep_remove(machine, epi);
    return "EINVAL";
  }
  if ((events & EPOLLWAKEUP) !== 0) ep_create_wakeup_source(machine, epi);

  // From here on wake-ups arrive; whatever the file had before is in what it answers.
  let revents: number;
  try {
    revents = ep_item_poll(epi, ep_ptable(machine, epi));
  } catch (error) {
    ep_remove(machine, epi);
    throw error;
  }
  machine.trace?.watch(epi, { step: "insert", events: epi.event.events, ready: revents });
  if (revents !== 0 && !ep_is_linked(epi)) ep_queue_and_wake(machine, epi);
  return 0;
}

/** Never takes an item off the ready list: one that is queued keeps its place, and is asked when its turn comes. */
function ep_modify(machine: Machine, epi: EpItem, events: number, data: bigint): void {
  epi.event.events = events >>> 0;
  epi.event.data = data;
  if ((events & EPOLLWAKEUP) === 0) ep_destroy_wakeup_source(machine, epi);
  else if (epi.ws === null) ep_create_wakeup_source(machine, epi);

  const revents = ep_item_poll(epi, null);
  machine.trace?.watch(epi, { step: "modify", events: epi.event.events, ready: revents });
  if (revents !== 0 && !ep_is_linked(epi)) ep_queue_and_wake(machine, epi);
}

function ep_queue_and_wake(machine: Machine, epi: EpItem): void {
  const { ep } = epi;
  ep_queue(machine, epi);
  if (waitqueue_active(ep.wq)) wake_up_poll(ep.wq, 0);
  if (waitqueue_active(ep.poll_wait)) ep_poll_safewake(machine, ep);
}

/** Under the lock of its epoll. */
function ep_remove(machine: Machine, epi: EpItem): void {
  const { ep } = epi;
  for (const { wait } of epi.pwqlist) remove_wait_queue(wait);
  list_del_init(epi.fllink);
  ep.rbr.erase(epi);
  list_del_init(epi.rdllink);
  ep_destroy_wakeup_source(machine, epi);
  ep.user.epoll_watches--;
  machine.trace?.watch(epi, { step: "remove" });
}

/**
 * Takes a file that is being closed out of all epolls.
 *
 * @param machine The machine.
 * @param file The file.
 */
export function eventpoll_release(machine: Machine, file: File): void {
  for (const epi of file.f_ep) {
    ep_lock(epi.ep);
    ep_remove(machine, epi);
    ep_unlock(epi.ep);
  }
}

/** The end of an epoll: its items go, what they watched stays. */
function ep_clear_and_put(machine: Machine, ep: EventPoll): void {
  ep_lock(ep);
  for (const epi of [...ep.rbr]) ep_remove(machine, epi);
  ep_unlock(ep);
  machine.wakeupSources.unregister(ep.ws);
}

function ep_create_wakeup_source(machine: Machine, epi: EpItem): void {
  const { wakeupSources } = machine;
  epi.ep.ws ??= wakeupSources.register("eventpoll");
  epi.ws = wakeupSources.register(epi.ffd.file.f_op.name);
}

function ep_destroy_wakeup_source(machine: Machine, epi: EpItem): void {
  machine.wakeupSources.unregister(epi.ws);
  epi.ws = null;
}
