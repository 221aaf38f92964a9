/**
 * Mutants of the road of a wake-up into an epoll.
 *
 * @module
 */

import { type Mutant, mutantsOf } from "./mutant.ts";

const KEY = "if (pollflags !== 0 && (pollflags & events) === 0) {";
const FORWARD = "  if (waitqueue_active(ep.poll_wait)) ep_poll_safewake";

/** The mutant that is deaf: it also has to fail where a pipe waits with the model. */
export const DEAF = "a wake-up does not reach ep_poll_callback";

/** Mutants of `callback.ts`. */
export const OF_CALLBACK: readonly Mutant[] = mutantsOf("callback.ts", [
  {
    name: DEAF,
    why: "what becomes ready after it was added would never be reported",
    pieces: [["(key) => ep_poll_callback(machine, epi, key)", "() => 0"]],
  },
  {
    name: "the key of a wake-up is not looked at",
    why: "room to write would be an edge for a watch that reads",
    pieces: [[KEY, "if (false) {"]],
  },
  {
    name: "key 0 tells of nothing",
    why: "the end of a pipe's other side wakes with key 0, and HUP would be lost",
    pieces: [[KEY, "if ((pollflags & events) === 0) {"]],
  },
  {
    name: "a one-shot item that has reported is queued again",
    why: "it would keep a place on the ready list, and wake sleepers for nothing",
    pieces: [["if ((events & ~EP_PRIVATE_BITS) === 0) {", "if (false) {"]],
  },
  {
    name: "a wake-up moves a queued item to the tail",
    why: "the order is that of the first wake-ups",
    pieces: [
      ["import { list_add_tail } from", "import { list_add_tail, list_del_init } from"],
      [
        "else if (!ep_is_linked(epi)) ep_queue(machine, epi);",
        "else if (list_del_init(epi.rdllink), true) ep_queue(machine, epi);",
      ],
    ],
  },
  {
    name: "items are queued at the head",
    why: "the ready list is first in, first out",
    pieces: [
      ["list_add_tail(epi.rdllink, epi.ep.rdllist);", "list_add(epi.rdllink, epi.ep.rdllist);"],
      ["import { list_add_tail } from", "import { list_add } from"],
    ],
  },
  {
    name: "outer epolls hear only of items that were not queued",
    why: "an edge-triggered outer watch reports each wake-up within",
    pieces: [
      [
        "  if (ep.ovflist !== EP_UNACTIVE_PTR)",
        "  const isNew = !ep_is_linked(epi);\n  if (ep.ovflist !== EP_UNACTIVE_PTR)",
      ],
      [FORWARD, "  if (isNew && waitqueue_active(ep.poll_wait)) ep_poll_safewake"],
    ],
  },
  {
    name: "outer epolls do not hear",
    why: "nested epolls would be seen ready only when they are added",
    pieces: [[FORWARD, "  if (false) ep_poll_safewake"]],
  },
  {
    name: "an epoll tells outer ones of everything",
    why: "its wake-ups tell of IN alone, and a watch for RDNORM misses them",
    pieces: [["wake_up_poll(ep.poll_wait, EPOLLIN);", "wake_up_poll(ep.poll_wait, 0);"]],
  },
  {
    name: "sleepers are not woken",
    why: "they would sleep beside a full ready list",
    pieces: [["    wake_up_poll(ep.wq, 0);\n", "\n"]],
  },
  {
    name: "an exclusive item never takes a wake-up for itself",
    why: "one event would wake every epoll: the thundering herd",
    pieces: [["  return isExclusive ? ewake : 1;", "  return isExclusive ? 0 : 1;"]],
  },
  {
    name: "an exclusive item takes wake-ups without having a sleeper",
    why: "nobody would wake up, and the others would not get the item queued",
    pieces: [["  return isExclusive ? ewake : 1;", "  return 1;"]],
  },
  {
    name: "an exclusive item hears in the line of plain ones",
    why: "exclusive ones stand behind all others, the oldest first",
    pieces: [["add_wait_queue_exclusive(whead, pwq.wait);", "add_wait_queue(whead, pwq.wait);"]],
  },
  {
    name: "an exclusive item takes wake-ups that are not for it",
    why: "it asked for one direction, and the wake-up tells of the other",
    pieces: [
      ["      return (events & EPOLLOUT) !== 0;", "      return true;"],
      ["      return (events & EPOLLIN) !== 0;", "      return true;"],
    ],
    equivalent: "a wake-up whose key has none of its events does not come so far",
  },
  {
    name: "an exclusive item takes wake-ups of both directions",
    why: "the kernel leaves those to others",
    pieces: [["    default:\n      return false;", "    default:\n      return true;"]],
    equivalent: "no file of the model tells of both directions in one wake-up",
  },
]);
