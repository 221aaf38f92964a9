/**
 * The kernel source of BPF ring buffers: one or several maps of type `BPF_MAP_TYPE_RINGBUF`, each a ring that programs on all
 * CPUs write into with `bpf_ringbuf_reserve` and `bpf_ringbuf_submit`, or `bpf_ringbuf_output`. Order is kept across CPUs.
 *
 * A ring lives in its map, with the position up to which it was read. Programs write into it whether or not anybody reads;
 * who opens a map that was read before goes on where its last reader stood.
 *
 * @module
 */

import { SYSCONF } from "../abi/linux.ts";
import { checkObject, closedError, EventPipeError } from "../errors.ts";
import { libc } from "../ffi/libc.ts";
import { type CategoryFilter, checkFilter, checkFiltered, filteredBy } from "../ring/category_filter.ts";
import type { Readiness } from "../ring/readiness.ts";
import {
  checkRingbufBytes,
  layOutRingbufs,
  maxRingbufPayloadBytes,
  type RingbufRegion,
} from "../ring/ringbuf_geometry.ts";
import { RingbufScanner } from "../ring/ringbuf_scanner.ts";
import { checkScanner, type DispatchBy, type Scanner, type ScannerKind } from "../ring/scanner.ts";
import { WasmScanner } from "../ring/wasm_scanner.ts";
import { type Closable, closeNow, closeWhenForgotten } from "./forgotten.ts";
import { Reservation } from "./reservation.ts";
import { checkRing } from "./ring_index.ts";
import { LossCount, type LossCounter } from "./ringbuf_losses.ts";
import { type RingbufMap, RingbufMapReference } from "./ringbuf_map.ts";
import { mapRingbuf } from "./ringbuf_mapping.ts";
import type { Source } from "./source.ts";
import { openFilter, WasmReservation } from "./wasm_reservation.ts";

export type { LossCounter } from "./ringbuf_losses.ts";
export type { RingbufMap } from "./ringbuf_map.ts";

/** How a {@linkcode RingbufSource} is opened. */
export interface RingbufSourceOptions {
  /** The maps to read, each a ring; one is created unless given. */
  readonly maps?: readonly RingbufMap[];
  /**
   * The size of the map that is created, in bytes: a power of two from one page to 512 MiB; 262144 unless given. Not
   * together with `maps`, which have their sizes.
   */
  readonly ringBytes?: number;
  /** Where the programs count what each ring refused, one per map in their order. Without, losses are not known. */
  readonly lossCounters?: readonly LossCounter[];
  /**
   * Which scanner reads the rings; `ts` unless given. With `wasm` they are mapped into the linear memory of a
   * WebAssembly.Memory, whose `buffer` is shared.
   */
  readonly scanner?: ScannerKind;
  /**
   * The categories to hand on, below 1024; all of any number unless given. Events of others are counted where they lie, by
   * `filtered`, and no handler sees them; a pipe counts them as `skipped`. Only with scanner `wasm`.
   */
  readonly filter?: readonly number[];
}

/** What a source is made of. */
interface Parts {
  readonly maps: readonly RingbufMapReference[];
  readonly counts: readonly LossCount[];
  readonly reservation: Reservation | WasmReservation;
  readonly regions: readonly RingbufRegion[];
  readonly filter: CategoryFilter | undefined;
}

/** BPF ring buffers. */
export class RingbufSource implements Source {
  /** Always `kernel`. */
  readonly kind = "kernel";
  /** Always `ringbuf`. */
  readonly ring = "ringbuf";
  /** -1 for each ring: all CPUs write into it. */
  readonly cpus: readonly number[];
  /** Always false: a full ring refuses. */
  readonly overwritable = false;
  /** Always false: a ring cannot be paused. */
  readonly paused = false;
  /** Whether the programs' counters of losses were given. */
  readonly countsLosses: boolean;
  readonly #parts: Parts;
  /** What is closed, in this order. */
  readonly #closables: readonly Closable[];
  #open = true;

