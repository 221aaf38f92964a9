/**
 * Mutants of epoll_ctl(), of what may watch what, and of the set of watches.
 *
 * @module
 */

import { type Mutant, mutantsOf } from "./mutant.ts";

const MODIFY_QUEUE =
  `  machine.trace?.watch(epi, { step: "modify", events: epi.event.events, ready: revents });
  if (revents !== 0 && !ep_is_linked(epi)) ep_queue_and_wake(machine, epi);
`;
const INSERT_QUEUE =
  `  machine.trace?.watch(epi, { step: "insert", events: epi.event.events, ready: revents });
  if (revents !== 0 && !ep_is_linked(epi)) ep_queue_and_wake(machine, epi);
`;
const EFAULT = `  if (op !== EPOLL_CTL_DEL && event === null) return "EFAULT";\n`;
const EBADF = `  if (file === undefined || tfile === undefined) return "EBADF";\n`;
const EPERM = `  if (tfile.f_op.poll === undefined) return "EPERM";\n`;
const SELF = `  if (file === tfile || ep === null) return "EINVAL";\n`;
const MOD_EXCLUSIVE = `        if ((epi.event.events & EPOLLEXCLUSIVE) !== 0) return "EINVAL";\n`;
const ENOSPC = `if (ep.user.epoll_watches >= machine.max_user_watches) return "ENOSPC";`;

