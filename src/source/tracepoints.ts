/**
 * The kernel source without BPF: perf events of tracepoints. All tracepoints of a CPU share one ring; their samples carry
 * process, time and CPU in front of the tracepoint's record, see `TRACEPOINT_SAMPLE`. Read it with `dispatchBy: "all"`.
 *
 * @module
 */

import { SYSCONF } from "../abi/linux.ts";
import { PERF, PERF_ATTR_FLAG } from "../abi/perf_event.ts";
import { checkObject, closedError, EventPipeError, wrongArgument } from "../errors.ts";
import { libc } from "../ffi/libc.ts";
import {
  checkRingBytes,
  checkWatermarkBytes,
  layOutRings,
  maxPayloadBytes,
  type RingRegion,
} from "../ring/geometry.ts";
import { PerfScanner } from "../ring/perf_scanner.ts";
import type { Readiness } from "../ring/readiness.ts";
import type { Scanner } from "../ring/scanner.ts";
import { onlineCpus, possibleCpus } from "./cpus.ts";
import { type Closable, closeNow, closeWhenForgotten } from "./forgotten.ts";
import { mapRing } from "./map_ring.ts";
import { PerfEvent } from "./perf_event.ts";
import { Reservation } from "./reservation.ts";
import { checkRing } from "./ring_index.ts";
import type { Source } from "./source.ts";

/** How a {@linkcode TracepointSource} is opened. */
export interface TracepointSourceOptions {
  /** The ids of the tracepoints, as in their `id` files under tracefs. */
  readonly ids: readonly number[];
  /** The size of each ring's data in bytes. */
  readonly ringBytes: number;
  /** Wake the reader after this many bytes. */
  readonly watermarkBytes: number;
  /** The CPUs to read; all that are online unless given. */
  readonly cpus?: readonly number[];
  /** Only this thread, by its id, and the threads and children it makes from now on; all unless given. */
  readonly pid?: number;
}

/** The rings of tracepoint events. */
export class TracepointSource implements Source {
  /** Always `kernel`. */
  readonly kind = "kernel";
  /** Always `perf`. */
  readonly ring = "perf";
  /** The CPU of each ring. */
  readonly cpus: readonly number[];
  /** Always false: a full ring refuses. */
  readonly overwritable = false;
  /** Whether the kernel counts losses; before Linux 6.0 it does not. */
  readonly countsLosses: boolean;
  readonly #reservation: Reservation;
  readonly #regions: readonly RingRegion[];
  /** Per ring its events; the ring belongs to the first. */
  readonly #rings: readonly (readonly PerfEvent[])[];
  /** What is closed, in this order. */
  readonly #parts: readonly Closable[];
  #open = true;
  #paused = false;

