/**
 * The objects of epoll and how they hang together, by the names of fs/eventpoll.c and <linux/fs.h>. This file holds
 * next to no code: it is what to know before reading any.
 *
 * ```text
 *   File of the epoll               EventPoll                             File of a pipe's reader
 *  ┌────────────────┐  ┌──────────────────────────────────┐  wait queue  ┌─────────────────────┐
 *  │ private_data ──┼─▶│ rbr: all items, by (file, fd)    │   of the     │ f_ep: its items     │
 *  │ f_ep: items of │  │ rdllist: the ready ones, in order│    pipe      │ f_op.poll()         │
 *  │  epolls that   │  │ ovflist: those that became ready │  ┌───────┐   └──────────▲──────────┘
 *  │  watch this one│  │  while rdllist is being scanned  │  │ entry │              │
 *  └────────────────┘  │ wq: sleepers in epoll_wait       │  └───▲───┘   ┌──────────┴──────────┐
 *                      │ poll_wait: who watches this epoll│      └───────┤ EpItem              │
 *                      └──────────────────────────────────┘              │ ffd, event, pwqlist │
 *                                                                        └─────────────────────┘
 * ```
 *
 * **An item** is one watch: this epoll, that open file, under that number. From ADD to its end it is in `rbr` and on the file's
 * `f_ep`, and has an {@linkcode EppollEntry} on each wait queue that the file's `poll` named. It ends by DEL, with the last
 * reference to the file, or with the epoll.
 *
 * **Ready** is an item that hangs on `rdllist` by its `rdllink`. Each is there once, at the place of the first wake-up since it
 * was last taken off. Being there is a claim, no more: whether the file has an event of the mask is asked again when
 * the item is about to be delivered.
 *
 * **A scan** takes the whole `rdllist` for itself. What becomes ready meanwhile goes to `ovflist`, last first, and from there back
 * to `rdllist` when the scan is over. So `ovflist` tells three states: EP_UNACTIVE_PTR, no scan; null, a scan and
 * nothing came; an item, the last one that came.
 *
 * **Locks** are not needed where only one thing happens at a time. One is kept as a mark, `mtx`: whoever would wait for it
 * here, from within a scan, would wait for ever in the kernel.
 *
 * @module
 */

import { InterestTree } from "./interest.ts";
import { ListHead } from "./list.ts";
import { RbNode } from "./rbtree.ts";
import type { Errno } from "./errors.ts";
import { checkQueue, WaitQueueEntry, type WaitQueueFunc, WaitQueueHead } from "./wait_queue.ts";
import type { WakeupSource } from "./wakeup_source.ts";

/** `struct poll_table`: what a file's `poll` is to do beside telling its events. */
export interface PollTable {
  /** Hears of each queue on which the file tells of events. */
  readonly queue_proc: (whead: WaitQueueHead) => void;
}

/** `struct file_operations`: what a kind of file can do. To read or write without the operation is EINVAL. */
export interface FileOperations {
  /** The kind, as /proc/PID/fd shows it. */
  readonly name: string;

  /**
   * Tells which events the file has, and with a table also on which queues it tells of new ones: to be passed to
   * `poll_wait`.
   *
   * @param pt Asks for the queues; null if they are not wanted.
   * @returns All events that the file has.
   */
  poll?(pt: PollTable | null): number;

  /**
   * Whether asking for the events takes them away, as it does for the rings of perf. Nobody asks such a file out of
   * curiosity.
   */
  readonly isPollConsuming?: boolean;

  /**
   * Reads.
   *
   * @param buffer Where to.
   * @returns How many bytes, or what is wrong.
   */
  read?(buffer: Uint8Array<ArrayBuffer>): number | Errno;

  /**
   * Writes.
   *
   * @param buffer The bytes.
   * @returns How many bytes, or what is wrong.
   */
  write?(buffer: Uint8Array<ArrayBuffer>): number | Errno;

  /**
   * Ends directions of a socket.
   *
   * @param how `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`.
   */
  shutdown?(how: number): void;

  /** Lets go of the file, with its last reference. */
  release?(): void;
}

/** `struct file`: an open file. Numbers stand for it; `dup` adds one, and nothing but the last one closes it. */
export class File {
  /** A number that no other file has; in place of the address. */
  readonly ino: number;
  /** What it can do. */
  readonly f_op: FileOperations;
  /** The eventpoll of an epoll's file; null for all others. */
  readonly private_data: EventPoll | null;
  /** References: numbers, and calls that sleep on it. */
  f_count = 1;
  /** The items by which it is watched, the newest first. */
  readonly f_ep: ListHead<EpItem> = new ListHead<EpItem>();