/** Mutants of `eventpoll.ts`. */
export const OF_CONTROL: readonly Mutant[] = mutantsOf("eventpoll.ts", [
  {
    name: "a bad number is reported before a bad pointer",
    why: "the kernel copies the event before it looks a number up",
    pieces: [[EFAULT + EBADF, EBADF + EFAULT]],
  },
  {
    name: "an epoll that is none is reported before a file that cannot be polled",
    why: "EPERM comes before EINVAL",
    pieces: [
      [EPERM, ""],
      [SELF, SELF + EPERM],
    ],
  },
  {
    name: "a file that cannot be polled is reported after the watch is looked for",
    why: "EPERM comes before ENOENT, for DEL too",
    pieces: [[EPERM, `  if (tfile.f_op.poll === undefined && op === EPOLL_CTL_ADD) return "EPERM";\n`]],
  },
  {
    name: "an epoll can watch itself",
    why: "the loop check looks at others only",
    pieces: [["  if (file === tfile || ep === null)", "  if (ep === null)"]],
  },
  {
    name: "EPOLLEXCLUSIVE goes with MOD",
    why: "its place on the wait queue cannot be changed",
    pieces: [[`    if (op === EPOLL_CTL_MOD) return "EINVAL";\n`, ""]],
  },
  {
    name: "an exclusive item can be modified",
    why: "MOD without EPOLLEXCLUSIVE would leave it where exclusive ones stand",
    pieces: [[MOD_EXCLUSIVE, ""]],
  },
  {
    name: "an epoll can be watched exclusively",
    why: "a wake-up that is taken within would be taken without",
    pieces: [["const isRefused = is_file_epoll(tfile) ||", "const isRefused ="]],
  },
  {
    name: "EPOLLEXCLUSIVE goes with everything",
    why: "one-shot items cannot be modified and would be dead for ever",
    pieces: [[
      "const isRefused = is_file_epoll(tfile) || (events & ~EPOLLEXCLUSIVE_OK_BITS) !== 0;",
      "const isRefused = is_file_epoll(tfile);",
    ]],
  },
  {
    name: "EPOLLERR and EPOLLHUP must be asked for with ADD",
    why: "they are always reported",
    pieces: [[
      "ep_insert(machine, ep, tfile, fd, events | EPOLLERR_HUP,",
      "ep_insert(machine, ep, tfile, fd, events,",
    ]],
  },
  {
    name: "EPOLLERR and EPOLLHUP must be asked for with MOD",
    why: "they are always reported",
    pieces: [["ep_modify(machine, epi, events | EPOLLERR_HUP,", "ep_modify(machine, epi, events,"]],
  },
  {
    name: "MOD of an unknown file adds it",
    why: "ENOENT leaves the set as it is",
    pieces: [[
      `        if (epi === null) return "ENOENT";\n${MOD_EXCLUSIVE}`,
      `        if (epi === null) return ep_insert(machine, ep, tfile, fd, events | EPOLLERR_HUP, event!.data, false);\n${MOD_EXCLUSIVE}`,
    ]],
  },
  {
    name: "ADD of a known file replaces its data",
    why: "EEXIST leaves the watch as it is",
    pieces: [[
      `        if (epi !== null) return "EEXIST";\n`,
      `        if (epi !== null) epi.event.data = event!.data;\n        if (epi !== null) return "EEXIST";\n`,
    ]],
  },
  {
    name: "ADD does not queue a file that is ready",
    why: "nothing would wake a watch for what was there before",
    pieces: [[INSERT_QUEUE, ""]],
  },
  {
    name: "MOD does not queue a file that is ready",
    why: "MOD is how an edge or a one-shot watch is set again",
    pieces: [[MODIFY_QUEUE, ""]],
  },
  {
    name: "MOD takes the item off the ready list",
    why: "an item that is queued keeps its place",
    pieces: [[MODIFY_QUEUE, `  list_del_init(epi.rdllink);\n${MODIFY_QUEUE}`]],
  },
  {
    name: "MOD tells outer epolls even if the item was queued",
    why: "they hear of MOD only when it queues the item",
    pieces: [[
      MODIFY_QUEUE,
      `${MODIFY_QUEUE}  if (revents !== 0 && waitqueue_active(epi.ep.poll_wait)) ep_poll_safewake(machine, epi.ep);\n`,
    ]],
  },
  {
    name: "MOD keeps the data",
    why: "it sets mask and data",
    pieces: [["  epi.event.data = data;\n", ""]],
  },
  {
    name: "ADD and MOD of a ready file wake no sleeper",
    why: "a thread that sleeps while another adds files must see them",
    pieces: [["  if (waitqueue_active(ep.wq)) wake_up_poll(ep.wq, 0);\n", ""]],
  },
  {
    name: "ADD and MOD of a ready file do not tell outer epolls",
    why: "the epoll becomes readable by it",
    pieces: [["  if (waitqueue_active(ep.poll_wait)) ep_poll_safewake(machine, ep);\n", ""]],
  },
  {
    name: "DEL leaves the item on the wait queue",
    why: "wake-ups would queue a watch that is gone",
    pieces: [["  for (const { wait } of epi.pwqlist) remove_wait_queue(wait);\n", ""]],
  },
  {
    name: "DEL leaves the item on the ready list",
    why: "a watch that is gone would be reported",
    pieces: [["  list_del_init(epi.rdllink);\n  ep_destroy", "  ep_destroy"]],
  },
  {
    name: "DEL does not give the watch back",
    why: "the user would run out of watches",
    pieces: [["  ep.user.epoll_watches--;\n", ""]],
  },
  {
    name: "one watch more than the limit can be made",
    why: "max_user_watches is how many there may be",
    pieces: [[ENOSPC, `if (ep.user.epoll_watches > machine.max_user_watches) return "ENOSPC";`]],
  },
  {
    name: "the limit of watches is looked at before the set",
    why: "EEXIST comes before ENOSPC",
    pieces: [
      [ENOSPC, ""],
      [
        `        if (epi !== null) return "EEXIST";`,
        `        ${ENOSPC}\n        if (epi !== null) return "EEXIST";`,
      ],
    ],
  },
  {
    name: "an epoll takes what it watches with it",
    why: "what was watched goes on, also in other epolls",
    pieces: [[
      "for (const epi of [...ep.rbr]) ep_remove(machine, epi);",
      "for (const epi of [...ep.rbr]) eventpoll_release(machine, epi.ffd.file);",
    ]],
  },
  {
    name: "an epoll that ends keeps its items",
    why: "the watched files would go on to call it",
    pieces: [["  for (const epi of [...ep.rbr]) ep_remove(machine, epi);\n", ""]],
  },
  {
    name: "only watched epolls are looked at for circles",
    why: "the first link of a row is made when nobody watches the upper epoll yet",
    pieces: [[
      "(!list_empty(file.f_ep) || ep.gen === machine.loop_check_gen || is_file_epoll(tfile));",
      "!list_empty(file.f_ep);",
    ]],
  },
  {
    name: "a file that got too many ways stays in the set",
    why: "ADD that fails leaves the set as it is",
    pieces: [[`    ep_remove(machine, epi);\n    return "EINVAL";`, `    return "EINVAL";`]],
  },
]);

