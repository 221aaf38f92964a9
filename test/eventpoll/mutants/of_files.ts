/**
 * Mutants of wait queues, of numbers and files, and of what can be polled.
 *
 * @module
 */

import { type Mutant, mutantsOf } from "./mutant.ts";

/** Mutants of `wait_queue.ts`. */
export const OF_WAIT_QUEUE: readonly Mutant[] = mutantsOf("wait_queue.ts", [
  {
    name: "plain entries hear in order of registration",
    why: "the newest hears first, and so is queued first",
    pieces: [[
      "  wait.exclusive = false;\n  list_add(wait.entry, wq.head);",
      "  wait.exclusive = false;\n  list_add_tail(wait.entry, wq.head);",
    ]],
  },
  {
    name: "exclusive entries hear in front of plain ones",
    why: "those that never end the walk must hear first",
    pieces: [[
      "  wait.exclusive = true;\n  list_add_tail(wait.entry, wq.head);",
      "  wait.exclusive = true;\n  list_add(wait.entry, wq.head);",
    ]],
  },
  {
    name: "of several sleepers, the first one to fall asleep is woken",
    why: "the last one is, since its memory is the likeliest to be in the caches",
    pieces: [[
      "  wait.exclusive = true;\n  list_add(wait.entry, wq.head);",
      "  wait.exclusive = true;\n  list_add_tail(wait.entry, wq.head);",
    ]],
  },
  {
    name: "a wake-up wakes all exclusive entries",
    why: "one event, one sleeper",
    pieces: [[
      "if (wait.func(key) !== 0 && wait.exclusive && --nrExclusive === 0) return;",
      "wait.func(key);",
    ]],
  },
  {
    name: "an exclusive entry that has no use for a wake-up ends the walk",
    why: "the wake-up goes to the next one",
    pieces: [["if (wait.func(key) !== 0 && wait.exclusive", "wait.func(key);\n    if (wait.exclusive"]],
  },
]);

/** Mutants of `ep_poll.ts` and `poll.ts`. */
export const OF_SLEEPERS: readonly Mutant[] = [
  ...mutantsOf("ep_poll.ts", [
    {
      name: "a sleeper that was woken stays on the queue",
      why: "the next wake-up would go to one that is awake",
      pieces: [[
        "    remove_wait_queue(wait);\n    return default_wake_function(task);",
        "    return default_wake_function(task);",
      ]],
      equivalent:
        "who is awake has no use for a wake-up (default_wake_function), so it goes to the next one all the same",
    },
    {
      name: "a sleeper that finds nothing returns",
      why: "somebody else may have taken the event; it goes back to sleep",
      pieces: [["        if (res !== 0) return res;", "        return res;"]],
    },
    {
      name: "maxevents may be 0",
      why: "a wait for nothing is a mistake",
      pieces: [["if (!(maxevents > 0 &&", "if (!(maxevents >= 0 &&"]],
    },
    {
      name: "a bad maxevents is reported before a bad number",
      why: "the number is looked at first",
      pieces: [
        [`  if (file === undefined) return "EBADF";\n`, ""],
        [
          `  return file.private_data ?? "EINVAL";`,
          `  if (file === undefined) return "EBADF";\n  return file.private_data ?? "EINVAL";`,
        ],
      ],
    },
  ]),
  ...mutantsOf("poll.ts", [
    {
      name: "a sleeper in poll() is exclusive",
      why: "all that sleep in poll() are woken",
      pieces: [[
        "      add_wait_queue(whead, entry);",
        "      add_wait_queue(whead, entry);\n      entry.exclusive = true;",
      ]],
    },
    {
      name: "poll() reports HUP and ERR only to those who ask",
      why: "they are always reported",
      pieces: [["return (events & POLLFD_BITS) | EPOLLERR_HUP;", "return events & POLLFD_BITS;"]],
    },
  ]),
];

/** Mutants of `fd_table.ts`. */
export const OF_NUMBERS: readonly Mutant[] = mutantsOf("fd_table.ts", [
  {
    name: "a file ends with the first number that is closed",
    why: "a dup keeps it, and its watches, alive",
    pieces: [["    if (--file.f_count > 0) return;\n", "    file.f_count--;\n"]],
  },
  {
    name: "closing a number ends its watches while the file lives on",
    why: "watches belong to the open file, not to the number",
    pieces: [[
      "    if (--file.f_count > 0) return;\n    eventpoll_release(this.#machine, file);\n",
      "    eventpoll_release(this.#machine, file);\n    if (--file.f_count > 0) return;\n",
    ]],
  },
  {
    name: "a file that ends stays in the epolls",
    why: "the end of a file is the end of its watches",
    pieces: [["    eventpoll_release(this.#machine, file);\n", ""]],
  },
  {
    name: "a file wakes its other end before it leaves the epolls",
    why: "its own watches are gone by then",
    pieces: [[
      "    eventpoll_release(this.#machine, file);\n    file.f_op.release?.();\n",
      "    file.f_op.release?.();\n    eventpoll_release(this.#machine, file);\n",
    ]],
  },
  {
    name: "dup2 leaves open what the number stood for",
    why: "it closes it",
    pieces: [["    if (before !== undefined) this.put(before);\n", ""]],
  },
]);

