/**
 * The doctor's last check, which decides: one event on the whole road, from the load generator's program through a perf
 * ring and a pipe to a handler. And the pieces of that road one by one, so that a failure can be located.
 *
 * @module
 */

import { LoadGenerator, LoadProducer } from "../../../bench/load_generator.ts";
import { BPF } from "../../abi/bpf.ts";
import { LOAD_EVENT } from "../../abi/event.ts";
import { syscallFailed } from "../../errors.ts";
import { cstring } from "../../ffi/cstring.ts";
import { libbpf } from "../../ffi/libbpf.ts";
import { libc } from "../../ffi/libc.ts";
import { EventPipe } from "../../pipe/event_pipe.ts";
import { onlineCpus } from "../../source/cpus.ts";
import { PerfSource } from "../../source/perf.ts";
import { bpfOutput, PerfEvent } from "../../source/perf_event.ts";
import { type Finding, ok } from "./check.ts";

/** The event is in its ring before the pipe looks; this is for a machine that is very busy. */
const PATIENCE_MS = 1000;

/** A perf event that counts its losses. */
export function perfEvent(): Finding {
  const cpu = onlineCpus()[0] ?? 0;
  const event = PerfEvent.open(cpu, bpfOutput({ events: 1 }));
  if (event === null) throw new Error(`Cannot open a perf event: CPU ${cpu} is offline`);
  try {
    return ok(`a perf event on CPU ${cpu} counts its losses: ${event.lost()}`);
  } finally {
    event.close();
  }
}

/** The map in which perf rings are put. */
export function perfEventArray(): Finding {
  return createMap(BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 1);
}

/** The map that is a ring itself. Its size is a multiple of every page size Linux has. */
export function ringbuf(): Finding {
  return createMap(BPF.BPF_MAP_TYPE_RINGBUF, 0, 65536);
}

function createMap(type: number, keyAndValueBytes: number, entries: number): Finding {
  const name = cstring("doctor");
  const fd = libbpf().bpf_map_create(type, name, keyAndValueBytes, keyAndValueBytes, entries, null);
  if (fd < 0) throw syscallFailed("create the map", "bpf_map_create", -fd, "see capabilities");
  libc().close(fd);
  return ok("created");
}

/** One event on the whole road. */
export function wholeRoad(): Finding {
  const source = PerfSource.open();
  using pipe = EventPipe.open({ source });
  using generator = new LoadGenerator(source.mapFd);
  const sequences: number[] = [];
  const category = pipe.register({
    name: "doctor",
    process: (event) => void sequences.push(event.u64(LOAD_EVENT.sequence)),
  });
  const producer = new LoadProducer(generator.programFd);
  producer.prepare({ category, payloadBytes: LOAD_EVENT.bytes });
  producer.emit(1);
  pipe.poll(PATIENCE_MS);
  if (sequences.length === 1 && sequences[0] === 0) return ok("one event was emitted, and arrived");
  const { produced, refused } = generator.counters();
  throw new Error(
    `Cannot receive events: ${produced} emitted, ${sequences.length} arrived, refused were ${
      JSON.stringify(refused)
    }`,
  );
}
