/** Run by record_test.ts: records events of the kernel, flushes what it has, records more and kills itself. */

import { LoadGenerator } from "../../../bench/load_generator.ts";
import { EventPipe, PerfSource } from "../../../mod.ts";
import { RingRecorder } from "../../../src/record/mod.ts";
import { testCpus } from "../_kernel.ts";
import { Producers } from "../_load.ts";

const cpu = testCpus[0]!;
const source = PerfSource.open({ ringBytes: 4096, cpus: [cpu] });
const recorder = RingRecorder.create(Deno.args[0]!, { source, ringBytes: 4096 });
const pipe = EventPipe.open({ source, tap: recorder });
const producers = new Producers(new LoadGenerator(source.mapFd));
producers.emit({ cpu, count: 40 });
pipe.consume();
recorder.flush();
producers.emit({ cpu, count: 2 });
pipe.consume();
Deno.kill(Deno.pid, "SIGKILL");
