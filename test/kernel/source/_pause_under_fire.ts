/**
 * Run by overwritable_test.ts in a process of its own: pauses and reads an overwritable ring while a program on another CPU
 * fills it without end, and prints how often the ring was still written meanwhile.
 */

import { Control, PHASE } from "../../../bench/control.ts";
import { LoadGenerator } from "../../../bench/load_generator.ts";
import type { ProducerOrder } from "../../../bench/producer_worker.ts";
import { EventPipe, PerfSource } from "../../../mod.ts";
import { PERF_EVENT_MMAP_PAGE } from "../../../src/abi/perf_event.ts";
import { pinThread } from "../../../src/ffi/affinity.ts";

/** So many are read. */
const EVENTS = 200;
/** An output of so many bytes takes microseconds. */
const PAYLOAD_BYTES = 30_000;

const [readerCpu = 0, cpu = 1] = Deno.args.map(Number);
const source = PerfSource.open({ ringBytes: 65536, overwritable: true, cpus: [cpu] });
using generator = new LoadGenerator(source.mapFd);
using pipe = EventPipe.open({ source });
let events = 0;
const category = pipe.register({ name: "count", process: () => void events++ });
const view = new DataView(source.buffer);
const head = (): bigint => view.getBigUint64(PERF_EVENT_MMAP_PAGE.offsets.data_head, true);

const worker = new Worker(new URL("../../../bench/producer_worker.ts", import.meta.url), { type: "module" });
const control = new Control();
const target = { programFd: generator.programFd };
const order: ProducerOrder = {
  ...{ control: control.buffer, cpu, target, category },
  ...{ payloadBytes: PAYLOAD_BYTES, rate: null },
};
worker.postMessage(order);
control.await(PHASE.ready);
pinThread(readerCpu);
control.phase = PHASE.go;
let moved = 0;
while (events < EVENTS) {
  source.pause();
  const before = head();
  pipe.consume();
  if (head() !== before) moved++;
  source.resume();
}
control.phase = PHASE.stop;
control.await(PHASE.done);
worker.terminate();
console.log(JSON.stringify({ moved }));
