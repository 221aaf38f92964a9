/**
 * Wrong arguments of epoll: of the class, of the model, and of the system over the kernel's. A number that a system call can take
 * and refuses is no wrong argument in this sense: its error is the call's.
 */

import {
  Epoll,
  type EpollSystem,
  formatMask,
  LinuxSystem,
  ModelSystem,
  parseMask,
  poll_wait,
  wake_up_all,
  wake_up_poll,
} from "../../../src/eventpoll/mod.ts";
import {
  any,
  NO_BOOLEAN,
  NO_BYTES,
  NO_COUNT,
  NO_FUNCTION,
  NO_NUMBER,
  NO_OBJECT,
  NO_OPTIONS,
  NO_TEXT,
  optionRows,
  type Row,
} from "./_rows.ts";

/** What is no number of 32 bits. */
const NO_INT = [...NO_NUMBER, undefined, NaN, Infinity, -Infinity, 0.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53];

/** What is none without a sign. */
const NO_UINT = [...NO_NUMBER, undefined, NaN, Infinity, 0.5, -1, 2 ** 32, 2 ** 53];

/** What is no mask; one that JavaScript's `|` has made negative is. */
const NO_MASK = [...NO_NUMBER, undefined, NaN, Infinity, 0.5, -(2 ** 31) - 1, 2 ** 32, 2 ** 53];

const NO_TIME = [...NO_NUMBER, undefined, NaN, Infinity];

/** The first value is passed for the wrong one. */
type Call = (system: EpollSystem, value: unknown) => unknown;

const EVENT = { events: 1, data: 1n };

/** What both systems refuse: the call, its parameter, what is wrong, and how it is passed. */
const CALLS: readonly [method: string, parameter: string, wrong: readonly unknown[], call: Call][] = [
  ["epoll_create1", "flags", NO_INT, (system, value) => system.epoll_create1(any(value))],
  ["epoll_create", "size", NO_INT, (system, value) => system.epoll_create(any(value))],
  ["epoll_ctl", "epfd", NO_INT, (system, value) => system.epoll_ctl(any(value), 1, 1, EVENT)],
  ["epoll_ctl", "op", NO_INT, (system, value) => system.epoll_ctl(-1, any(value), -1, EVENT)],
  ["epoll_ctl", "fd", NO_INT, (system, value) => system.epoll_ctl(-1, 1, any(value), EVENT)],
  [
    "epoll_ctl",
    "events",
    NO_MASK,
    (system, value) => system.epoll_ctl(-1, 1, -1, { events: any(value), data: 1n }),
  ],
  [
    "epoll_ctl",
    "data",
    [undefined, null, 0, "x", true, {}, -1n, 2n ** 64n],
    (system, value) => system.epoll_ctl(-1, 1, -1, { events: 1, data: any(value) }),
  ],
  ["epoll_wait", "epfd", NO_INT, (system, value) => system.epoll_wait(any(value), 1, 0)],
  ["epoll_wait", "maxevents", NO_INT, (system, value) => system.epoll_wait(-1, any(value), 0)],
  ["epoll_wait", "timeoutMs", NO_TIME, (system, value) => system.epoll_wait(-1, 1, any(value))],
  ["sleepInWait", "epfd", NO_INT, (system, value) => system.sleepInWait(any(value), 1, 0)],
  ["sleepInWait", "maxevents", NO_INT, (system, value) => system.sleepInWait(-1, any(value), 0)],
  ["sleepInWait", "timeoutMs", NO_TIME, (system, value) => system.sleepInWait(-1, 1, any(value))],
  ["poll", "fd", NO_INT, (system, value) => system.poll(any(value), 0)],
  ["poll", "events", NO_MASK, (system, value) => system.poll(-1, any(value))],
  ["sleepInPoll", "fd", NO_INT, (system, value) => system.sleepInPoll(any(value), 0)],
  ["sleepInPoll", "events", NO_MASK, (system, value) => system.sleepInPoll(-1, any(value))],
  [
    "pipe",
    "slots",
    NO_INT.filter((value) => value !== undefined),
    (system, value) => system.pipe(any(value)),
  ],
  ["eventfd", "initval", NO_UINT, (system, value) => system.eventfd(any(value), 0)],
  ["eventfd", "flags", NO_INT, (system, value) => system.eventfd(0, any(value))],
  ["dup", "fd", NO_INT, (system, value) => system.dup(any(value))],
  ["dup2", "fd", NO_INT, (system, value) => system.dup2(any(value), 1_000_000)],
  ["dup2", "target", NO_INT, (system, value) => system.dup2(-1, any(value))],
  ["close", "fd", NO_INT, (system, value) => system.close(any(value))],
  ["read", "fd", NO_INT, (system, value) => system.read(any(value), new Uint8Array(8))],
  ["write", "fd", NO_INT, (system, value) => system.write(any(value), new Uint8Array(8))],
  ["shutdown", "fd", NO_INT, (system, value) => system.shutdown(any(value), 0)],
  ["isCloseOnExec", "fd", NO_INT, (system, value) => system.isCloseOnExec(any(value))],
  ["watches", "epfd", NO_INT, (system, value) => system.watches(any(value))],
  ["leaveWatches", "count", NO_UINT, (system, value) => system.leaveWatches(any(value))],
];

