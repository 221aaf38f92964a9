/** Wrong arguments of what needs no kernel: the pipe, layouts, events, memory rings and stop tokens. */

import { EventPipe, layout, MemorySource, type PerfWriter, StopToken } from "../../../mod.ts";
import { EventView } from "../../../src/pipe/event.ts";
import {
  any,
  NO_BOOLEAN,
  NO_BYTES,
  NO_COUNT,
  NO_FILTERED,
  NO_FUNCTION,
  NO_LIST,
  NO_NUMBER,
  NO_OBJECT,
  NO_OPTIONS,
  NO_RING,
  NO_SCANNER,
  NO_TEXT,
  optionRows,
  type Row,
} from "./_rows.ts";

/** Rings of two CPUs. */
function source(): MemorySource {
  return MemorySource.open({ cpus: [0, 1] });
}

function writer(): PerfWriter {
  const rings = source();
  rings.start();
  return rings.writer(0);
}

/** Calls with a pipe that has a handler of single events and one of batches. */
function withPipe<T>(body: (pipe: EventPipe, rings: MemorySource) => T): T {
  const rings = source();
  using pipe = EventPipe.open({ source: rings });
  pipe.register({ name: "single", process: () => {} });
  return body(pipe, rings);
}

/** Opens a pipe, and closes it if it is opened after all. */
function open(options: Record<string, unknown>): void {
  EventPipe.open(any({ source: source(), ...options })).close();
}

function register(options: Record<string, unknown>): number {
  return withPipe((pipe) => pipe.register(any({ name: "x", process: () => {}, ...options })));
}

/** Runs a pipe; what is taken ends at once, and the pipe is closed behind it. */
async function run(options: unknown): Promise<void> {
  using pipe = EventPipe.open({ source: source() });
  pipe.register({ name: "end", process: () => 1 });
  const running = pipe.run(any(options));
  pipe.close();
  await running;
}

/** Calls with the batch of two events of 20 bytes. */
function withBatch(body: (events: { at: unknown }) => unknown): void {
  const rings = source();
  using pipe = EventPipe.open({ source: rings });
  pipe.register({ name: "batch", processBatch: (events) => void body(events) });
  for (let i = 0; i < 2; i++) rings.writer(0).output(20);
  pipe.poll(0);
}

const event = EventView.over(new Uint8Array(24), 0);

/** Offsets that no value of 8 bytes or less has in an event of 24. What is a bigint is V8's to refuse, at no cost. */
const NO_OFFSET = [...NO_COUNT.filter((value) => typeof value !== "bigint"), undefined, 24, 2 ** 32, 2 ** 53];

const READERS = ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "bigU64", "bigI64"] as const;

const process = (): void => {};

