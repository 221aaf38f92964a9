/**
 * epoll_wait(): delivers what is ready, and else sleeps until there is something.
 *
 * @module
 */

import { EP_MAX_EVENTS } from "./bits.ts";
import type { Errno } from "./errors.ts";
import { list_empty } from "./list.ts";
import type { Machine } from "./machine.ts";
import { ep_events_available, ep_send_events } from "./scan.ts";
import { default_wake_function, type SleepingCall, type Task } from "./sched.ts";
import type { EventPoll, File } from "./structs.ts";
import type { EpollEvent } from "./system.ts";
import { __add_wait_queue_exclusive, remove_wait_queue, WaitQueueEntry } from "./wait_queue.ts";

/**
 * Checks the arguments of epoll_wait(): `ep_check_params`.
 *
 * @param file The epoll's file; undefined if its number is not open.
 * @param maxevents The most events to deliver.
 * @returns The epoll, or what is wrong.
 */
export function ep_check_params(file: File | undefined, maxevents: number): EventPoll | Errno {
  if (file === undefined) return "EBADF";
  if (!(maxevents > 0 && maxevents <= EP_MAX_EVENTS)) return "EINVAL";
  return file.private_data ?? "EINVAL";
}

/**
 * Delivers the events there are: `ep_poll` with a timeout of 0.
 *
 * @param machine The machine.
 * @param ep The epoll.
 * @param events Where the events are appended; null is a buffer that cannot be written.
 * @param maxevents The most to deliver, at least 1.
 * @returns How many were delivered, or what is wrong.
 */
export function ep_poll_once(
  machine: Machine,
  ep: EventPoll,
  events: EpollEvent[] | null,
  maxevents: number,
): number | Errno {
  return ep_events_available(ep) ? ep_send_events(machine, ep, events, maxevents) : 0;
}

/**
 * Delivers events, and waits for them as long as there are none.
 *
 * @param machine The machine.
 * @param ep The epoll.
 * @param events Where the events are appended; null is a buffer that cannot be written.
 * @param maxevents The most to deliver, at least 1.
 * @param timeoutMs The longest wait; a negative number waits without end.
 * @param task The thread that waits.
 * @returns How many were delivered, or what is wrong; 0 once the time is over.
 */
export function* ep_poll(
  machine: Machine,
  ep: EventPoll,
  events: EpollEvent[] | null,
  maxevents: number,
  timeoutMs: number,
  task: Task,
): SleepingCall<number | Errno> {
  const to = timeoutMs < 0 ? Infinity : task.now + timeoutMs;
  const epoll = ep.file.ino;
  const wait = new WaitQueueEntry((): number => {
    machine.trace?.hook({ step: "wake", pid: task.pid, epoll });
    // Off the queue, whether the task sleeps or is awake for another reason: the next wake-up is for somebody else.
    remove_wait_queue(wait);
    return default_wake_function(task);
  });
  let timed_out = timeoutMs === 0;
  let eavail = ep_events_available(ep);
  try {
    for (;;) {
      if (eavail) {
        const res = ep_send_events(machine, ep, events, maxevents);
        if (res !== 0) return res;
      }
      if (timed_out) return 0;
      eavail = ep_events_available(ep);
      if (eavail) continue;
      __add_wait_queue_exclusive(ep.wq, wait);
      machine.trace?.hook({ step: "sleep", pid: task.pid, epoll, timeoutMs });
      timed_out = yield to;
      // Woken: look. Timed out: only if somebody took it off the queue since, who relies on that it looks.
      const isQueued = !list_empty(wait.entry);
      eavail = !timed_out || !isQueued;
      remove_wait_queue(wait);
      if (timed_out) machine.trace?.hook({ step: "timeout", pid: task.pid, epoll, harvests: eavail });
    }
  } finally {
    remove_wait_queue(wait);
  }
}
