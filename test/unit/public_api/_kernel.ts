/** Wrong arguments of what asks the kernel: sources, BPF objects with their maps and programs, pins, traces. */

import {
  BpfObject,
  EventPipeError,
  openPinnedMap,
  PerfSource,
  pinMap,
  RingbufSource,
  TracepointSource,
} from "../../../mod.ts";
import { BPF } from "../../../src/abi/bpf.ts";
import { cstring } from "../../../src/ffi/cstring.ts";
import { libbpf } from "../../../src/ffi/libbpf.ts";
import { libc } from "../../../src/ffi/libc.ts";
import { Catalog } from "../../../src/trace/catalog.ts";
import { Trace } from "../../../src/trace/mod.ts";
import {
  any,
  NO_BOOLEAN,
  NO_BYTES,
  NO_COUNT,
  NO_FD,
  NO_FILTERED,
  NO_LIST,
  NO_OBJECT,
  NO_OPTIONS,
  NO_RING,
  NO_SCANNER,
  NO_TEXT,
  optionRows,
  type Row,
} from "./_rows.ts";

const LOAD = new URL("../../../bpf/load.bpf.o", import.meta.url);
const EVENTS = ["sched:sched_process_exec"];

/** No tracepoint has this id; it is looked at only if a wrong argument is taken. */
const TRACEPOINTS = { ids: [1], ringBytes: 4096, watermarkBytes: 1024 };

/** A CPU no machine has, and what is none. */
const NO_CPU = [...NO_COUNT, undefined, 2 ** 31, 2 ** 53, 100_000];

/** Opens a source, calls with it, and closes it. */
function withSource<S extends { close(): void }, T>(source: S, body: (source: S) => T): T {
  try {
    return body(source);
  } finally {
    source.close();
  }
}

/** Opens a source, and closes it if it is opened after all. */
function perf(options: unknown): void {
  withSource(PerfSource.open(any(options)), () => {});
}

function ringbuf(options: unknown): void {
  withSource(RingbufSource.open(any(options)), () => {});
}

function tracepoints(options: Record<string, unknown>): void {
  withSource(TracepointSource.open(any({ ...TRACEPOINTS, ...options })), () => {});
}

/** Calls with the load generator's object, not loaded. */
function withObject<T>(body: (object: BpfObject) => T): T {
  using object = BpfObject.open(Deno.readFileSync(LOAD));
  return body(object);
}

/** Calls with the load generator's object, loaded. */
function withLoaded<T>(body: (object: BpfObject) => T): T {
  return withObject((object) => {
    object.load();
    return body(object);
  });
}

/** Bytes of keys and values, by type of map. */
const SIZES: Readonly<Record<number, readonly [number, number]>> = {
  [BPF.BPF_MAP_TYPE_PERCPU_ARRAY]: [4, 8],
  [BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY]: [4, 4],
  [BPF.BPF_MAP_TYPE_RINGBUF]: [0, 0],
};

/** Calls with the descriptor of a map of 4096 slots, or bytes. */
function withMap<T>(type: number, body: (fd: number) => T): T {
  const [keyBytes, valueBytes] = SIZES[type]!;
  const fd = libbpf().bpf_map_create(type, cstring("wrong"), keyBytes, valueBytes, 4096, null);
  try {
    return body(fd);
  } finally {
    libc().close(fd);
  }
}

/** A place that nothing must be pinned at; the name tells whose it would be. */
const PIN = `/sys/fs/bpf/eventpipe_api_${Deno.pid}`;

/** Attaches, and detaches if it is attached after all. */
function attachTracepoint(...parameters: readonly [category: unknown, name: unknown, cookie: unknown]): void {
  const [category, name, cookie] = parameters.map(any);
  withLoaded((object) => object.program("load").attachTracepoint(category, name, cookie).close());
}

const NO_SIZE = [...NO_COUNT, 0, 1, 2048, 12288, 2 ** 31, 2 ** 53];

