/**
 * Opens what a measurement reads and what its producers write into: the rings as a setting says, the pipe over them, and the
 * generator of the events. Cells and advice measure through the same rigs.
 *
 * @module
 */

import { EventPipe } from "../../src/pipe/event_pipe.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { RingbufSource } from "../../src/source/ringbuf.ts";
import type { Source } from "../../src/source/source.ts";
import type { ProducerReport } from "../control.ts";
import { LoadGenerator } from "../load_generator.ts";
import type { SourceName } from "../plan/cell_plan.ts";
import type { ProducerOrder } from "../producer_worker.ts";
import { RARE_WAKEUP_EVENTS, type Setting } from "../setting.ts";
import { RingbufLoad } from "./ringbuf_load.ts";

/** What a rig is opened for. */
export interface RigOptions {
  readonly source: SourceName;
  readonly setting: Setting;
  /** The CPUs of the rings: producers write into the first ones, each into its own. A BPF ring buffer is one for all. */
  readonly cpus: readonly number[];
  /** The compiled generator for BPF ring buffers; null where it could not be compiled. */
  readonly ringbufLoad: string | null;
  /** Called with the source before the pipe takes it over. */
  readonly onSource?: (source: Source) => void;
}

/** What producers tried to output, and what was refused that no ring counts. */
export interface ProducedEvents {
  readonly produced: number;
  readonly refused: number;
}

/** A pipe with what its producers run and count. */
export interface Rig extends Disposable {
  readonly pipe: EventPipe;
  /**
   * What a producer writes into.
   *
   * @param index The producer: the place of its CPU.
   * @returns The target of its orders.
   */
  target(index: number): ProducerOrder["target"];
  /**
   * What was produced.
   *
   * @param reports What the producers reported.
   * @returns The sums over all of them.
   */
  accounts(reports: readonly ProducerReport[]): ProducedEvents;
}

/**
 * Opens a rig.
 *
 * @param options What for.
 * @returns The rig; dispose of it behind the measurement.
 * @throws {EventPipeError} If the kernel refuses.
 * @throws {Error} If there is no generator for the ring.
 */
export function openRig(options: RigOptions): Rig {
  if (options.source === "memory") return memoryRig(options);
  return options.setting.ring === "perf" ? perfRig(options) : ringbufRig(options);
}

/** What emits into a source. */
type Generated = Pick<Rig, "target" | "accounts">;

function perfRig(options: RigOptions): Rig {
  const { setting: { ringBytes, scanner, wakeup }, cpus } = options;
  const source = PerfSource.open({
    cpus,
    ringBytes,
    scanner,
    ...(wakeup.kind === "bytes"
      ? { watermarkBytes: wakeup.bytes }
      : { wakeupEvents: wakeup.kind === "events" ? wakeup.events : RARE_WAKEUP_EVENTS }),
  });
  return rigOver(source, options, (cleanup): Generated => {
    const generator = cleanup.use(new LoadGenerator(source.mapFd));
    return {
      target: () => ({ programFd: generator.programFd }),
      accounts(): ProducedEvents {
        const { produced, refused } = generator.counters();
        const uncounted = Object.entries(refused).filter(([error]) => error !== "ENOSPC");
        return { produced, refused: uncounted.reduce((sum, [, count]) => sum + count, 0) };
      },
    };
  });
}

function ringbufRig(options: RigOptions): Rig {
  const { setting, ringbufLoad } = options;
  if (ringbufLoad === null) {
    throw new Error("Cannot measure a BPF ring buffer: its generator was not compiled");
  }
  using cleanup = new DisposableStack();
  const generator = cleanup.use(new RingbufLoad(ringbufLoad, setting));
  const source = RingbufSource.open({
    maps: [generator.map],
    lossCounters: [generator.losses],
    scanner: setting.scanner,
  });
  const rig = rigOver(source, options, (owned): Generated => {
    owned.use(generator);
    return {
      target: () => ({ programFd: generator.programFd }),
      accounts: () => ({ produced: generator.produced, refused: 0 }),
    };
  });
  cleanup.move();
  return rig;
}

function memoryRig(options: RigOptions): Rig {
  const { setting: { ringBytes, scanner, wakeup }, cpus } = options;
  const wakeupEvents = wakeup.kind === "events" ? wakeup.events : RARE_WAKEUP_EVENTS;
  const source = MemorySource.open({ ringBytes, scanner, wakeupEvents, cpus });
  return rigOver(source, options, (): Generated => ({
    target: (ring) => ({ rings: source.share(), ring }),
    accounts: (reports) => ({
      produced: reports.reduce((sum, { produced }) => sum + produced, 0),
      refused: reports.reduce((sum, { refused }) => sum + refused, 0),
    }),
  }));
}

/** The pipe will own the source; until then it is closed here if something fails. */
function rigOver(
  source: Source,
  { setting: { waiter }, onSource }: RigOptions,
  generate: (cleanup: DisposableStack) => Generated,
): Rig {
  using cleanup = new DisposableStack();
  cleanup.defer(() => source.close());
  const generated = generate(cleanup);
  onSource?.(source);
  const pipe = cleanup.use(EventPipe.open({ source, waiter }));
  const owned = cleanup.move();
  return { pipe, ...generated, [Symbol.dispose]: () => owned.dispose() };
}
