/**
 * What holds in the model between any two steps. Nothing here changes the model: asking a file for its events would, so epolls
 * are not asked but looked into.
 *
 * @module
 */

import { EPOLLET, EPOLLEXCLUSIVE, EPOLLIN, EPOLLRDNORM } from "../../../src/eventpoll/events.ts";
import type { ModelSystem } from "../../../src/eventpoll/model.ts";
import type { EpItem, EventPoll, File } from "../../../src/eventpoll/structs.ts";

/** Programs of the fuzzer get no higher number. */
const MAX_FD = 96;

/** A file, five epolls above it and no more: EP_MAX_NESTS + 1. */
const MAX_EPOLLS_IN_A_ROW = 5;

/** Bits that say how to report, not what. */
const PRIVATE_BITS = 0xf0000000;

/**
 * Looks into a model without sleepers.
 *
 * @param model The model.
 * @throws {Error} If something in it is not as it must be.
 */
export function checkModel(model: ModelSystem): void {
  const files = new Map<File, number>();
  for (let fd = 0; fd < MAX_FD; fd++) {
    const file = model.files.get(fd);
    if (file !== undefined) files.set(file, (files.get(file) ?? 0) + 1);
  }
  let watches = 0;
  for (const [file, numbers] of files) {
    hold(file.f_count === numbers, "a file has as many references as numbers");
    for (const epi of file.f_ep) {
      hold(epi.ffd.file === file, "a file lists the items that watch it");
      hold(epi.ep.rbr.find(epi.ffd) === epi, "an item is found in the tree of its epoll");
      hold(files.has(epi.ep.file), "an item ends with its epoll");
    }
    if (file.private_data === null) continue;
    watches += checkEpoll(file.private_data, files);
    hold(
      epollsInARow(file.private_data, 1) <= MAX_EPOLLS_IN_A_ROW,
      "no more than five epolls stand in a row",
    );
  }
  hold(model.user.epoll_watches === watches, "the user has as many watches as there are items");
}

/** Returns how many items there are. */
function checkEpoll(ep: EventPoll, files: ReadonlyMap<File, number>): number {
  hold(!ep.mtx, "no lock is held");
  hold(typeof ep.ovflist === "symbol", "there is no overflow list outside of a scan");
  const linked = new Set<EpItem>();
  for (const epi of ep.rdllist) {
    hold(!linked.has(epi), "an item is on the ready list once");
    linked.add(epi);
  }
  let items = 0;
  let previous: EpItem | undefined;
  for (const epi of ep.rbr) {
    items++;
    if (previous !== undefined) hold(isBefore(previous, epi), "the tree is in order");
    previous = epi;
    checkItem(ep, epi, files, linked.delete(epi));
  }
  hold(linked.size === 0, "only items of the tree are on the ready list");
  hold(ep.rbr.size === items, "the tree knows its size");
  return items;
}

function checkItem(ep: EventPoll, epi: EpItem, files: ReadonlyMap<File, number>, isLinked: boolean): void {
  const { file } = epi.ffd;
  hold(epi.ep === ep, "an item knows its epoll");
  hold(files.has(file), "an item ends with its file");
  hold([...file.f_ep].includes(epi), "a file knows the items that watch it");
  hold(typeof epi.next === "symbol", "no item is on an overflow list outside of a scan");
  hold((epi.rdllink.next !== epi.rdllink) === isLinked, "an item that is linked is on the ready list");
  hold(epi.pwqlist.length > 0, "an item is on a wait queue of its file");
  for (const { wait, whead } of epi.pwqlist) {
    hold([...whead.head].includes(wait), "an entry is on the queue it names");
    hold(
      wait.exclusive === ((epi.event.events & EPOLLEXCLUSIVE) !== 0),
      "an item is exclusive, or it is not",
    );
  }
  if (isBound(epi) && (events(file) & epi.event.events) !== 0) {
    hold(isLinked, "a level-triggered item whose file is ready is on the ready list");
  }
}

/**
 * Whether an item must be on the ready list while its file has an event it is for. Exclusive ones need not: another epoll may
 * have taken the wake-up. Those of epolls must hear of them, and wake-ups of epolls tell of EPOLLIN alone.
 */
function isBound({ event, ffd }: EpItem): boolean {
  if ((event.events & (EPOLLET | EPOLLEXCLUSIVE)) !== 0) return false;
  if ((event.events & ~PRIVATE_BITS) === 0) return false;
  return ffd.file.private_data === null || (event.events & EPOLLIN) !== 0;
}

/** The events a file has. */
function events(file: File): number {
  const ep = file.private_data;
  // Every file here was polled when it was added, so a pipe does not learn of it by this.
  if (ep === null) return file.f_op.poll!(null);
  for (const epi of ep.rdllist) {
    if ((events(epi.ffd.file) & epi.event.events) !== 0) return EPOLLIN | EPOLLRDNORM;
  }
  return 0;
}

function epollsInARow(ep: EventPoll, depth: number): number {
  hold(depth <= MAX_EPOLLS_IN_A_ROW, "no more than five epolls stand in a row, and none in a circle");
  let deepest = depth;
  for (const { ffd } of ep.rbr) {
    const inner = ffd.file.private_data;
    if (inner !== null) deepest = Math.max(deepest, epollsInARow(inner, depth + 1));
  }
  return deepest;
}

function isBefore(a: EpItem, b: EpItem): boolean {
  return a.ffd.file.ino < b.ffd.file.ino || (a.ffd.file === b.ffd.file && a.ffd.fd < b.ffd.fd);
}

function hold(condition: boolean, what: string): void {
  if (!condition) throw new Error(`This does not hold in the model: ${what}`);
}
