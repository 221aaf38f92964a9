/** What the tests of the outputs write: a small run with every kind of line, and events at random. */

import fc from "fast-check";
import type { TraceEvent, TraceHeader, TraceLoss, TraceSummary } from "../../../src/trace/model.ts";
import type { TraceError, TraceOutput } from "../../../src/trace/output.ts";

export const HEADER: TraceHeader = {
  events: ["sched:sched_process_exec", "openat"],
  backend: "bpf",
  cpus: [0, 1],
  ringBytes: 262144,
  watermarkBytes: 65536,
  // So that 2631.474848952 s after boot is 2026-11-22T05:01:02.474848952Z.
  wallOffsetNs: 1795321031000000000n,
  command: ["cat", "/etc/hostname"],
  kernel: "6.18.44",
};

/** An event with `changes`. */
export function event(changes: Partial<TraceEvent> = {}): TraceEvent {
  return {
    time: 2631474848952n,
    cpu: 1,
    pid: 13464,
    tid: 13464,
    comm: "cat",
    event: "sched:sched_process_exec",
    args: { filename: "/bin/cat", pid: 13464, old_pid: 13464 },
    ...changes,
  };
}

/** A system call with `changes`. */
export function call(changes: Partial<TraceEvent> = {}): TraceEvent {
  return event({
    time: 2631475101007n,
    event: "openat",
    args: { dfd: -100, filename: "/etc/hostname", flags: 0, mode: 0 },
    call: { ret: 3n, durationNs: 23499n },
    ...changes,
  });
}

export const LOSS: TraceLoss = { time: 2631475230000n, cpu: 1, count: 115 };

export const ERROR: TraceError = {
  code: "unreadable_string",
  event: "syscalls:sys_enter_openat",
  field: "filename",
};

export const SUMMARY: TraceSummary = {
  events: 9,
  lost: 116,
  missed: 2,
  left: 1,
  unfinished: 1,
  exact: true,
  durationNs: 10_012_345_678n,
  perEvent: new Map([["sched:sched_process_exec", 3], ["sched:sched_switch", 2], ["openat", 4]]),
  perCpu: [{ cpu: 0, events: 0, lost: 0 }, { cpu: 1, events: 9, lost: 116 }],
  calls: new Map([["openat", { count: 4, errors: 1, totalNs: 94_000n, maxNs: 70_001n }]]),
};

/** A run with every kind of line and every kind of value. */
export function wholeRun(output: TraceOutput): string {
  return [
    output.header(HEADER),
    output.event(event()),
    output.event(call()),
    output.event(call({
      time: 2631475101999n,
      args: { dfd: -100, filename: null, flags: 524288, mode: 0 },
      reasons: { filename: "unreadable" },
      call: { ret: -14n, durationNs: 499n },
    })),
    output.event(event({
      time: 2632000000000n,
      cpu: 0,
      comm: "evil\n\u001b[2J",
      event: "test:every_value",
      args: {
        text: 'a "b"\\',
        spaced: "x pid=1",
        empty: "",
        bidi: "a\u202eb",
        big: 2n ** 64n - 1n,
        small: -(2n ** 63n),
        safe: 2n ** 53n - 1n,
        negative: -5,
        flag: true,
        bytes: [0, 255, 2n ** 60n],
        none: [],
        unknown: null,
      },
    })),
    output.lost(LOSS),
    output.lost({ time: 2632000000001n, cpu: null, count: 1 }),
    output.error(ERROR),
    output.error({ code: "detach_failed", event: null, field: null }),
    output.event(call({
      comm: "",
      time: 2633999999999n,
      event: "exit_group",
      args: { error_code: 0 },
      call: { ret: null, durationNs: null },
    })),
    output.summary(SUMMARY, 4),
  ].join("");
}

/** Text of any UTF-16 units: controls, quotes, halves of pairs and line separators often among them. */
const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(
    fc.oneof(
      fc.constantFrom(0x0a, 0x0d, 0x1b, 0x22, 0x5c, 0x7f, 0x85, 0x9b, 0x2028, 0x2029, 0x202e, 0xd800, 0xdfff),
      fc.nat(0xffff),
    ).map((unit) => String.fromCharCode(unit)),
  ).map((units) => units.join("")),
);

const integers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n) + 1n, -(2n ** 53n), 2 ** 53, -0),
);

const values = fc.oneof(integers, texts, fc.boolean(), fc.constant(null), fc.array(integers));

/** Field names as C has them, and others. */
const names = fc.oneof(fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/), texts);

/** Any event, with strings and integers of any kind. */
export const events: fc.Arbitrary<TraceEvent> = fc.record({
  time: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  cpu: fc.nat(1023),
  pid: fc.nat(4194304),
  tid: fc.nat(4194304),
  comm: texts,
  event: fc.oneof(fc.constantFrom("openat", "sched:sched_switch"), texts),
  args: fc.dictionary(names, values),
  reasons: fc.dictionary(names, texts),
  call: fc.record({
    ret: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    durationNs: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  }),
}, { requiredKeys: ["time", "cpu", "pid", "tid", "comm", "event", "args"] });