  /**
   * @param ino A number that no other file has.
   * @param f_op What it can do.
   * @param private_data The eventpoll of an epoll's file.
   */
  constructor(ino: number, f_op: FileOperations, private_data: EventPoll | null = null) {
    this.ino = ino;
    this.f_op = f_op;
    this.private_data = private_data;
  }
}

/** `EP_UNACTIVE_PTR`: no pointer, not even null. */
export const EP_UNACTIVE_PTR: unique symbol = Symbol("EP_UNACTIVE_PTR");

/** `struct user_struct`: whose watches are counted together. */
export interface User {
  /** Items of all epolls that this user made. */
  epoll_watches: number;
}

/** `struct eventpoll`: an epoll. */
export class EventPoll {
  /** Held while items are scanned or changed. */
  mtx = false;
  /** Those that sleep in epoll_wait(), exclusive entries all of them. */
  readonly wq: WaitQueueHead = new WaitQueueHead();
  /** Those that wait for the epoll as a file: items of other epolls, and sleepers in poll(). */
  readonly poll_wait: WaitQueueHead = new WaitQueueHead();
  /** The ready items in the order in which they will be delivered. */
  readonly rdllist: ListHead<EpItem> = new ListHead<EpItem>();
  /** All items. */
  readonly rbr: InterestTree<EpItem> = new InterestTree<EpItem>();
  /** Items that became ready during a scan, linked by `EpItem.next`, the last one first. */
  ovflist: EpItem | null | typeof EP_UNACTIVE_PTR = EP_UNACTIVE_PTR;
  /** Keeps the machine awake while items are being delivered; made with the first item that has EPOLLWAKEUP. */
  ws: WakeupSource | null = null;
  /** Who made it and pays for its watches. */
  readonly user: User;
  /** Its file. */
  file!: File;
  /** In which loop check `loop_check_depth` was found. */
  gen = 0;
  /** How deep epolls are nested from here on, as the loop check `gen` has found. */
  loop_check_depth = 0;

  /** @param user Who makes it. */
  constructor(user: User) {
    this.user = user;
  }
}

/** `struct epitem`: one watch. */
export class EpItem {
  /** Its place in `rbr`. */
  readonly rbn: RbNode<this> = new RbNode(this);
  /** Its place on `rdllist`. */
  readonly rdllink: ListHead<EpItem> = new ListHead<EpItem>(this);
  /** The next one on `ovflist`; EP_UNACTIVE_PTR while it is not on it. */
  next: EpItem | null | typeof EP_UNACTIVE_PTR = EP_UNACTIVE_PTR;
  /** Its key: file and number. */
  readonly ffd: { readonly file: File; readonly fd: number };
  /** Its entries on the file's wait queues. */
  readonly pwqlist: EppollEntry[] = [];
  /** Its epoll. */
  readonly ep: EventPoll;
  /** Its place on the file's `f_ep`. */
  readonly fllink: ListHead<EpItem> = new ListHead<EpItem>(this);
  /** Keeps the machine awake while it is ready; with EPOLLWAKEUP only. */
  ws: WakeupSource | null = null;
  /** What is watched for, and what is reported with it. */
  readonly event: { events: number; data: bigint };

  /**
   * @param ep Its epoll.
   * @param file The watched file.
   * @param fd The number it is watched under.
   * @param events What is watched for.
   * @param data What is reported with it.
   */
  constructor(ep: EventPoll, file: File, fd: number, events: number, data: bigint) {
    this.ep = ep;
    this.ffd = { file, fd };
    this.event = { events, data };
  }
}

/** `struct eppoll_entry`: an item's entry on one wait queue of its file. */
export class EppollEntry {
  /** The item that hears. */
  readonly base: EpItem;
  /** The entry on the queue. */
  readonly wait: WaitQueueEntry;
  /** The queue. */
  readonly whead: WaitQueueHead;

  /**
   * @param base The item that hears.
   * @param whead The queue.
   * @param func Hears of wake-ups.
   */
  constructor(base: EpItem, whead: WaitQueueHead, func: WaitQueueFunc) {
    this.base = base;
    this.whead = whead;
    this.wait = new WaitQueueEntry(func);
  }
}

/**
 * Names a queue on which a file tells of events, for use in `poll`.
 *
 * @param whead The queue.
 * @param pt What `poll` was given.
 * @throws {TypeError} If the queue is none.
 */
export function poll_wait(whead: WaitQueueHead, pt: PollTable | null): void {
  checkQueue("wait", whead);
  if (pt !== null) pt.queue_proc(whead);
}

/**
 * Whether a file is an epoll.
 *
 * @param file The file.
 * @returns Whether it is.
 */
export function is_file_epoll(file: File): boolean {
  return file.private_data !== null;
}