function rowsOf(name: string, make: () => EpollSystem): Row[] {
  return [
    ...CALLS.map(([method, parameter, wrong, call]): Row => ({
      api: `${name}#${method}`,
      parameter,
      wrong,
      error: RangeError,
      call: (value) => call(make(), value),
    })),
    {
      api: `${name}#epoll_ctl`,
      parameter: "event",
      wrong: NO_OBJECT.filter((value) => value !== null),
      error: TypeError,
      call: (value) => make().epoll_ctl(-1, 1, -1, any(value)),
    },
    ...(["read", "write"] as const).map((method): Row => ({
      api: `${name}#${method}`,
      parameter: "buffer",
      wrong: NO_BYTES,
      error: TypeError,
      call: (value) => withPipe(make(), (system, fds) => system[method](fds[method], any(value))),
    })),
    {
      api: `${name}#shutdown`,
      parameter: "how",
      wrong: NO_INT,
      error: RangeError,
      call: (value) => {
        const system = make();
        const [fd, peer] = system.socketpair();
        try {
          system.shutdown(fd, any(value));
        } finally {
          system.close(fd);
          system.close(peer);
        }
      },
    },
  ];
}

/** Calls with a pipe, and closes it. */
function withPipe<T>(
  system: EpollSystem,
  body: (system: EpollSystem, fds: { read: number; write: number }) => T,
): T {
  const [read, write] = system.pipe();
  try {
    return body(system, { read, write });
  } finally {
    system.close(read);
    system.close(write);
  }
}

function model(options: Record<string, unknown>): void {
  new ModelSystem(any(options));
}

/** Sets a timer of a model. */
function settime(valueMs: unknown, intervalMs: unknown): void {
  const system = new ModelSystem();
  system.timerfd_settime(system.timerfd_create(), any(valueMs), any(intervalMs));
}

/** Waits on a set that is empty, which nothing would end. */
function wait(options: Record<string, unknown>): void {
  using epoll = new Epoll();
  epoll.wait(any({ timeoutMs: 0, ...options }));
}

async function waitAsync(options: unknown): Promise<void> {
  const epoll = new Epoll();
  await epoll.waitAsync(any(options));
}

const NO_FD = [...NO_INT.filter((fd) => typeof fd !== "number"), NaN, 0.5, { fd: "1" }, { fd: 0.5 }];