  private constructor(parts: Parts) {
    const { maps, counts, reservation } = parts;
    this.#parts = parts;
    this.#closables = [reservation, ...maps, ...counts];
    this.cpus = maps.map(() => -1);
    this.countsLosses = counts.length > 0;
    closeWhenForgotten(this, this.#closables);
  }

  /**
   * Opens the maps. What is in their rings already is the first that is read.
   *
   * @param options The maps, or the size of one to create, and where losses are counted.
   * @returns The source, to be given to a pipe.
   * @throws {TypeError} If a map is of another type or read by another source, or options contradict each other.
   * @throws {RangeError} If an option is out of range, or a ring too large.
   * @throws {EventPipeError} If the kernel refuses or libbpf is missing.
   *
   * @example Events of a program that counts its losses
   * ```ts ignore
   * import { BpfObject, EventPipe, RingbufSource } from "@eventpipe/eventpipe";
   *
   * using object = BpfObject.open("exec.bpf.o");
   * object.load();
   * const source = RingbufSource.open({
   *   maps: [object.map("events")],
   *   lossCounters: [{ map: object.map("refused") }],
   * });
   * using pipe = EventPipe.open({ source });
   * ```
   */
  static open(options: RingbufSourceOptions = {}): RingbufSource {
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    checkOptions(options, pageBytes);
    const { maps: given, ringBytes = 262144, lossCounters = [], scanner = "ts", filter } = options;
    using cleanup = new DisposableStack();
    const adopt = <T extends Closable>(opened: T): T => cleanup.adopt(opened, (each) => each.close());
    const maps = given === undefined
      ? [adopt(RingbufMapReference.create(ringBytes))]
      : given.map((map) => adopt(RingbufMapReference.open(map)));
    const counts = lossCounters.map((counter) => adopt(LossCount.open(counter)));
    const { regions, bufferBytes } = layOutRingbufs(maps.map(({ bytes }) => bytes), pageBytes);
    const reservation = adopt(
      scanner === "wasm" ? new WasmReservation(bufferBytes, maps.length) : new Reservation(bufferBytes),
    );
    maps.forEach(({ fd }, ring) => mapRingbuf(reservation, fd, regions[ring]!));
    cleanup.move();
    return new RingbufSource({ maps, counts, reservation, regions, filter: openFilter(reservation, filter) });
  }

  /** The longest event that each of the rings can take: 20 bytes less than the smallest ring. */
  get maxPayloadBytes(): number {
    return Math.min(...this.#parts.regions.map(({ bytes }) => maxRingbufPayloadBytes(bytes)));
  }

  /** The buffer all rings lie in. It must not be written: that ends the process. */
  get buffer(): ArrayBufferLike {
    return this.#parts.reservation.buffer;
  }

  /** The file descriptor of the first map, for `BpfMap.reuseFd`. The source owns it. */
  get mapFd(): number {
    this.#checkOpen("use the map");
    return this.#parts.maps[0]!.fd;
  }

  /** The maps' file descriptors. Unlike those of perf rings they stay readable until all was read. */
  get readiness(): Readiness {
    this.#checkOpen("wait for its rings");
    return { kind: "fds", fds: this.#parts.maps.map(({ fd }) => fd) };
  }

  /**
   * Makes the scanner for these rings.
   *
   * @param dispatchBy Whether records begin with `struct event`; by that unless given.
   * @returns A scanner over `buffer`, at the positions where the maps' last reader stood.
   * @throws {TypeError} If there is a filter, and records begin with no category.
   */
  openScanner(dispatchBy: DispatchBy = "category"): Scanner {
    this.#checkOpen("scan its rings");
    const { reservation, regions, filter } = this.#parts;
    checkFiltered(filter, dispatchBy);
    return reservation instanceof WasmReservation
      ? WasmScanner.ringbuf(reservation.memory, regions, dispatchBy, filter)
      : new RingbufScanner(reservation.buffer, regions, dispatchBy);
  }

  /** Does nothing: events come in as long as programs are attached. */
  start(): void {
    this.#checkOpen("start");
  }

  /**
   * Does nothing: programs that are attached go on. What they emit from here on stays in the map for its next reader, and
   * in no count of this one; detach them first where every event must be counted.
   */
  stop(): void {}

  /**
   * Not possible.
   *
   * @throws {TypeError} Always.
   */
  pause(): void {
    throw new TypeError("Cannot pause a BPF ring buffer: nothing but the program can refuse an event");
  }

  /** Does nothing, as a ring is never paused. */
  resume(): void {}

  /**
   * Events that found the ring full, by the counter that was given for it.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   * @throws {EventPipeError} `NOT_SUPPORTED`, where `countsLosses` is false.
   */
  lost(ring: number): number {
    this.#checkOpen("read its losses");
    if (!this.countsLosses) {
      throw new EventPipeError(
        "Cannot read the losses of a BPF ring buffer: it counts none; let the program count them and name its counters by the option lossCounters",
        "NOT_SUPPORTED",
      );
    }
    checkRing(ring, this.cpus.length, "read losses");
    return this.#parts.counts[ring]!.read();
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

  /** Unmaps the rings and closes the maps; a map that a program or a pin holds keeps what was not read. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeNow(this, this.#closables);
  }

  #checkOpen(action: string): void {
    if (!this.#open) throw closedError(action, "the ringbuf source");
  }
}

function checkOptions(options: RingbufSourceOptions, pageBytes: number): void {
  checkObject(options, "open BPF ring buffers");
  const { maps, ringBytes, lossCounters, scanner = "ts", filter } = options;
  checkScanner(scanner);
  checkFilter(filter, scanner);
  if (maps !== undefined && ringBytes !== undefined) {
    throw new TypeError(
      "Cannot open BPF ring buffers: give maps or ringBytes, not both; maps have their sizes",
    );
  }
  if (maps !== undefined && (!Array.isArray(maps) || maps.length === 0)) {
    throw new TypeError(
      'Cannot open BPF ring buffers: maps must be an array of at least one map, such as [object.map("events")]',
    );
  }
  for (const map of maps ?? []) checkObject(map, "open BPF ring buffers", "each of maps");
  for (const bytes of maps?.map(({ maxEntries }) => maxEntries) ?? [ringBytes]) {
    if (bytes !== undefined) checkRingbufBytes(bytes, pageBytes);
  }
  const rings = maps?.length ?? 1;
  if (lossCounters !== undefined && (!Array.isArray(lossCounters) || lossCounters.length !== rings)) {
    throw new TypeError(
      `Cannot open BPF ring buffers: lossCounters must be an array with a counter for each of ${rings} rings, current value has ${
        lossCounters?.length ?? "no length"
      }`,
    );
  }
  for (const counter of lossCounters ?? []) {
    checkObject(counter?.map, "open BPF ring buffers", "the map of each of lossCounters");
  }
}
