/**
 * Wait queues after <linux/wait.h> and kernel/sched/wait.c: who wants to hear of something. A wake-up walks the entries and
 * calls each one's function with a key, the events it tells of; key 0 means that anything may have happened.
 *
 * Plain entries stand in front, the newest first, and all of them hear. Exclusive ones stand behind, the oldest first, and
 * the walk ends with the first one that takes the wake-up.
 *
 * @module
 */

import { list_add, list_add_tail, list_del_init, list_empty, ListHead } from "./list.ts";

/**
 * `wait_queue_func_t`: hears of a wake-up.
 *
 * @param key The events it tells of; 0 if they are not known.
 * @returns 0 if the wake-up was of no use here, so that another exclusive entry gets it.
 */
export type WaitQueueFunc = (key: number) => number;

/** `struct wait_queue_entry`. */
export class WaitQueueEntry {
  /** Its link; on no list while it does not wait. */
  readonly entry: ListHead<WaitQueueEntry> = new ListHead<WaitQueueEntry>(this);
  /** Hears of wake-ups. */
  readonly func: WaitQueueFunc;
  /** `WQ_FLAG_EXCLUSIVE`: it may take a wake-up for itself. */
  exclusive = false;

  /** @param func Hears of wake-ups. */
  constructor(func: WaitQueueFunc) {
    this.func = func;
  }
}

/** `struct wait_queue_head`: those who wait for the same thing. */
export class WaitQueueHead {
  /**
   * The entries in the order in which they hear.
   *
   * @internal
   */
  readonly head: ListHead<WaitQueueEntry> = new ListHead<WaitQueueEntry>();
}

/**
 * Whether anybody waits.
 *
 * @param wq The queue.
 * @returns Whether it has an entry.
 */
export function waitqueue_active(wq: WaitQueueHead): boolean {
  return !list_empty(wq.head);
}

/**
 * Adds a plain entry, in front of all others.
 *
 * @param wq The queue.
 * @param wait The entry, on no queue.
 */
export function add_wait_queue(wq: WaitQueueHead, wait: WaitQueueEntry): void {
  wait.exclusive = false;
  list_add(wait.entry, wq.head);
}

/**
 * Adds an exclusive entry, behind all others.
 *
 * @param wq The queue.
 * @param wait The entry, on no queue.
 */
export function add_wait_queue_exclusive(wq: WaitQueueHead, wait: WaitQueueEntry): void {
  wait.exclusive = true;
  list_add_tail(wait.entry, wq.head);
}

/**
 * Adds an exclusive entry in front of all others, as epoll_wait() does: of those that sleep, the last one to fall asleep is
 * woken first, since its memory is the likeliest to be in the caches.
 *
 * @param wq The queue.
 * @param wait The entry, on no queue.
 */
export function __add_wait_queue_exclusive(wq: WaitQueueHead, wait: WaitQueueEntry): void {
  wait.exclusive = true;
  list_add(wait.entry, wq.head);
}

/**
 * Takes an entry off its queue.
 *
 * @param wait The entry; may be on no queue.
 */
export function remove_wait_queue(wait: WaitQueueEntry): void {
  list_del_init(wait.entry);
}

/**
 * Wakes all plain entries and one exclusive one: `__wake_up_common` with nr_exclusive 1.
 *
 * @param wq The queue.
 * @param key The events it tells of; 0 if they are not known.
 * @throws {TypeError} If the queue is none.
 */
export function wake_up_poll(wq: WaitQueueHead, key: number): void {
  walk(wq, 1, key);
}

/**
 * Wakes all entries, with key 0: `__wake_up_common` with nr_exclusive 0.
 *
 * @param wq The queue.
 * @throws {TypeError} If the queue is none.
 */
export function wake_up_all(wq: WaitQueueHead): void {
  walk(wq, 0, 0);
}

/** An entry's function may take that entry off the queue. */
function walk(wq: WaitQueueHead, nrExclusive: number, key: number): void {
  checkQueue("wake up", wq);
  const { head } = wq;
  let next: ListHead<WaitQueueEntry>;
  for (let link = head.next; link !== head; link = next) {
    next = link.next;
    const wait = link.owner!;
    if (wait.func(key) !== 0 && wait.exclusive && --nrExclusive === 0) return;
  }
}

/**
 * Refuses what is no queue: files are written by users too.
 *
 * @param action What was tried, as the end of "Cannot ...".
 * @param wq What should be a queue.
 * @throws {TypeError} If it is none.
 */
export function checkQueue(action: string, wq: WaitQueueHead): void {
  if (wq instanceof WaitQueueHead) return;
  throw new TypeError(`Cannot ${action}: the queue must be a WaitQueueHead, current value is ${String(wq)}`);
}
