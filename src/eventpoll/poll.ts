/**
 * poll(2) on one file of any kind, an epoll's among them.
 *
 * @module
 */

import { EPOLLERR_HUP } from "./bits.ts";
import { EPOLLIN, EPOLLNVAL, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM } from "./events.ts";
import { default_wake_function, type SleepingCall, type Task } from "./sched.ts";
import type { File, PollTable } from "./structs.ts";
import { add_wait_queue, remove_wait_queue, WaitQueueEntry } from "./wait_queue.ts";

/** What a file that cannot be polled is said to have: reading and writing do not wait. */
const DEFAULT_POLLMASK = EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;

/** `struct pollfd` has 16 bits for events. */
const POLLFD_BITS = 0xffff;

/**
 * Asks once: `do_pollfd`.
 *
 * @param fd The number; those below 0 are passed over.
 * @param file The file it stands for; undefined if it is not open.
 * @param events The events asked for.
 * @param pt Asks for the file's queues too; null if they are not wanted.
 * @returns Those it has, EPOLLERR and EPOLLHUP among them.
 */
export function do_pollfd(fd: number, file: File | undefined, events: number, pt: PollTable | null): number {
  if (fd < 0) return 0;
  if (file === undefined) return EPOLLNVAL;
  const mask = file.f_op.poll === undefined ? DEFAULT_POLLMASK : file.f_op.poll(pt);
  return mask & filterOf(events);
}

/**
 * Waits without end until the file has one of the events: `do_poll`.
 *
 * @param fd The number.
 * @param file The file it stands for; undefined if it is not open.
 * @param events The events waited for.
 * @param task The thread that waits.
 * @returns The events it has.
 */
export function* do_poll(
  fd: number,
  file: File | undefined,
  events: number,
  task: Task,
): SleepingCall<number> {
  const filter = filterOf(events);
  const entries: WaitQueueEntry[] = [];
  // Not exclusive, and on the queues for as long as the call lasts.
  const pt: PollTable = {
    queue_proc(whead): void {
      const entry = new WaitQueueEntry((key) =>
        key !== 0 && (key & filter) === 0 ? 0 : default_wake_function(task)
      );
      entries.push(entry);
      add_wait_queue(whead, entry);
    },
  };
  try {
    let mask = do_pollfd(fd, file, events, pt);
    while (mask === 0) {
      yield Infinity;
      mask = do_pollfd(fd, file, events, null);
    }
    return mask;
  } finally {
    for (const entry of entries) remove_wait_queue(entry);
  }
}

function filterOf(events: number): number {
  return (events & POLLFD_BITS) | EPOLLERR_HUP;
}
