/** Wrong arguments of the tracer and of recordings, as far as they are refused before the kernel is asked. */

import { EventPipe, MemorySource } from "../../../mod.ts";
import { Recording, Replay, RingRecorder } from "../../../src/record/mod.ts";
import { Trace } from "../../../src/trace/mod.ts";
import {
  any,
  NO_BOOLEAN,
  NO_COUNT,
  NO_FUNCTION,
  NO_LIST,
  NO_NUMBER,
  NO_OBJECT,
  NO_OPTIONS,
  NO_TEXT,
  optionRows,
  type Row,
} from "./_rows.ts";

const EVENTS = ["sched:sched_process_exec"];

/** Begins a trace, and ends it if it is begun after all. */
function trace(options: Record<string, unknown>): void {
  Trace.open(EVENTS, any(options))[Symbol.dispose]();
}

/** Calls with the name of a file that does not exist yet. */
function withFile<T>(body: (path: string) => T): T {
  const folder = Deno.makeTempDirSync({ prefix: "eventpipe-api-" });
  try {
    return body(`${folder}/test.rings`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Calls with a recorder of a source of one ring. */
function withRecorder<T>(options: Record<string, unknown>, body: (recorder: RingRecorder) => T): T {
  return withFile((path) => {
    const all = { source: MemorySource.open(), ringBytes: 65536, ...options };
    using recorder = RingRecorder.create(path, any(all));
    return body(recorder);
  });
}

function record(options: Record<string, unknown>): void {
  withRecorder(options, () => {});
}

/** Calls with a replay of an empty recording. */
function withReplay<T>(body: (replay: Replay) => T): T {
  return withFile((path) => {
    const source = MemorySource.open();
    const recorder = RingRecorder.create(path, { source, ringBytes: 65536 });
    const pipe = EventPipe.open({ source, tap: recorder });
    pipe.close();
    recorder.finish(pipe.statistics());
    using replay = Replay.open(path);
    return body(replay);
  });
}

/** What is no list of texts. */
const NO_TEXTS = [...NO_LIST, ...NO_TEXT.map((text) => [text])];

/** The rows. */
export const BESIDE_ROWS: readonly Row[] = [
  {
    api: "Trace.open",
    parameter: "events",
    wrong: [undefined, ...NO_TEXTS, [""]],
    error: TypeError,
    call: (value) => Trace.open(any(value))[Symbol.dispose](),
  },
  {
    api: "Trace.open",
    parameter: "options",
    wrong: NO_OPTIONS,
    error: TypeError,
    call: (value) => Trace.open(EVENTS, any(value))[Symbol.dispose](),
  },
  ...optionRows("Trace.open", TypeError, trace, {
    pids: [...NO_LIST, ...[...NO_COUNT, 2 ** 31].map((pid) => [pid])],
    comms: [...NO_TEXTS, [""]],
    cpus: NO_LIST,
    follow: [...NO_COUNT, 0, 2 ** 31],
    includeSelf: NO_BOOLEAN,
    ringBytes: NO_NUMBER,
    backend: [...NO_FUNCTION, "ebpf", "toString"],
    onLost: NO_FUNCTION,
  }),
  {
    api: "RingRecorder.create",
    parameter: "path",
    wrong: NO_TEXT,
    error: TypeError,
    call: (value) =>
      RingRecorder.create(any(value), { source: MemorySource.open(), ringBytes: 65536 }).close(),
  },
  {
    api: "RingRecorder.create",
    parameter: "options",
    wrong: NO_OBJECT,
    error: TypeError,
    call: (value) => withFile((path) => RingRecorder.create(path, any(value)).close()),
  },
  ...optionRows("RingRecorder.create", TypeError, record, {
    source: [...NO_OBJECT, {}, []],
    samples: [...NO_FUNCTION, "cooked"],
    dispatchBy: [...NO_FUNCTION, "cpu"],
    categories: NO_TEXTS,
    command: NO_TEXTS,
  }),
  ...optionRows("RingRecorder.create", TypeError, record, {
    ringBytes: [...NO_LIST.filter((value) => typeof value !== "number"), undefined, [], [65536, 65536]],
  }),
  {
    api: "RingRecorder.create",
    parameter: "ringBytes",
    wrong: [NaN, Infinity, -1, 0, 0.5, 2048, 4096, 65537, 2 ** 31, [4096], ["65536"], [NaN]],
    error: RangeError,
    call: (value) => record({ ringBytes: value }),
  },
  ...optionRows("RingRecorder.create", RangeError, record, { maxBytes: [...NO_COUNT, 0, 2 ** 53] }),
  {
    api: "RingRecorder#finish",
    parameter: "statistics",
    wrong: [...NO_OBJECT, {}, [], { cpus: [] }],
    error: TypeError,
    call: (value) => withRecorder({}, (recorder) => recorder.finish(any(value))),
  },
  {
    api: "Recording.open",
    parameter: "path",
    wrong: NO_TEXT,
    error: TypeError,
    call: (value) => Recording.open(any(value)).close(),
  },
  {
    api: "Replay.open",
    parameter: "path",
    wrong: NO_TEXT,
    error: TypeError,
    call: (value) => Replay.open(any(value)).close(),
  },
  {
    api: "Replay#run",
    parameter: "pipe",
    wrong: [...NO_OBJECT, {}, []],
    error: TypeError,
    call: (value) => withReplay((replay) => replay.run(any(value))),
  },
];
