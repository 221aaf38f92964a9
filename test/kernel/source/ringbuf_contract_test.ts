/**
 * The pipe's contract on a BPF ring buffer with each of the waiters and each of the scanners, but for what it says of perf
 * rings alone.
 */

import { EventPipe } from "../../../mod.ts";
import { RingbufSource } from "../../../src/source/ringbuf.ts";
import {
  type ContractSource,
  DEFAULT_PAYLOAD_BYTES,
  type Emission,
  except,
  pipeContract,
  type SourceOptions,
} from "../../contract/pipe_contract.ts";
import { ringbufTest, RingProgram } from "./_ringbuf.ts";

/** What is so in perf rings only, each with what is so here. */
const OF_PERF_RINGS: readonly (readonly [RegExp, string])[] = [
  [/: events of (32|33|128|1024) bytes arrive whole/, "sizes count no padding"],
  [/: a run with overruns accounts for every event/, "sizes count no padding, and no record tells of a loss"],
  [/: a loss is told in its place/, "no record tells of a loss"],
  [/: dispatch by all gives every record/, "what begins a record is the size of struct event"],
  [/ at a threshold of 16 wake /, "programs choose what wakes"],
  [/: half a ring of events wakes/, "programs choose what wakes"],
  [/ below the threshold /, "programs choose what wakes"],
];

function openRing({ ringBytes }: SourceOptions, scanner: "ts" | "wasm"): [RingProgram, RingbufSource] {
  const program = new RingProgram({ bytes: ringBytes });
  const maps = [program.object.map("events")];
  return [program, RingbufSource.open({ maps, lossCounters: [program.lossCounter], scanner })];
}

for (const [waiter, scanner] of [["epoll", "ts"], ["poll", "ts"], ["epoll", "wasm"]] as const) {
  const harness = except({
    test: ringbufTest,
    open(sourceOptions, pipeOptions): ContractSource {
      const [program, source] = openRing(sourceOptions, scanner);
      const pipe = EventPipe.open({ ...pipeOptions, waiter, source });
      return {
        pipe,
        cpus: source.cpus,
        emit(
          { category = 0, payloadBytes = DEFAULT_PAYLOAD_BYTES, count = 1, fill = false }: Emission,
        ): void {
          program.emit({ category, dataBytes: payloadBytes + 4, count, fill });
        },
        produced: () => program.counters().produced,
        [Symbol.dispose](): void {
          pipe.close();
          program[Symbol.dispose]();
        },
      };
    },
  }, OF_PERF_RINGS);
  pipeContract(scanner === "ts" ? `ringbuf, ${waiter}` : `ringbuf, ${waiter}, ${scanner}`, harness);
  harness.check();
}
