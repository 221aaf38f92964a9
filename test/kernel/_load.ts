/**
 * A kernel source with its producers: rings, a pipe over them, the load generator in the pipe's map, and one producer
 * per CPU that runs on that CPU.
 */

import { LoadGenerator, LoadProducer } from "../../bench/load_generator.ts";
import { EventPipe, type EventPipeOptions, PerfSource, type PerfSourceOptions } from "../../mod.ts";
import { type ContractSource, DEFAULT_PAYLOAD_BYTES, type Emission } from "../contract/pipe_contract.ts";
import { onCpu, testCpus } from "./_kernel.ts";

/** Producers that run a generator's program, each on the CPU it emits on. */
export class Producers {
  readonly #generator: LoadGenerator;
  readonly #producers = new Map<number, LoadProducer>();

  /** @param generator The loaded generator. */
  constructor(generator: LoadGenerator) {
    this.#generator = generator;
  }

  /** Emits events, running on the CPU they are emitted on. */
  emit({ cpu, count = 1, ...emission }: Emission & { readonly cpu: number }): void {
    let producer = this.#producers.get(cpu);
    if (producer === undefined) {
      producer = new LoadProducer(this.#generator.programFd);
      this.#producers.set(cpu, producer);
    }
    producer.prepare({ category: 0, payloadBytes: DEFAULT_PAYLOAD_BYTES, ...emission });
    onCpu(cpu, () => producer.emit(count));
  }
}

/** A pipe and what emits into it. */
export class LoadedPipe implements ContractSource {
  readonly pipe: EventPipe;
  readonly source: PerfSource;
  readonly generator: LoadGenerator;
  readonly cpus: readonly number[];
  readonly #producers: Producers;

  private constructor(pipe: EventPipe, source: PerfSource, generator: LoadGenerator) {
    this.pipe = pipe;
    this.source = source;
    this.generator = generator;
    this.cpus = source.cpus;
    this.#producers = new Producers(generator);
  }

  /**
   * Opens the rings, a pipe over them and the generator.
   *
   * @param sourceOptions How to open the rings; the first two CPUs unless given.
   * @param pipeOptions How to open the pipe.
   */
  static open(
    sourceOptions: PerfSourceOptions = {},
    pipeOptions: Omit<EventPipeOptions, "source"> = {},
  ): LoadedPipe {
    const source = PerfSource.open({ cpus: testCpus.slice(0, 2), ...sourceOptions });
    using cleanup = new DisposableStack();
    const pipe = cleanup.use(EventPipe.open({ ...pipeOptions, source }));
    const generator = new LoadGenerator(source.mapFd);
    cleanup.move();
    return new LoadedPipe(pipe, source, generator);
  }

  /** Emits events on the CPU's ring; the first one's unless given. */
  emit(emission: Emission): void {
    this.#producers.emit({ cpu: this.cpus[0]!, ...emission });
  }

  /** Calls of the output helper, as the program counted them. */
  produced(): number {
    return this.generator.counters().produced;
  }

  /** Closes the pipe and unloads the generator. */
  [Symbol.dispose](): void {
    this.pipe.close();
    this.generator[Symbol.dispose]();
  }
}
