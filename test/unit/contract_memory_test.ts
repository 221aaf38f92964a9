/**
 * The pipe's contract on rings in memory, written by a TypeScript producer that emits what bpf/load.bpf.c emits.
 */

import {
  EventPipe,
  type EventPipeOptions,
  MemorySource,
  type MemorySourceOptions,
  type PerfWriter,
} from "../../mod.ts";
import { EVENT, LOAD_EVENT } from "../../src/abi/event.ts";
import {
  type ContractHarness,
  type ContractSource,
  DEFAULT_PAYLOAD_BYTES,
  type Emission,
  except,
  OF_WAITERS_THAT_ARE_WOKEN,
  pipeContract,
} from "../contract/pipe_contract.ts";

/** Emits load events into one ring. */
class MemoryProducer {
  readonly #writer: PerfWriter;
  #sequence = 0n;

  constructor(writer: PerfWriter) {
    this.#writer = writer;
  }

  emit({ category = 0, payloadBytes = DEFAULT_PAYLOAD_BYTES, count = 1, fill = false }: Emission): void {
    const { payload } = this.#writer;
    const words = fill ? (payloadBytes - LOAD_EVENT.bytes) >> 3 : 0;
    for (let event = 0; event < count; event++) {
      payload.setUint32(EVENT.category, category, true);
      payload.setBigUint64(EVENT.time_ns, this.#sequence, true);
      payload.setBigUint64(LOAD_EVENT.sequence, this.#sequence, true);
      payload.setBigUint64(LOAD_EVENT.planned_ns, this.#sequence, true);
      payload.setUint32(LOAD_EVENT.payload_bytes, payloadBytes, true);
      const first = this.#sequence * 0x9e3779b97f4a7c15n;
      for (let word = 0; word < words; word++) {
        // A DataView stores a bigint modulo 2^64.
        payload.setBigUint64(LOAD_EVENT.fill + 8 * word, first + BigInt(word), true);
      }
      this.#writer.output(payloadBytes);
      this.#sequence++;
    }
  }

  get produced(): number {
    return Number(this.#sequence);
  }
}

const SPIN_EXCEPTIONS = [
  ...OF_WAITERS_THAT_ARE_WOKEN,
  [/: run delivers events below the threshold without a wake-up/, "it reports them"],
] as const;

const MODEL_EXCEPTIONS = [
  [/: waits that are over before they begin find nothing/, "a wait that blocks takes no time"],
] as const;

const WAYS: readonly [
  name: string,
  options: Partial<EventPipeOptions>,
  exceptions: readonly (readonly [RegExp, string])[],
  ofSource?: MemorySourceOptions,
][] = [
  ["memory", {}, []],
  ["memory, spin", { waiter: "spin" }, SPIN_EXCEPTIONS],
  ["memory, spin-sleep", { waiter: "spin-sleep" }, OF_WAITERS_THAT_ARE_WOKEN],
  ["memory, model", { waiter: "model" }, MODEL_EXCEPTIONS],
  ["memory, commit of each record", { commit: "record" }, []],
  ["memory, commit of each drain", { commit: "drain" }, []],
  ["memory, wasm", {}, [], { scanner: "wasm" }],
  ["memory, wasm, commit of each record", { commit: "record" }, [], { scanner: "wasm" }],
];

for (const [name, options, exceptions, ofSource] of WAYS) {
  const harness = except(
    { test: (name, body) => Deno.test(name, body), open: openMemory(options, ofSource) },
    exceptions,
  );
  pipeContract(name, harness);
  harness.check();
}

function openMemory(
  options: Partial<EventPipeOptions>,
  ofSource?: MemorySourceOptions,
): ContractHarness["open"] {
  return (sourceOptions, pipeOptions): ContractSource => {
    const cpus = [0, 3];
    const source = MemorySource.open({ ...sourceOptions, ...ofSource, cpus });
    const pipe = EventPipe.open({ ...options, ...pipeOptions, source });
    const producers = new Map(cpus.map((cpu, ring) => [cpu, new MemoryProducer(source.writer(ring))]));
    return {
      pipe,
      cpus,
      emit: (emission) => producers.get(emission.cpu ?? cpus[0]!)!.emit(emission),
      produced: () => producers.values().reduce((sum, { produced }) => sum + produced, 0),
      [Symbol.dispose]: () => pipe.close(),
    };
  };
}