/** The rows that need no kernel. */
export const EPOLL_ROWS: readonly Row[] = [
  ...rowsOf("ModelSystem", () => new ModelSystem()),
  {
    api: "new ModelSystem",
    parameter: "options",
    wrong: NO_OPTIONS,
    error: TypeError,
    call: model as Row["call"],
  },
  ...optionRows("new ModelSystem", TypeError, model, {
    seed: [...NO_NUMBER, NaN, 0.5, Infinity],
    maxUserWatches: NO_COUNT,
    mayBlockSuspend: NO_BOOLEAN,
  }),
  {
    api: "ModelSystem#trace",
    parameter: "hook",
    wrong: [undefined, ...NO_FUNCTION.filter((value) => value !== null)],
    error: TypeError,
    call: (value) => new ModelSystem().trace(any(value)),
  },
  {
    api: "ModelSystem#advance",
    parameter: "ms",
    wrong: [...NO_TIME, -1],
    error: RangeError,
    call: (value) => new ModelSystem().advance(any(value)),
  },
  {
    api: "ModelSystem#timerfd_settime",
    parameter: "fd",
    wrong: NO_INT,
    error: RangeError,
    call: (value) => new ModelSystem().timerfd_settime(any(value), 1, 0),
  },
  {
    api: "ModelSystem#timerfd_settime",
    parameter: "valueMs",
    wrong: NO_TIME,
    error: RangeError,
    call: (value) => settime(value, 0),
  },
  {
    api: "ModelSystem#timerfd_settime",
    parameter: "intervalMs",
    wrong: NO_TIME,
    error: RangeError,
    call: (value) => settime(1, value),
  },
  {
    api: "ModelSystem#anon_inode_getfd",
    parameter: "f_op",
    wrong: [...NO_OBJECT, {}, [], { name: 1 }],
    error: TypeError,
    call: (value) => new ModelSystem().anon_inode_getfd(any(value)),
  },
  ...(["fdinfo", "explain"] as const).map((method): Row => ({
    api: `ModelSystem#${method}`,
    parameter: "epfd",
    wrong: NO_INT,
    error: RangeError,
    call: (value) => new ModelSystem()[method](any(value)),
  })),
  {
    api: "new Epoll",
    parameter: "options",
    wrong: NO_OPTIONS,
    error: TypeError,
    call: (value) => new Epoll(any(value)),
  },
  {
    api: "new Epoll",
    parameter: "system",
    wrong: [...NO_OBJECT.filter((value) => value !== undefined), {}, []],
    error: TypeError,
    call: (value) => new Epoll(any({ system: value })),
  },
  ...(["add", "modify"] as const).flatMap((method): Row[] => [
    {
      api: `Epoll#${method}`,
      parameter: "target",
      wrong: NO_FD,
      error: TypeError,
      call: (value) => new Epoll()[method](any(value), 1),
    },
    {
      api: `Epoll#${method}`,
      parameter: "events",
      wrong: NO_MASK,
      error: RangeError,
      call: (value) => new Epoll()[method](0, any(value)),
    },
    {
      api: `Epoll#${method}`,
      parameter: "data",
      wrong: [null, "1", true, {}, NaN, Infinity, 0.5, -1, 2 ** 53, -1n, 2n ** 64n],
      error: RangeError,
      call: (value) => new Epoll()[method](0, 1, any(value)),
    },
  ]),
  {
    api: "Epoll#delete",
    parameter: "target",
    wrong: NO_FD,
    error: TypeError,
    call: (value) => new Epoll().delete(any(value)),
  },
  {
    api: "Epoll#wait",
    parameter: "options",
    wrong: NO_OPTIONS,
    error: TypeError,
    call: (value) => new Epoll().wait(any(value)),
  },
  ...optionRows("Epoll#wait", RangeError, wait, {
    timeoutMs: NO_TIME.filter((value) => value !== undefined),
  }),
  {
    api: "Epoll#wait",
    parameter: "maxEvents",
    says: "maxevents",
    wrong: NO_INT.filter((value) => value !== undefined),
    error: RangeError,
    call: (value) => wait({ maxEvents: value }),
  },
  { api: "Epoll#waitAsync", parameter: "options", wrong: NO_OPTIONS, error: TypeError, call: waitAsync },
  {
    api: "formatMask",
    parameter: "events",
    wrong: NO_MASK,
    error: RangeError,
    call: (value) => formatMask(any(value)),
  },
  {
    api: "parseMask",
    parameter: "text",
    wrong: NO_TEXT,
    error: TypeError,
    call: (value) => parseMask(any(value)),
  },
  {
    api: "poll_wait",
    parameter: "queue",
    wrong: [...NO_OBJECT, {}],
    error: TypeError,
    call: (value) => poll_wait(any(value), null),
  },
  {
    api: "wake_up_all",
    parameter: "queue",
    wrong: [...NO_OBJECT, {}],
    error: TypeError,
    call: (value) => wake_up_all(any(value)),
  },
  {
    api: "wake_up_poll",
    parameter: "queue",
    wrong: [...NO_OBJECT, {}],
    error: TypeError,
    call: (value) => wake_up_poll(any(value), 0),
  },
];

/** The rows of the system over the kernel's epoll. */
export const EPOLL_KERNEL_ROWS: readonly Row[] = [
  ...rowsOf("LinuxSystem", () => new LinuxSystem()),
  {
    api: "LinuxSystem#settle",
    parameter: "quietMs",
    wrong: [...NO_NUMBER, NaN, -1, Infinity],
    error: RangeError,
    call: (value) => new LinuxSystem().settle(any(value)),
  },
];