/** The rows. */
export const KERNEL_ROWS: readonly Row[] = [
  { api: "PerfSource.open", parameter: "options", wrong: NO_OPTIONS, error: TypeError, call: perf },
  ...optionRows("PerfSource.open", RangeError, perf, {
    ringBytes: NO_SIZE,
    wakeupEvents: [...NO_COUNT, 0, 2 ** 32, 2 ** 53],
    watermarkBytes: [...NO_COUNT, 0, 2 ** 16, 2 ** 53],
  }),
  ...optionRows("PerfSource.open", TypeError, perf, {
    overwritable: NO_BOOLEAN,
    scanner: NO_SCANNER,
    filter: NO_LIST,
    attr: NO_OPTIONS,
    cpus: NO_LIST,
    map: [...NO_OPTIONS, {}, [], { fd: 0 }, { fd: 0, maxEntries: "64" }, { fd: 0, maxEntries: 1.5 }],
  }),
  {
    api: "PerfSource.open",
    parameter: "attr.flags",
    wrong: [...NO_LIST.filter((value) => value !== null), ...NO_TEXT.map((flag) => [flag]), ["no_such"]],
    error: TypeError,
    call: (value) => perf({ attr: { flags: value } }),
  },
  {
    api: "PerfSource.open",
    parameter: "attr.sampleType",
    wrong: [...NO_LIST.filter((value) => value !== null), ...NO_TEXT.map((type) => [type]), ["no_such"]],
    error: TypeError,
    call: (value) => perf({ attr: { sampleType: value } }),
  },
  {
    api: "PerfSource.open",
    parameter: "cpus",
    says: "CPU",
    wrong: [[], [0, 0], ...NO_CPU.map((cpu) => [cpu])],
    error: RangeError,
    call: (value) => perf({ cpus: value }),
  },
  {
    api: "PerfSource.open",
    parameter: "fd",
    says: "is no file descriptor",
    wrong: NO_FD,
    error: RangeError,
    call: (value) => perf({ map: { fd: value, maxEntries: 4096 } }),
  },
  {
    api: "PerfSource.open",
    parameter: "map",
    wrong: [BPF.BPF_MAP_TYPE_PERCPU_ARRAY, BPF.BPF_MAP_TYPE_RINGBUF],
    error: TypeError,
    call: (type) => withMap(any(type), (fd) => perf({ map: { fd, maxEntries: 4096 } })),
  },
  {
    api: "PerfSource.open",
    parameter: "filter",
    wrong: NO_FILTERED.map((category) => [category]),
    error: RangeError,
    call: (value) => perf({ scanner: "wasm", filter: value }),
  },
  {
    api: "PerfSource#filtered",
    parameter: "category",
    wrong: NO_FILTERED,
    error: RangeError,
    call: (value) =>
      withSource(PerfSource.open({ ringBytes: 4096 }), (source) => source.filtered(any(value))),
  },
  {
    api: "PerfSource#lost",
    parameter: "ring",
    wrong: NO_RING.filter((ring) => ring !== 2),
    error: RangeError,
    call: (value) => withSource(PerfSource.open({ ringBytes: 4096 }), (source) => source.lost(any(value))),
  },
  {
    api: "PerfSource#overwrittenBytes",
    parameter: "ring",
    wrong: NO_RING.filter((ring) => ring !== 2),
    error: RangeError,
    call: (value) =>
      withSource(
        PerfSource.open({ ringBytes: 4096, overwritable: true }),
        (source) => source.overwrittenBytes(any(value)),
      ),
  },
  { api: "RingbufSource.open", parameter: "options", wrong: NO_OPTIONS, error: TypeError, call: ringbuf },
  ...optionRows("RingbufSource.open", TypeError, ringbuf, {
    scanner: NO_SCANNER,
    filter: NO_LIST,
    maps: [...NO_LIST, [], ...NO_OBJECT.map((map) => [map])],
    lossCounters: [
      ...NO_LIST,
      [],
      ...NO_OBJECT.map((counter) => [counter]),
      ...NO_OBJECT.map((map) => [{ map }]),
    ],
  }),
  {
    api: "RingbufSource.open",
    parameter: "ringBytes",
    says: "its size must be",
    wrong: NO_SIZE,
    error: RangeError,
    call: (value) => ringbuf({ ringBytes: value }),
  },
  {
    api: "RingbufSource.open",
    parameter: "fd",
    says: "is no file descriptor",
    wrong: NO_FD,
    error: RangeError,
    call: (value) => ringbuf({ maps: [{ fd: value, maxEntries: 4096 }] }),
  },
  {
    api: "RingbufSource.open",
    parameter: "maxEntries",
    says: "bytes",
    wrong: [...NO_SIZE, undefined, 8192],
    error: RangeError,
    call: (value) =>
      withMap(BPF.BPF_MAP_TYPE_RINGBUF, (fd) => ringbuf({ maps: [{ fd, maxEntries: value }] })),
  },
  {
    api: "RingbufSource.open",
    parameter: "the given map",
    wrong: [BPF.BPF_MAP_TYPE_PERCPU_ARRAY, BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY],
    error: TypeError,
    call: (type) => withMap(any(type), (fd) => ringbuf({ maps: [{ fd, maxEntries: 4096 }] })),
  },
  {
    api: "RingbufSource.open",
    parameter: "fd of a counter",
    says: "is no file descriptor",
    wrong: NO_FD,
    error: RangeError,
    call: (value) => ringbuf({ lossCounters: [{ map: { fd: value } }] }),
  },
  {
    api: "RingbufSource.open",
    parameter: "key",
    wrong: [...NO_COUNT, 4096, 2 ** 32],
    error: RangeError,
    call: (value) =>
      withMap(
        BPF.BPF_MAP_TYPE_PERCPU_ARRAY,
        (fd) => ringbuf({ lossCounters: [{ map: { fd }, key: value }] }),
      ),
  },
  {
    api: "RingbufSource.open",
    parameter: "filter",
    wrong: NO_FILTERED.map((category) => [category]),
    error: RangeError,
    call: (value) => ringbuf({ scanner: "wasm", filter: value }),
  },
  {
    api: "RingbufSource#filtered",
    parameter: "category",
    wrong: NO_FILTERED,
    error: RangeError,
    call: (value) => withSource(RingbufSource.open(), (source) => source.filtered(any(value))),
  },
  {
    api: "RingbufSource#lost",
    parameter: "ring",
    wrong: [...NO_RING, 1],
    error: RangeError,
    call: (value) =>
      withMap(
        BPF.BPF_MAP_TYPE_PERCPU_ARRAY,
        (fd) =>
          withSource(
            RingbufSource.open({ lossCounters: [{ map: { fd } }] }),
            (source) => source.lost(any(value)),
          ),
      ),
  },
  {
    api: "RingbufSource#pause",
    parameter: "BPF ring buffer",
    wrong: [undefined],
    error: TypeError,
    call: () => withSource(RingbufSource.open(), (source) => source.pause()),
  },
  {
    api: "TracepointSource.open",
    parameter: "options",
    wrong: NO_OBJECT,
    error: TypeError,
    call: (value) => withSource(TracepointSource.open(any(value)), () => {}),
  },
  ...optionRows("TracepointSource.open", TypeError, tracepoints, {
    ids: [undefined, ...NO_LIST, ...[...NO_COUNT, 2 ** 32].map((id) => [id])],
    cpus: NO_LIST,
    pid: [...NO_COUNT, 0, 2 ** 31],
  }),
  ...optionRows("TracepointSource.open", RangeError, tracepoints, {
    ids: [[]],
    ringBytes: [...NO_SIZE, undefined],
    watermarkBytes: [...NO_COUNT, undefined, 0, 4096],
  }),
  {
    api: "TracepointSource.open",
    parameter: "cpus",
    says: "CPU",
    wrong: [[], [0, 0], ...NO_CPU.map((cpu) => [cpu])],
    error: RangeError,
    call: (value) => tracepoints({ cpus: value }),
  },
  {
    api: "TracepointSource#lost",
    parameter: "ring",
    wrong: NO_RING.filter((ring) => ring !== 2),
    error: RangeError,
    tracefs: true,
    call: (value) =>
      withSource(
        TracepointSource.open({ ...TRACEPOINTS, ids: [Catalog.open().id(EVENTS[0]!)] }),
        (source) => source.lost(any(value)),
      ),
  },
  {
    api: "BpfObject.open",
    parameter: "path",
    wrong: [...NO_OBJECT.filter((value) => typeof value !== "string"), {}, [], new ArrayBuffer(8), "a\0b"],
    error: TypeError,
    call: (value) => BpfObject.open(any(value)).close(),
  },
  {
    api: "BpfObject.open",
    parameter: "an object of 0 bytes",
    wrong: [new Uint8Array(0)],
    error: EventPipeError,
    call: (value) => BpfObject.open(any(value)).close(),
  },
  {
    api: "BpfObject.open",
    parameter: "open ",
    wrong: ["", "/nowhere/none.bpf.o", "/", "/dev/null"],
    error: EventPipeError,
    call: (value) => BpfObject.open(any(value)).close(),
  },
  {
    api: "BpfObject#setRodata",
    parameter: "values",
    wrong: NO_OBJECT,
    error: TypeError,
    call: (value) => withObject((object) => object.setRodata(any(value))),
  },
  {
    api: "BpfObject#setRodata",
    parameter: "the constant none",
    wrong: [{ none: 1 }],
    error: EventPipeError,
    call: (value) => withObject((object) => object.setRodata(any(value))),
  },
  ...(["program", "map"] as const).map((kind): Row => ({
    api: `BpfObject#${kind}`,
    parameter: `find the ${kind}`,
    wrong: [...NO_TEXT, "", "toString", "load ", "scratch\0"],
    error: EventPipeError,
    call: (value) => withObject((object) => object[kind](any(value))),
  })),
  {
    api: "BpfMap#reuseFd",
    parameter: "is no file descriptor",
    wrong: NO_FD,
    error: RangeError,
    call: (value) => withObject((object) => object.map("events").reuseFd(any(value))),
  },
  {
    api: "BpfMap#setMaxEntries",
    parameter: "maxEntries",
    wrong: [...NO_COUNT, undefined, 0, 2 ** 32, 2 ** 53],
    error: RangeError,
    call: (value) => withObject((object) => object.map("scratch").setMaxEntries(any(value))),
  },
  ...(["lookup", "update"] as const).flatMap((method): Row[] => [
    {
      api: `BpfMap#${method}`,
      parameter: "key",
      wrong: NO_BYTES,
      error: TypeError,
      call: (value) =>
        withLoaded((object) => object.map("scratch")[method](any(value), new Uint8Array(65536))),
    },
    {
      api: `BpfMap#${method}`,
      parameter: "value",
      wrong: NO_BYTES,
      error: TypeError,
      call: (value) => withLoaded((object) => object.map("scratch")[method](new Uint8Array(4), any(value))),
    },
    {
      api: `BpfMap#${method}`,
      parameter: "key",
      wrong: [new Uint8Array(0), new Uint8Array(3), new Uint8Array(5)],
      error: RangeError,
      call: (value) =>
        withLoaded((object) => object.map("scratch")[method](any(value), new Uint8Array(65536))),
    },
    {
      api: `BpfMap#${method}`,
      parameter: "value",
      wrong: [new Uint8Array(0), new Uint8Array(100)],
      error: RangeError,
      call: (value) => withLoaded((object) => object.map("scratch")[method](new Uint8Array(4), any(value))),
    },
  ]),
  {
    api: "BpfProgram#attach",
    parameter: "the program load",
    wrong: [undefined],
    error: EventPipeError,
    call: () => withLoaded((object) => object.program("load").attach().close()),
  },
  {
    api: "BpfProgram#attachTracepoint",
    parameter: "category",
    wrong: [...NO_TEXT, "a\0b"],
    error: TypeError,
    call: (value) => attachTracepoint(value, "sched_switch", 0n),
  },
  {
    api: "BpfProgram#attachTracepoint",
    parameter: "name",
    wrong: [...NO_TEXT, "a\0b"],
    error: TypeError,
    call: (value) => attachTracepoint("sched", value, 0n),
  },
  {
    api: "BpfProgram#attachTracepoint",
    parameter: "cookie",
    wrong: [undefined, null, 0, 1.5, NaN, "1", true, {}, [], () => {}],
    error: TypeError,
    call: (value) => attachTracepoint("sched", "sched_switch", value),
  },
  {
    api: "BpfProgram#attachTracepoint",
    parameter: "cookie",
    wrong: [-1n, 2n ** 64n],
    error: RangeError,
    call: (value) => attachTracepoint("sched", "sched_switch", value),
  },
  {
    api: "BpfProgram#setAutoload",
    parameter: "autoload",
    wrong: [...NO_BOOLEAN, undefined],
    error: TypeError,
    call: (value) => withObject((object) => object.program("load").setAutoload(any(value))),
  },
  {
    api: "pinMap",
    parameter: "map",
    wrong: NO_OBJECT,
    error: TypeError,
    call: (value) => pinMap(any(value), PIN),
  },
  {
    api: "pinMap",
    parameter: "is no file descriptor",
    wrong: NO_FD,
    error: RangeError,
    call: (value) => pinMap({ fd: any(value) }, PIN),
  },
  {
    api: "pinMap",
    parameter: "path",
    wrong: [...NO_TEXT, "a\0b"],
    error: TypeError,
    call: (value) => withLoaded((object) => pinMap(object.map("scratch"), any(value))),
  },
  {
    api: "openPinnedMap",
    parameter: "path",
    wrong: [...NO_TEXT, "a\0b"],
    error: TypeError,
    call: (value) => openPinnedMap(any(value)).close(),
  },
  {
    api: "openPinnedMap",
    parameter: "open the map pinned at",
    wrong: ["", "/", PIN, "/dev/null"],
    error: EventPipeError,
    call: (value) => openPinnedMap(any(value)).close(),
  },
  {
    api: "Trace.open",
    parameter: "ringBytes",
    wrong: NO_SIZE.filter((value) => typeof value === "number"),
    error: RangeError,
    call: (value) => Trace.open(EVENTS, { ringBytes: any(value) })[Symbol.dispose](),
  },
  {
    api: "Trace.open",
    parameter: "CPU",
    wrong: [[], [0, 0], ...NO_CPU.map((cpu) => [cpu])],
    error: RangeError,
    call: (value) => Trace.open(EVENTS, { cpus: any(value) })[Symbol.dispose](),
  },
  {
    api: "PerfSource.open",
    parameter: "wakeupEvents",
    wrong: [{ wakeupEvents: 1, watermarkBytes: 1 }, { wakeupEvents: 1, overwritable: true }],
    error: TypeError,
    call: perf,
  },
  {
    api: "RingbufSource.open",
    parameter: "ringBytes",
    wrong: [{ maps: [], ringBytes: 4096 }],
    error: TypeError,
    call: ringbuf,
  },
];
