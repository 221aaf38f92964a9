/**
 * The kernel source: a `BPF_MAP_TYPE_PERF_EVENT_ARRAY` and, for each CPU, a perf event with its memory-mapped ring. BPF
 * programs send events into it with `bpf_perf_event_output(ctx, &map, BPF_F_CURRENT_CPU, ...)`.
 *
 * A queue is opened in a fixed order: perf event, mapping, then (by the pipe) the wait set, and last the map's slot,
 * since from then on events arrive. On every failing path all is closed again.
 *
 * Rings can be overwritable: a full one overwrites its oldest records, and they are read while it is paused.
 *
 * @module
 */

import { MEMBARRIER, NR_MEMBARRIER, SYSCONF } from "../abi/linux.ts";
import { PERF_ATTR_FLAG } from "../abi/perf_event.ts";
import { checkObject, closedError, EventPipeError, wrongArgument } from "../errors.ts";
import { libc } from "../ffi/libc.ts";
import { BackwardScanner } from "../ring/backward_scanner.ts";
import { type CategoryFilter, checkFilter, checkFiltered, filteredBy } from "../ring/category_filter.ts";
import {
  checkRingBytes,
  checkWakeupEvents,
  checkWatermarkBytes,
  layOutRings,
  maxPayloadBytes,
  type RingRegion,
} from "../ring/geometry.ts";
import { PerfScanner } from "../ring/perf_scanner.ts";
import type { Readiness } from "../ring/readiness.ts";
import { checkScanner, type DispatchBy, type Scanner, type ScannerKind } from "../ring/scanner.ts";
import { WasmScanner } from "../ring/wasm_scanner.ts";
import { onlineCpus, possibleCpus } from "./cpus.ts";
import { EventArray, type PerfEventArray } from "./event_array.ts";
import { type Closable, closeNow, closeWhenForgotten } from "./forgotten.ts";
import { mapRing } from "./map_ring.ts";
import { bpfOutput, PerfEvent, type Wakeup } from "./perf_event.ts";
import { type RawAttr, rawAttrBits } from "./raw_attr.ts";
import { Reservation } from "./reservation.ts";
import { checkRing } from "./ring_index.ts";
import type { Source } from "./source.ts";
import { openFilter, WasmReservation } from "./wasm_reservation.ts";

export type { PerfEventArray } from "./event_array.ts";
export type { RawAttr, RawAttrFlag, RawAttrSampleType } from "./raw_attr.ts";

/** How a {@linkcode PerfSource} is opened. */
export interface PerfSourceOptions {
  /**
   * The size of each ring's data in bytes, a power of two of at least a page; 65536 unless given. All rings of a source
   * together have at most 2 GiB.
   */
  readonly ringBytes?: number;
  /**
   * Wake the reader after this many events of a CPU; 1 unless given, the seed's choice. A wake-up interrupts the
   * producer, which costs it far more than the event: `deno task bench` measures how much on a machine. A half-ring
   * watermark always applies beside it. Above 1, events of half a ring and more may find no room before anything wakes.
   */
  readonly wakeupEvents?: number;
  /** Wake the reader after this many bytes instead: from 1 to half of the ring. Not together with `wakeupEvents`. */
  readonly watermarkBytes?: number;
  /**
   * Whether a full ring overwrites its oldest records, as a flight recorder; false unless given. Such rings are read while
   * they are paused, or after `stop`. They wake nobody, so `wakeupEvents` and `watermarkBytes` cannot be given.
   */
  readonly overwritable?: boolean;
  /**
   * Which scanner reads the rings; `ts` unless given. With `wasm` they are mapped into the linear memory of a
   * WebAssembly.Memory, whose `buffer` is shared; not together with `overwritable`.
   */
  readonly scanner?: ScannerKind;
  /**
   * The categories to hand on, below 1024; all of any number unless given. Events of others are counted where they lie, by
   * `filtered`, and no handler sees them; a pipe counts them as `skipped`. Only with scanner `wasm`.
   */
  readonly filter?: readonly number[];
  /** Further bits of `struct perf_event_attr`: records of other types in the rings, and more in each sample. */
  readonly attr?: RawAttr;
  /** The CPUs to read; all that are online unless given. */
  readonly cpus?: readonly number[];
  /** The map to read; one is created unless given, with room for the highest possible CPU. */
  readonly map?: PerfEventArray;
}