  private constructor(reservation: Reservation, regions: RingRegion[], rings: PerfEvent[][]) {
    this.#reservation = reservation;
    this.#regions = regions;
    this.#rings = rings;
    this.cpus = rings.map(([first]) => first!.cpu);
    this.countsLosses = rings.flat().every((event) => event.countsLosses);
    this.#parts = [reservation, ...rings.flat()];
    closeWhenForgotten(this, this.#parts);
  }

  /**
   * Opens an event per tracepoint and CPU, and a ring per CPU. No event arrives before a pipe is opened over the source.
   *
   * @param options The tracepoints, the rings, and whom to watch.
   * @returns The source, to be given to a pipe.
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open(options: TracepointSourceOptions): TracepointSource {
    checkKinds(options);
    const { ids, ringBytes, watermarkBytes, pid } = options;
    const cpus = options.cpus ?? onlineCpus();
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    checkRingBytes(ringBytes, pageBytes);
    checkWatermarkBytes(watermarkBytes, ringBytes);
    if (ids.length === 0) throw new RangeError("Cannot open tracepoints: ids is empty");
    checkCpus(cpus);
    const { PERF_SAMPLE_TID, PERF_SAMPLE_TIME, PERF_SAMPLE_CPU, PERF_SAMPLE_RAW } = PERF;
    const { disabled, inherit, use_clockid } = PERF_ATTR_FLAG;
    const common = {
      type: PERF.PERF_TYPE_TRACEPOINT,
      sampleType: PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW,
      wakeup: { bytes: watermarkBytes },
      flags: disabled | use_clockid | (pid === undefined ? 0 : inherit),
      ...(pid === undefined ? {} : { pid }),
    };
    using cleanup = new DisposableStack();
    const rings = cpus.map((cpu) =>
      ids.flatMap((config) => {
        const event = PerfEvent.open(cpu, { ...common, config, samplePeriod: 1 });
        if (event === null && options.cpus !== undefined) {
          throw new EventPipeError(
            `Cannot open a perf event on CPU ${cpu}: it is offline; choose among ${onlineCpus()}`,
            "NOT_FOUND",
          );
        }
        if (event !== null) cleanup.defer(() => event.close());
        return event ?? []; // went offline since the list was read
      })
    ).filter((events) => events.length > 0);
    const { regions, bufferBytes } = layOutRings(rings.length, ringBytes, pageBytes);
    const reservation = new Reservation(bufferBytes);
    cleanup.defer(() => reservation.close());
    rings.forEach(([first, ...others], ring) => {
      mapRing(reservation, first!, regions[ring]!);
      for (const event of others) event.outputInto(first!);
    });
    cleanup.move();
    return new TracepointSource(reservation, regions, rings);
  }

  /** The longest sample that a ring can ever take. */
  get maxPayloadBytes(): number {
    return maxPayloadBytes(this.#regions[0]!.bytes);
  }

  /** The buffer all rings lie in. */
  get buffer(): ArrayBuffer {
    return this.#reservation.buffer;
  }

  /** One file descriptor per ring. */
  get readiness(): Readiness {
    this.#checkOpen("wait for its rings");
    return { kind: "fds", fds: this.#rings.map(([first]) => first!.fd) };
  }

  /** The files of all events, as long as the source is open. */
  get fds(): readonly number[] {
    this.#checkOpen("use its files");
    return this.#rings.flat().map(({ fd }) => fd);
  }

  /** Makes the scanner for these rings. */
  openScanner(): Scanner {
    this.#checkOpen("scan its rings");
    return new PerfScanner(this.#reservation.buffer, this.#regions, "whole");
  }

  /** Starts all events. */
  start(): void {
    this.#checkOpen("start");
    for (const event of this.#rings.flat()) event.enable();
  }

  /** Stops all events. */
  stop(): void {
    if (!this.#open) return;
    for (const event of this.#rings.flat()) event.disable();
  }

  /** Refuses all records for now, and counts each as lost. */
  pause(): void {
    this.#pause("pause", true);
  }

  /** Lets records in again. */
  resume(): void {
    this.#pause("resume", false);
  }

  /** Whether it is paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Records that found the ring full or paused, of all its events.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   */
  lost(ring: number): number {
    this.#checkOpen("read its losses");
    checkRing(ring, this.cpus.length, "read losses");
    return this.#rings[ring]!.reduce((sum, event) => sum + event.lost(), 0);
  }

  /** Unmaps the rings and closes the events. */
  close(): void {
    if (!this.#open) return;
    this.stop();
    this.#open = false;
    closeNow(this, this.#parts);
  }

  #pause(action: string, isPaused: boolean): void {
    this.#checkOpen(action);
    for (const [owner] of this.#rings) owner!.pause(isPaused);
    this.#paused = isPaused;
  }

  #checkOpen(action: string): void {
    if (!this.#open) throw closedError(action, "the tracepoint source");
  }
}

/** Numbers go to the kernel in structs and calls that would take anything for one. */
function checkKinds(options: TracepointSourceOptions): void {
  checkObject(options, "open tracepoints");
  const { ids, cpus, pid } = options;
  const isId = (id: unknown): boolean =>
    Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 0xffffffff;
  if (!Array.isArray(ids) || !ids.every(isId)) {
    throw wrongArgument("open tracepoints", "ids", "a list of the ids of tracepoints", ids);
  }
  if (cpus !== undefined && !Array.isArray(cpus)) {
    throw wrongArgument("open tracepoints", "cpus", "a list of CPUs", cpus);
  }
  if (pid !== undefined && !(Number.isInteger(pid) && pid > 0 && pid <= 0x7fffffff)) {
    throw wrongArgument("open tracepoints", "pid", "the id of a thread", pid);
  }
}

function checkCpus(cpus: readonly number[]): void {
  if (cpus.length === 0 || new Set(cpus).size !== cpus.length) {
    throw new RangeError(
      `Cannot open tracepoints: cpus must name at least one CPU, each once, current value is [${cpus}]`,
    );
  }
  const possible = possibleCpus();
  for (const cpu of cpus) {
    if (!possible.includes(cpu)) {
      throw new RangeError(`Cannot open tracepoints: this machine has no CPU ${cpu}`);
    }
  }
}
