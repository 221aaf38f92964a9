/**
 * Run by close_test.ts in a process of its own, since a Worker's files are released some time after its end: closes pipes
 * while a program is emitting, and prints the accounts of each as a line of JSON.
 */

import { Control, PHASE } from "../../bench/control.ts";
import { LoadGenerator } from "../../bench/load_generator.ts";
import type { ProducerOrder } from "../../bench/producer_worker.ts";
import { EventPipe } from "../../src/pipe/event_pipe.ts";
import { PerfSource } from "../../src/source/perf.ts";

const ROUNDS = 20;

const worker = new Worker(new URL("../../bench/producer_worker.ts", import.meta.url), { type: "module" });
for (let round = 0; round < ROUNDS; round++) {
  const source = PerfSource.open({ ringBytes: 1024 * 1024, wakeupEvents: 256, cpus: [0] });
  using generator = new LoadGenerator(source.mapFd);
  using pipe = EventPipe.open({ source });
  const category = pipe.register({ name: "count", process: () => {} });
  const control = new Control();
  const order: ProducerOrder = {
    control: control.buffer,
    cpu: 0,
    target: { programFd: generator.programFd },
    category,
    payloadBytes: 32,
    rate: null,
  };
  worker.postMessage(order);
  control.await(PHASE.ready);
  control.phase = PHASE.go;
  pipe.poll(1000);
  pipe.close(); // the producer goes on
  control.phase = PHASE.stop;
  control.await(PHASE.done);
  console.log(JSON.stringify({ ...generator.counters(), statistics: pipe.statistics() }));
}
worker.terminate();