/** What a source is made of. */
interface Parts {
  readonly array: EventArray;
  readonly reservation: Reservation | WasmReservation;
  readonly regions: readonly RingRegion[];
  readonly filter: CategoryFilter | undefined;
  readonly events: readonly PerfEvent[];
}

/** The rings of a BPF perf event array. */
export class PerfSource implements Source {
  /** Always `kernel`. */
  readonly kind = "kernel";
  /** Always `perf`. */
  readonly ring = "perf";
  /** The CPU of each ring. CPUs that are offline are not among them. */
  readonly cpus: readonly number[];
  /** Whether a full ring overwrites its oldest records. */
  readonly overwritable: boolean;
  /** Whether the kernel counts losses; before Linux 6.0 it does not. */
  readonly countsLosses: boolean;
  readonly #parts: Parts;
  /** What is closed, in this order. */
  readonly #closables: readonly Closable[];
  /** Whether a sample carries more than its raw data. */
  readonly #isWhole: boolean;
  /** The scanner of overwritable rings, once there is one. */
  #backward: BackwardScanner | null = null;
  #open = true;
  #stopped = false;
  #paused = false;
  /** Whether the kernel's rings are paused. */
  #held = false;

  private constructor(parts: Parts, overwritable: boolean, isWhole: boolean) {
    const { array, reservation, events } = parts;
    this.#parts = parts;
    this.#closables = [array, reservation, ...events];
    this.#isWhole = isWhole;
    this.cpus = events.map(({ cpu }) => cpu);
    this.overwritable = overwritable;
    this.countsLosses = events.every((event) => event.countsLosses);
    closeWhenForgotten(this, this.#closables);
  }

  /**
   * Opens the map and a ring per CPU. No event arrives before a pipe is opened over the source.
   *
   * @param options Ring size, wake-up threshold, CPUs and map.
   * @returns The source, to be given to a pipe.
   * @throws {RangeError} If an option is out of range, or the map too small.
   * @throws {TypeError} If the map is no perf event array, or options contradict each other.
   * @throws {EventPipeError} If the kernel refuses, libbpf is missing or a CPU is offline.
   */
  static open(options: PerfSourceOptions = {}): PerfSource {
    checkObject(options, "open rings");
    const { ringBytes = 65536, cpus, map, overwritable = false, scanner = "ts", filter, attr = {} } = options;
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    checkRingBytes(ringBytes, pageBytes);
    const wakeup = chooseWakeup(options, ringBytes);
    checkScanner(scanner);
    checkFilter(filter, scanner);
    if (scanner === "wasm" && overwritable) {
      throw new TypeError(
        'Cannot open overwritable rings with scanner "wasm": it reads forward only; choose "ts"',
      );
    }
    const { flags, sampleType } = rawAttrBits(attr);
    const chosen = chooseCpus(cpus, map);
    using cleanup = new DisposableStack();
    const array = cleanup.adopt(EventArray.open(map), (opened) => opened.close());
    const spec = bpfOutput(wakeup, {
      flags: overwritable ? flags | PERF_ATTR_FLAG.write_backward : flags,
      sampleType,
    });
    const events = chosen.flatMap((cpu) => {
      const event = PerfEvent.open(cpu, spec);
      if (event === null && cpus !== undefined) {
        throw new EventPipeError(
          `Cannot open a perf event on CPU ${cpu}: it is offline; choose among ${onlineCpus()}`,
          "NOT_FOUND",
        );
      }
      if (event !== null) cleanup.defer(() => event.close());
      return event ?? []; // went offline since the list was read
    });
    const { regions, bufferBytes } = layOutRings(events.length, ringBytes, pageBytes);
    const reservation = scanner === "wasm"
      ? new WasmReservation(bufferBytes, events.length)
      : new Reservation(bufferBytes);
    cleanup.defer(() => reservation.close());
    events.forEach((event, ring) => mapRing(reservation, event, regions[ring]!, overwritable));
    cleanup.move();
    const parts = { array, reservation, regions, filter: openFilter(reservation, filter), events };
    return new PerfSource(parts, overwritable, sampleType !== 0);
  }

  /** The longest event that a ring can ever take: one byte of a perf ring always stays free. */
  get maxPayloadBytes(): number {
    return maxPayloadBytes(this.#parts.regions[0]!.bytes);
  }

  /** The buffer all rings lie in. Where they are overwritable, it must not be written: that ends the process. */
  get buffer(): ArrayBufferLike {
    return this.#parts.reservation.buffer;
  }

  /** The file descriptor of the perf event array, for `BpfMap.reuseFd`. The source owns it. */
  get mapFd(): number {
    this.#checkOpen("use the map");
    return this.#parts.array.fd;
  }

  /** One file descriptor per ring. */
  get readiness(): Readiness {
    this.#checkOpen("wait for its rings");
    return { kind: "fds", fds: this.#parts.events.map(({ fd }) => fd) };
  }

  /**
   * Makes the scanner for these rings.
   *
   * @param dispatchBy Whether payloads begin with a category; by that unless given.
   * @returns A scanner over `buffer`.
   * @throws {TypeError} If samples carry more than raw data and so begin with no category, or there is a filter and none.
   */
  openScanner(dispatchBy: DispatchBy = "category"): Scanner {
    this.#checkOpen("scan its rings");
    if (this.#isWhole && dispatchBy !== "all") {
      throw new TypeError(
        `Cannot scan for categories: with attr.sampleType an event begins with other fields of its sample; choose dispatchBy "all", current value is "${dispatchBy}"`,
      );
    }
    const { reservation, regions, filter } = this.#parts;
    checkFiltered(filter, dispatchBy);
    const samples = this.#isWhole ? "whole" : "raw";
    if (reservation instanceof WasmReservation) {
      return WasmScanner.perf(reservation.memory, regions, samples, filter);
    }
    const { buffer } = reservation;
    if (!this.overwritable) return new PerfScanner(buffer, regions, samples);
    return this.#backward = new BackwardScanner(buffer, regions, samples, () => this.#checkReadable());
  }

  /** Puts each event into its slot of the map: from then on producers are let in. */
  start(): void {
    this.#checkOpen("start");
    this.#stopped = false;
    this.#settle();
    this.#parts.array.fill(this.#parts.events);
  }

  /**
   * Empties the slots: producers are refused with -ENOENT from then on. Waits until the outputs under way have ended in their
   * rings, some 5 to 15 ms, longer while a program runs on and on.
   */
  stop(): void {
    if (!this.#open || this.#stopped) return;
    this.#parts.array.empty();
    this.#stopped = true;
    this.#settle();
    // A program that found its slot filled may be writing still, and what it writes is to be counted.
    if (!this.overwritable) waitForOutputs();
  }

  /**
   * Refuses events for now: producers get -ENOSPC, and the kernel counts each event as lost. An output under way at this
   * moment, of less than a microsecond, still ends in its ring; where rings are overwritable, this waits until it has, for
   * some 5 to 30 ms.
   */
  pause(): void {
    this.#checkOpen("pause");
    this.#paused = true;
    this.#settle();
  }

  /** Lets events in again. */
  resume(): void {
    this.#checkOpen("resume");
    this.#paused = false;
    this.#settle();
  }

  /** Whether it is paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Events that found the ring full or paused, by `read` with PERF_FORMAT_LOST.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   * @throws {EventPipeError} `NOT_SUPPORTED`, where `countsLosses` is false.
   */
  lost(ring: number): number {
    this.#checkOpen("read its losses");
    checkRing(ring, this.cpus.length, "read losses");
    return this.#parts.events[ring]!.lost();
  }

  /**
   * Bytes of records that were overwritten before they were read, as counted when the ring was read last. How many events
   * they held nobody knows.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened; 0 where rings are not overwritable.
   */
  overwrittenBytes(ring: number): number {
    checkRing(ring, this.cpus.length, "read what was overwritten");
    return this.#backward?.overwrittenBytes(ring) ?? 0;
  }

  /**
   * How many events the filter has not handed on.
   *
   * @param category Of which category; of all together unless given.
   * @returns The count since the source was opened; 0 without a filter.
   * @throws {RangeError} If the category is not below 1024.
   */
  filtered(category?: number): number {
    return filteredBy(this.#parts.filter, category);
  }

  /** Unmaps the rings, closes events and map. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeNow(this, this.#closables);
  }

  /**
   * Holds the rings or lets them go on, as was asked for. Overwritable ones are held after `stop` too: no slot keeps the
   * records of other types out that `attr` may ask for, and who reads then must not see any come.
   */
  #settle(): void {
    const isHeld = this.#paused || (this.overwritable && this.#stopped);
    if (isHeld === this.#held) return;
    for (const event of this.#parts.events) event.pause(isHeld);
    if (isHeld && this.overwritable) waitForOutputs();
    this.#held = isHeld;
  }

  #checkReadable(): void {
    if (this.#held) return;
    throw new TypeError("Cannot read overwritable rings: they are being written; pause the pipe first");
  }

  #checkOpen(action: string): void {
    if (!this.#open) throw closedError(action, "the perf source");
  }
}

/**
 * Waits until the outputs under way have ended: the last events would be in no count, and those of an
 * overwritable ring would overwrite the oldest one while it is being read. The kernel
 * does not preempt an output (kernel/events/ring_buffer.c perf_output_get_handle()), and this waits until each CPU could
 * have been, kernel/sched/membarrier.c: synchronize_rcu(). Kernels without it, and those with nohz_full CPUs, refuse; then
 * such an event may be torn or uncounted.
 */
function waitForOutputs(): void {
  libc().membarrier(NR_MEMBARRIER, MEMBARRIER.MEMBARRIER_CMD_GLOBAL, 0, 0);
}

function chooseWakeup(
  { wakeupEvents, watermarkBytes, overwritable = false }: PerfSourceOptions,
  ringBytes: number,
): Wakeup {
  if (typeof overwritable !== "boolean") {
    throw new TypeError(
      `Cannot open rings: overwritable must be true or false, current value is ${overwritable}`,
    );
  }
  if (overwritable && (wakeupEvents !== undefined || watermarkBytes !== undefined)) {
    throw new TypeError(
      "Cannot open overwritable rings: nobody waits for them, leave wakeupEvents and watermarkBytes out",
    );
  }
  // The kernel knows no ring that never wakes; this one does once in a lap, the least there is.
  if (overwritable) return { bytes: ringBytes };
  if (watermarkBytes === undefined) {
    const events = wakeupEvents === undefined ? 1 : wakeupEvents;
    checkWakeupEvents(events);
    return { events };
  }
  if (wakeupEvents !== undefined) {
    throw new TypeError("Cannot open rings: give wakeupEvents or watermarkBytes, not both");
  }
  checkWatermarkBytes(watermarkBytes, ringBytes);
  return { bytes: watermarkBytes };
}

function chooseCpus(cpus: readonly number[] | undefined, map: PerfEventArray | undefined): readonly number[] {
  if (cpus !== undefined && !Array.isArray(cpus)) {
    throw wrongArgument("open rings", "cpus", "a list of CPUs", cpus);
  }
  if (map !== undefined && !Number.isInteger(map?.maxEntries)) {
    throw wrongArgument("open rings", "map", "a map with fd and maxEntries", map);
  }
  const chosen = cpus ?? onlineCpus();
  const possible = new Set(possibleCpus());
  if (chosen.length === 0 || new Set(chosen).size !== chosen.length) {
    throw new RangeError(
      `Cannot open rings: cpus must name at least one CPU, each once, current value is [${chosen}]`,
    );
  }
  for (const cpu of chosen) {
    if (!possible.has(cpu)) throw new RangeError(`Cannot open a ring: this machine has no CPU ${cpu}`);
    if (map !== undefined && cpu >= map.maxEntries) {
      throw new RangeError(
        `Cannot open the ring of CPU ${cpu}: the map has ${map.maxEntries} slots, so events of this CPU could never arrive; give the map more entries`,
      );
    }
  }
  return chosen;
}
