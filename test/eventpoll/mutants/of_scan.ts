/**
 * Mutants of the scan of the ready list.
 *
 * @module
 */

import { type Mutant, mutantsOf } from "./mutant.ts";

const PUT_BACK = "        list_add_tail(epi.rdllink, ep.rdllist);\n";
const SPLICE = "  ep.ovflist = EP_UNACTIVE_PTR;\n  list_splice_init(txlist, ep.rdllist);\n";

/** Mutants of `scan.ts`. */
export const OF_SCAN: readonly Mutant[] = mutantsOf("scan.ts", [
  {
    name: "a level-triggered item is put back at the head",
    why: "with room for one event at a time, others would never be served",
    pieces: [[PUT_BACK, "        list_add(epi.rdllink, ep.rdllist);\n"]],
  },
  {
    name: "a level-triggered item is not put back",
    why: "it would report once",
    pieces: [[PUT_BACK, ""]],
  },
  {
    name: "an edge-triggered item is put back",
    why: "it would report for as long as the condition holds",
    pieces: [["} else if ((epi.event.events & EPOLLET) === 0) {", "} else if (true) {"]],
  },
  {
    name: "an item that is ready no more counts as an event",
    why: "it would use up maxevents, and a wait would return nothing while something is ready",
    pieces: [[
      '        machine.trace?.watch(epi, { step: "prune" });\n        continue;',
      "        res++;\n        continue;",
    ]],
  },
  {
    name: "a one-shot item goes on reporting",
    why: "it reports once, then it waits for MOD",
    pieces: [["(epi.event.events & EP_PRIVATE_BITS) >>> 0;", "epi.event.events;"]],
  },
  {
    name: "a one-shot item that has reported still reports HUP and ERR",
    why: "not even those are reported before MOD",
    pieces: [[
      "(epi.event.events & EP_PRIVATE_BITS) >>> 0;",
      "(epi.event.events & (EP_PRIVATE_BITS | 0x18)) >>> 0;",
    ]],
  },
  {
    name: "a one-shot item forgets how it reports",
    why: "the bits that say how stay in fdinfo",
    pieces: [["(epi.event.events & EP_PRIVATE_BITS) >>> 0;", "0;"]],
  },
  {
    name: "all events of a file are reported",
    why: "only those that were asked for are",
    pieces: [[
      "return (epi.ffd.file.f_op.poll!(pt) & epi.event.events) >>> 0;",
      "return epi.ffd.file.f_op.poll!(pt);",
    ]],
  },
  {
    name: "an event that cannot be written is lost",
    why: "it is kept, at the head, even an edge",
    pieces: [["        list_add(epi.rdllink, txlist);\n", ""]],
  },
  {
    name: "an event that cannot be written goes to the tail",
    why: "it keeps its place",
    pieces: [["        list_add(epi.rdllink, txlist);\n", "        list_add_tail(epi.rdllink, txlist);\n"]],
  },
  {
    name: "what a scan had no room for is put behind what it put back",
    why: "those that did not get their turn come first",
    pieces: [[
      SPLICE,
      "  ep.ovflist = EP_UNACTIVE_PTR;\n  for (const epi of txlist) {\n    list_del_init(epi.rdllink);\n" +
      "    list_add_tail(epi.rdllink, ep.rdllist);\n  }\n",
    ]],
  },
  {
    name: "a scan that leaves something wakes nobody",
    why: "each sleeper that returns with a level-triggered event wakes the next one",
    pieces: [["  if (!list_empty(ep.rdllist) && waitqueue_active(ep.wq)) wake_up_poll(ep.wq, 0);\n", ""]],
  },
  {
    name: "poll on an epoll takes what is ready",
    why: "asking does not consume edges",
    pieces: [[
      "      if (ep_item_poll(epi, null) !== 0) return EPOLLIN | EPOLLRDNORM;\n",
      "      const ready = ep_item_poll(epi, null) !== 0;\n      if (ready) list_del_init(epi.rdllink);\n" +
      "      if (ready) return EPOLLIN | EPOLLRDNORM;\n",
    ]],
  },
  {
    name: "poll on an epoll leaves what is ready no more",
    why: "it is taken off, and stands at the tail when it is ready again",
    pieces: [[
      '      list_del_init(epi.rdllink);\n      machine.trace?.watch(epi, { step: "prune" });\n    }',
      "    }",
    ]],
  },
  {
    name: "poll on an epoll says that it can be written to",
    why: "an epoll is readable and nothing else",
    pieces: [["!== 0) return EPOLLIN | EPOLLRDNORM;", "!== 0) return EPOLLIN | EPOLLRDNORM | 4;"]],
  },
  {
    name: "poll on an epoll says IN alone",
    why: "it says RDNORM as well",
    pieces: [["!== 0) return EPOLLIN | EPOLLRDNORM;", "!== 0) return EPOLLIN;"]],
  },
  {
    name: "poll on an epoll believes the ready list",
    why: "being queued is a claim; whether it holds is asked",
    pieces: [["      if (ep_item_poll(epi, null) !== 0) return", "      if (true) return"]],
  },
  {
    name: "what came during a scan is put back last first",
    why: "it is put back in the order in which it came",
    pieces: [[
      "      list_add(epi.rdllink, ep.rdllist);\n",
      "      list_add_tail(epi.rdllink, ep.rdllist);\n",
    ]],
    equivalent:
      "nothing comes during a scan in one thread, unless a file's own poll wakes somebody; those here do not",
  },
]);