/** Mutants of `nest.ts`. */
export const OF_NESTING: readonly Mutant[] = mutantsOf("nest.ts", [
  {
    name: "one epoll more may stand in a row",
    why: "five in a row are the most",
    pieces: [["machine, ep) <= EP_MAX_NESTS;", "machine, ep) <= EP_MAX_NESTS + 1;"]],
  },
  {
    name: "only four epolls may stand in a row",
    why: "five in a row are allowed",
    pieces: [["machine, ep) <= EP_MAX_NESTS;", "machine, ep) < EP_MAX_NESTS;"]],
  },
  {
    name: "epolls above do not count",
    why: "two short rows joined make a long one",
    pieces: [[
      "  return depth + 1 + ep_get_upwards_depth_proc(machine, ep) <= EP_MAX_NESTS;",
      "  return depth + 1 <= EP_MAX_NESTS;",
    ]],
  },
  {
    name: "a circle of two or more is not noticed",
    why: "a wake-up would go round for ever",
    pieces: [["if (inner === machine.inserting_into || depth > EP_MAX_NESTS)", "if (depth > EP_MAX_NESTS)"]],
  },
  {
    name: "epolls that are reached twice make a circle",
    why: "two ways to the same epoll are allowed",
    pieces: [[
      "  if (ep.gen === machine.loop_check_gen) return ep.loop_check_depth;\n  ep.gen = machine",
      "  if (ep.gen === machine.loop_check_gen) return Infinity;\n  ep.gen = machine",
    ]],
  },
  {
    name: "ways of two epolls are not limited",
    why: "each wake-up walks all of them",
    pieces: [["[Infinity, 500, 100,", "[Infinity, Infinity, 100,"]],
  },
  {
    name: "direct watchers are limited",
    why: "any number of epolls may watch a file directly",
    pieces: [["[Infinity, 500, 100,", "[500, 500, 100,"]],
  },
]);

/** Mutants of `interest.ts`. */
export const OF_INTEREST: readonly Mutant[] = mutantsOf("interest.ts", [
  {
    name: "the number is not part of the key",
    why: "a dup can be watched beside the original",
    pieces: [["return p1.file.ino - p2.file.ino || p1.fd - p2.fd;", "return p1.file.ino - p2.file.ino;"]],
  },
  {
    name: "the open file is not part of the key",
    why: "a number that was closed and given out again is another file",
    pieces: [["return p1.file.ino - p2.file.ino || p1.fd - p2.fd;", "return p1.fd - p2.fd;"]],
  },
]);

/** Mutants of `rbtree.ts`. */
export const OF_TREE: readonly Mutant[] = mutantsOf("rbtree.ts", [
  {
    name: "a node with two children takes its left one with it",
    why: "watches would vanish with others",
    pieces: [["    next.left = left;\n    left!.parent = next;\n", ""]],
  },
  {
    name: "the tree is not balanced",
    why: "a set that is filled in order would be a list",
    pieces: [["    this.#paintAfterInsert(node);\n", ""]],
    equivalent: "all results are the same, later; the tree's own tests look at its height",
  },
]);
