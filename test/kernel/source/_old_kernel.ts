/**
 * Run by old_kernel_test.ts: opens sources where perf_event_open does not know PERF_FORMAT_LOST, as before Linux 6.0, fills
 * a ring beyond its room, and prints what source and pipe tell of the losses, as a line of JSON.
 */

import { LoadGenerator, LoadProducer } from "../../../bench/load_generator.ts";
import { EventPipe, EventPipeError, PerfSource, type Source, TracepointSource } from "../../../mod.ts";
import { errnoNumber } from "../../../src/abi/errno.ts";
import { PERF, PERF_EVENT_ATTR } from "../../../src/abi/perf_event.ts";
import { pinThread } from "../../../src/ffi/affinity.ts";
import { replaceNative, setErrno } from "../_replace.ts";
import { openResources } from "../_resources.ts";

const [cpu = 0, tracepoint = 0, other = 0] = Deno.args.map(Number);
/** An error that has nothing to do with the age of the kernel. */
let refusal = 0;

replaceNative({
  // long syscall(long number, attr, pid, cpu, group_fd, flags)
  perf_event_open(call, [, attr]): unknown {
    const readFormat = (attr as DataView).getUint32(PERF_EVENT_ATTR.offsets.read_format, true);
    if (refusal === 0 && (readFormat & PERF.PERF_FORMAT_LOST) === 0) return call();
    setErrno(refusal === 0 ? errnoNumber("EINVAL") : refusal);
    return -1n;
  },
});

function messageOf(body: () => unknown): { message: string; code: string | null } | null {
  try {
    body();
    return null;
  } catch (error) {
    return { message: (error as Error).message, code: error instanceof EventPipeError ? error.code : null };
  }
}

PerfSource.open({ cpus: [cpu] }).close(); // binds the libraries
const before = openResources();
const source = PerfSource.open({ ringBytes: 4096, cpus: [cpu] });
const generator = new LoadGenerator(source.mapFd);
const producer = new LoadProducer(generator.programFd);
producer.prepare({ category: 0, payloadBytes: 36 });
pinThread(cpu);
const pipe = EventPipe.open({ source });
pipe.register({ name: "ignore", process: () => {} });
producer.emit(100);
pipe.consume();
const { lost: lostAtFirst } = pipe.statistics();
producer.emit(1);
pipe.consume();
const { produced, refused } = generator.counters();
const perf = { countsLosses: source.countsLosses, lost: messageOf(() => source.lost(0)) };
pipe.close();
const { dispatched, lost, exact } = pipe.statistics();
generator[Symbol.dispose]();

const tracepoints: Source = TracepointSource.open({
  ids: [tracepoint, other],
  ringBytes: 4096,
  watermarkBytes: 1024,
});
const { countsLosses } = tracepoints;
const traced = { countsLosses, lost: messageOf(() => tracepoints.lost(0)) };
tracepoints.close();

refusal = errnoNumber("EINVAL");
const invalid = messageOf(() => PerfSource.open({ cpus: [cpu] }));
refusal = errnoNumber("EACCES");
const forbidden = messageOf(() => PerfSource.open({ cpus: [cpu] }));
console.log(JSON.stringify({
  ...{ perf, traced, invalid, forbidden, produced, refused, dispatched, lostAtFirst, lost, exact },
  leaked: openResources().length - before.length,
}));