/** Mutants of `pollable/`. */
export const OF_POLLABLES: readonly Mutant[] = [
  ...mutantsOf("pollable/eventfd.ts", [
    {
      name: "a counter can be written to until it is at its end",
      why: "one below the end is where EPOLLOUT is over",
      pieces: [["return this.#count < ULLONG_MAX - 1n ?", "return this.#count < ULLONG_MAX ?"]],
    },
    {
      name: "adding 0 to a counter wakes nobody",
      why: "each write that succeeds does",
      pieces: [[
        "    wake_up_poll(this.#wqh, EPOLLIN);",
        "    if (added > 0n) wake_up_poll(this.#wqh, EPOLLIN);",
      ]],
    },
    {
      name: "reading a counter wakes nobody",
      why: "each read that succeeds does, whether or not there was room before",
      pieces: [["    wake_up_poll(this.#wqh, EPOLLOUT);\n", ""]],
    },
    {
      name: "a semaphore gives all",
      why: "it gives one",
      pieces: [["this.#isSemaphore ? 1n : this.#count;", "this.#count;"]],
    },
  ]),
  ...mutantsOf("pollable/pipe.ts", [
    {
      name: "a write into a pipe wakes readers only if it was empty",
      why: "once polled, a pipe tells of each write",
      pieces: [["if (wasEmpty || pipe.poll_usage) wake_up_poll", "if (wasEmpty) wake_up_poll"]],
    },
    {
      name: "a write into a full pipe wakes nobody",
      why: "it does, though nothing was written",
      pieces: [["if (wasEmpty || pipe.poll_usage) wake_up_poll", "if (done > 0) wake_up_poll"]],
    },
    {
      name: "a write is never added to the last page",
      why: "small writes share a page",
      pieces: [["let done = wasEmpty ? 0 : this.#merge(buffer);", "let done = 0;"]],
    },
    {
      name: "a write is added to the last page in part",
      why: "what does not fit there as a whole takes a new page",
      pieces: [
        ["    const chars = buffer.length & (PAGE_SIZE - 1);\n", ""],
        [
          "    const end = last.offset + last.len;\n",
          "    const end = last.offset + last.len;\n    const chars = Math.min(buffer.length & (PAGE_SIZE - 1), PAGE_SIZE - end);\n",
        ],
      ],
    },
    {
      name: "each page that is read wakes writers",
      why: "only one of a full pipe does",
      pieces: [["      isWriterWoken ||= pipe.isFull;\n", "      isWriterWoken = true;\n"]],
    },
    {
      name: "each read from a full pipe wakes writers",
      why: "only one that frees a page does",
      pieces: [["    let isWriterWoken = false;\n", "    let isWriterWoken = pipe.isFull;\n"]],
    },
    {
      name: "the end of a pipe's other side wakes nobody",
      why: "both ends hear, whatever they wait for",
      pieces: [["    wake_up_all(this.rd_wait);\n    wake_up_all(this.wr_wait);\n", ""]],
    },
    {
      name: "a reader hangs up only when it is empty",
      why: "HUP comes with the end of the writers, beside IN",
      pieces: [[
        "return pipe.writers === 0 ? readable | EPOLLHUP : readable;",
        "return pipe.writers === 0 && readable === 0 ? EPOLLHUP : readable;",
      ]],
    },
  ]),
  ...mutantsOf("pollable/socket.ts", [
    {
      name: "a socket tells its sender of a read only when there was no room",
      why: "it does each time a message is read to its end",
      pieces: [[
        "    peer.#wmemAlloc -= truesize;\n    if (peer.#isWritable)",
        "    const wasWritable = peer.#isWritable;\n    peer.#wmemAlloc -= truesize;\n    if (!wasWritable && peer.#isWritable)",
      ]],
    },
    {
      name: "a peer that is closed with something unread is no error",
      why: "the sender's next read is ECONNRESET, and EPOLLERR tells of it",
      pieces: [["      if (this.#receiveQueue.length > 0) peer.#hasError = true;\n", ""]],
    },
    {
      name: "a peer that sends no more is not told of by RDHUP",
      why: "it is, to those who ask",
      pieces: [["mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;", "mask |= EPOLLIN | EPOLLRDNORM;"]],
    },
  ]),
];