/** The rows. */
export const MEMORY_ROWS: readonly Row[] = [
  {
    api: "MemorySource.open",
    parameter: "options",
    wrong: NO_OPTIONS,
    error: TypeError,
    call: (value) => MemorySource.open(any(value)),
  },
  ...optionRows("MemorySource.open", RangeError, (options) => MemorySource.open(options), {
    ringBytes: [...NO_COUNT, 0, 1, 2048, 4097, 12288, 2 ** 31, 2 ** 53],
    wakeupEvents: [...NO_COUNT, 0, 2 ** 32, 2 ** 53],
    cpus: [...NO_LIST, [], [0, 0], ...NO_COUNT.map((cpu) => [cpu])],
  }),
  ...optionRows("MemorySource.open", TypeError, (options) => MemorySource.open(options), {
    scanner: NO_SCANNER,
    filter: NO_LIST,
  }),
  {
    api: "MemorySource.open",
    parameter: "filter",
    wrong: NO_FILTERED.map((category) => [category]),
    error: RangeError,
    call: (value) => MemorySource.open({ scanner: "wasm", filter: any(value) }),
  },
  {
    api: "MemorySource#filtered",
    parameter: "category",
    wrong: NO_FILTERED,
    error: RangeError,
    call: (value) => source().filtered(any(value)),
  },
  {
    api: "MemorySource.writerOf",
    parameter: "shared",
    wrong: [
      ...NO_OBJECT,
      {},
      [],
      ...[
        { buffer: new ArrayBuffer(8) },
        { regions: "x" },
        { regions: undefined },
        { signals: [] },
        { signals: new Uint8Array(64) },
        { wakeupEvents: NaN },
        { wakeupEvents: "1" },
      ].map((part) => ({ ...source().share(), ...part })),
    ],
    error: TypeError,
    call: (value) => MemorySource.writerOf(any(value), 0),
  },
  {
    api: "MemorySource.writerOf",
    parameter: "ring",
    wrong: NO_RING,
    error: RangeError,
    call: (value) => MemorySource.writerOf(source().share(), any(value)),
  },
  {
    api: "MemorySource#writer",
    parameter: "ring",
    wrong: NO_RING,
    error: RangeError,
    call: (value) => source().writer(any(value)),
  },
  {
    api: "MemorySource#lost",
    parameter: "ring",
    wrong: NO_RING,
    error: RangeError,
    call: (value) => source().lost(any(value)),
  },
  {
    api: "PerfWriter#output",
    parameter: "payloadBytes",
    wrong: [...NO_COUNT, undefined, 0, 65517, 2 ** 32, 2 ** 53],
    error: RangeError,
    call: (value) => writer().output(any(value)),
  },
  {
    api: "PerfWriter#outputBytes",
    parameter: "payload",
    wrong: NO_BYTES,
    error: TypeError,
    call: (value) => writer().outputBytes(any(value)),
  },
  {
    api: "PerfWriter#outputBytes",
    parameter: "payload",
    wrong: [new Uint8Array(0), new Uint8Array(65517)],
    error: RangeError,
    call: (value) => writer().outputBytes(any(value)),
  },
  {
    api: "EventPipe.open",
    parameter: "source",
    wrong: [...NO_OBJECT, {}, []],
    error: TypeError,
    call: (value) => EventPipe.open(any(value)),
  },
  ...optionRows("EventPipe.open", TypeError, open, {
    source: [...NO_OBJECT, {}, [], { openScanner: process }, { openScanner: process, close: process }],
    waiter: [...NO_TEXT.filter((value) => value !== undefined), "", "nonsense", "epoll", "toString"],
    dispatchBy: [...NO_FUNCTION, "cpu"],
    unknown: [
      ...NO_FUNCTION,
      { name: "x" },
      { process },
      { name: 1, process },
      { name: "x", process: 1 },
      { name: "x", process, processBatch: process },
    ],
    commit: [...NO_FUNCTION, "never"],
    merge: [...NO_FUNCTION, ...[...NO_NUMBER, undefined, NaN, -1].map((windowMs) => ({ windowMs }))],
    stop: [...NO_FUNCTION, StopToken.of({ flag: new SharedArrayBuffer(4), fd: null }).share()],
    checkViews: NO_BOOLEAN,
    onLost: NO_FUNCTION,
    onWarning: NO_FUNCTION,
    tap: [...NO_FUNCTION, { onScanned: 1 }],
  }),
  {
    api: "EventPipe.open",
    parameter: "merge",
    wrong: ["all"],
    error: TypeError,
    call: (value) => open({ merge: { windowMs: 1 }, dispatchBy: value }),
  },
  {
    api: "EventPipe#register",
    parameter: "handler",
    wrong: [...NO_OBJECT, {}, []],
    error: TypeError,
    call: (value) => withPipe((pipe) => pipe.register(any(value))),
  },
  ...optionRows("EventPipe#register", TypeError, register, {
    process: [undefined, ...NO_FUNCTION],
    processBatch: NO_FUNCTION,
    name: [...NO_TEXT, ""],
    layout: [...NO_OPTIONS, {}, ...[...NO_NUMBER, NaN, -1, 0.5, Infinity].map((size) => ({ size }))],
  }),
  {
    api: "EventPipe#register",
    parameter: "process",
    wrong: [process],
    error: TypeError,
    call: (value) => register({ processBatch: value }),
  },
  ...optionRows("EventPipe#register", RangeError, register, { maxBytes: [...NO_COUNT, 0, 3] }),
  {
    api: "EventPipe#unregister",
    parameter: "category",
    wrong: [undefined, ...NO_NUMBER],
    error: TypeError,
    call: (value) => withPipe((pipe) => pipe.unregister(any(value))),
  },
  {
    api: "EventPipe#dispatch",
    parameter: "event",
    wrong: NO_BYTES,
    error: TypeError,
    call: (value) => withPipe((pipe) => pipe.dispatch(any(value))),
  },
  {
    api: "EventPipe#dispatch",
    parameter: "event",
    wrong: [new Uint8Array(0), new Uint8Array(3)],
    error: RangeError,
    call: (value) => withPipe((pipe) => pipe.dispatch(any(value))),
  },
  {
    api: "EventPipe#poll",
    parameter: "timeoutMs",
    wrong: [undefined, ...NO_NUMBER, NaN, -Infinity, -2, -0.5],
    error: RangeError,
    call: (value) => withPipe((pipe) => pipe.poll(any(value))),
  },
  {
    api: "EventPipe#consume",
    parameter: "ring",
    wrong: NO_RING.filter((value) => value !== undefined),
    error: RangeError,
    call: (value) => withPipe((pipe) => pipe.consume(any(value))),
  },
  { api: "EventPipe#run", parameter: "options", wrong: NO_OPTIONS, error: TypeError, call: run },
  ...optionRows("EventPipe#run", TypeError, run, {
    signal: [...NO_FUNCTION, () => {}],
    onWoken: NO_FUNCTION,
    onDrained: NO_FUNCTION,
  }),
  ...optionRows("EventPipe#run", RangeError, run, {
    flushMs: [...NO_NUMBER, NaN, Infinity, -Infinity, -1, 0],
  }),
  {
    api: "layout",
    parameter: "fields",
    wrong: [...NO_OBJECT, [], ["u8"]],
    error: TypeError,
    call: (value) => layout(any(value)),
  },
  {
    api: "layout",
    parameter: 'the field "pid"',
    wrong: [...NO_TEXT, "", "int", "char", "u32[0]", "u32[-1]", "char[1.5]", "u32[4", "toString"],
    error: TypeError,
    call: (value) => layout({ pid: any(value) }),
  },
  {
    api: "layout",
    parameter: "options",
    wrong: NO_OPTIONS,
    error: TypeError,
    call: (value) => layout({ pid: "u32" }, any(value)),
  },
  {
    api: "layout",
    parameter: "hasHead",
    wrong: NO_BOOLEAN,
    error: TypeError,
    call: (value) => layout({ pid: "u32" }, { hasHead: any(value) }),
  },
  {
    api: "layout",
    parameter: "words",
    wrong: [...NO_OFFSET, 3],
    error: RangeError,
    call: (value) => layout({ words: "u8[3]" }).get.words(event, any(value)),
  },
  ...READERS.map((reader): Row => ({
    api: `Event#${reader}`,
    parameter: "offset",
    wrong: NO_OFFSET,
    error: RangeError,
    call: (value) => event[reader](any(value)),
  })),
  ...(["bytes", "string", "locate"] as const).flatMap((reader): Row[] => [
    {
      api: `Event#${reader}`,
      parameter: "offset",
      wrong: [...NO_OFFSET, 21],
      error: RangeError,
      call: (value) => event[reader](any(value), 4),
    },
    {
      api: `Event#${reader}`,
      parameter: "length",
      wrong: [...NO_COUNT, undefined],
      error: RangeError,
      call: (value) => event[reader](0, any(value)),
    },
    {
      api: `Event#${reader}`,
      parameter: "bytes at offset 0",
      wrong: [25, 2 ** 32, 2 ** 53],
      error: RangeError,
      call: (value) => event[reader](0, any(value)),
    },
  ]),
  ...(["at", "u32", "u64"] as const).flatMap((reader): Row[] => [
    {
      api: `EventBatch#${reader}`,
      parameter: "index",
      says: "of the batch",
      wrong: [...NO_OFFSET, 2],
      error: RangeError,
      call: (value) => withBatch((events) => any(events)[reader](value, 0)),
    },
    ...(reader === "at" ? [] : [
      {
        api: `EventBatch#${reader}`,
        parameter: "offset",
        wrong: NO_OFFSET,
        error: RangeError,
        call: (value: unknown): unknown => withBatch((events) => any(events)[reader](0, value)),
      },
    ]),
  ]),
  {
    api: "StopToken.of",
    parameter: "what share() gave",
    says: "give what share()",
    wrong: [
      ...NO_OBJECT,
      {},
      [],
      ...[null, "x", {}, new ArrayBuffer(4), new SharedArrayBuffer(2)].map((flag) => ({ flag, fd: null })),
      ...[...NO_COUNT.filter((fd) => fd !== null), undefined, 2 ** 31, 2 ** 32 + 3].map((fd) => ({
        flag: new SharedArrayBuffer(4),
        fd,
      })),
    ],
    error: TypeError,
    call: (value) => StopToken.of(any(value)),
  },
];
