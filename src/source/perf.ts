/**
 * The kernel source: a `BPF_MAP_TYPE_PERF_EVENT_ARRAY` and, for each CPU, a perf event with its memory-mapped ring. BPF
 * programs send events into it with `bpf_perf_event_output(ctx, &map, BPF_F_CURRENT_CPU, ...)`.
 *
 * A queue is opened in a fixed order: perf event, mapping, then (by the pipe) the wait set, and last the map's slot,
 * since from then on events arrive. It is closed in the reverse order, on every failing path too.
 *
 * @module
 */

import { BPF } from "../abi/bpf.ts";
import { errnoName } from "../abi/errno.ts";
import { FCNTL, SYSCONF } from "../abi/linux.ts";
import { closedError, EventPipeError, syscallFailed } from "../errors.ts";
import { cstring } from "../ffi/cstring.ts";
import { checkFd } from "../ffi/fd.ts";
import { libbpf } from "../ffi/libbpf.ts";
import { errno, libc } from "../ffi/libc.ts";
import { mapId, mapType } from "../ffi/map_info.ts";
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
import type { Scanner } from "../ring/scanner.ts";
import { onlineCpus, possibleCpus } from "./cpus.ts";
import { mapRing } from "./map_ring.ts";
import { bpfOutput, PerfEvent, type Wakeup } from "./perf_event.ts";
import { Reservation } from "./reservation.ts";
import type { Source } from "./source.ts";

/** The maps that sources of this isolate read, by number. */
const readMaps = new Set<number>();
const NO_MAP = -1;

/** A perf event array that exists already, such as a loaded object's map. */
export interface PerfEventArray {
  /** Its file descriptor. It is duplicated; the caller keeps the ownership of this one. */
  readonly fd: number;
  /** Its number of slots: events of a CPU arrive only if it is below this. */
  readonly maxEntries: number;
}

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
   * watermark always applies beside it.
   */
  readonly wakeupEvents?: number;
  /** Wake the reader after this many bytes instead: from 1 to half of the ring. Not together with `wakeupEvents`. */
  readonly watermarkBytes?: number;
  /** The CPUs to read; all that are online unless given. */
  readonly cpus?: readonly number[];
  /** The map to read; one is created unless given, with room for the highest possible CPU. */
  readonly map?: PerfEventArray;
}

/** The rings of a BPF perf event array. */
export class PerfSource implements Source {
  /** Always `kernel`. */
  readonly kind = "kernel";
  /** Always `perf`. */
  readonly ring = "perf";
  /** The CPU of each ring. CPUs that are offline are not among them. */
  readonly cpus: readonly number[];
  readonly #reservation: Reservation;
  readonly #regions: readonly RingRegion[];
  readonly #events: readonly PerfEvent[];
  readonly #mapFd: number;
  readonly #mapId: number;
  readonly #key = new Uint32Array(1);
  #state: "opened" | "started" | "stopped" | "closed" = "opened";

  private constructor(
    map: { readonly fd: number; readonly id: number },
    reservation: Reservation,
    regions: RingRegion[],
    events: PerfEvent[],
  ) {
    this.#mapFd = map.fd;
    this.#mapId = map.id;
    this.#reservation = reservation;
    this.#regions = regions;
    this.#events = events;
    this.cpus = events.map(({ cpu }) => cpu);
  }

  /**
   * Opens the map and a ring per CPU. No event arrives before a pipe is opened over the source.
   *
   * @param options Ring size, wake-up threshold, CPUs and map.
   * @returns The source, to be given to a pipe.
   * @throws {RangeError} If an option is out of range, or the map too small.
   * @throws {TypeError} If the map is no perf event array.
   * @throws {EventPipeError} If the kernel refuses, libbpf is missing or a CPU is offline.
   */
  static open(options: PerfSourceOptions = {}): PerfSource {
    const { ringBytes = 65536, cpus, map } = options;
    const pageBytes = Number(libc().sysconf(SYSCONF._SC_PAGESIZE));
    checkRingBytes(ringBytes, pageBytes);
    const wakeup = chooseWakeup(options, ringBytes);
    const chosen = chooseCpus(cpus, map);
    using cleanup = new DisposableStack();
    const mapFd = map === undefined ? createMap() : duplicate(map.fd);
    cleanup.defer(() => libc().close(mapFd));
    if (map !== undefined) checkType(map.fd);
    const id = takeMap(mapFd);
    cleanup.defer(() => readMaps.delete(id));
    const events = chosen.flatMap((cpu) => {
      const event = PerfEvent.open(cpu, bpfOutput(wakeup));
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
    const reservation = new Reservation(bufferBytes);
    cleanup.defer(() => reservation.close());
    events.forEach((event, ring) => mapRing(reservation, event, regions[ring]!));
    cleanup.move();
    return new PerfSource({ fd: mapFd, id }, reservation, regions, events);
  }

  /** The longest event that a ring can ever take: one byte of a perf ring always stays free. */
  get maxPayloadBytes(): number {
    return maxPayloadBytes(this.#regions[0]!.bytes);
  }

  /** The buffer all rings lie in. */
  get buffer(): ArrayBuffer {
    return this.#reservation.buffer;
  }

  /** The file descriptor of the perf event array, for `BpfMap.reuseFd`. The source owns it. */
  get mapFd(): number {
    this.#checkOpen("use the map");
    return this.#mapFd;
  }

  /** One file descriptor per ring. */
  get readiness(): Readiness {
    this.#checkOpen("wait for its rings");
    return { kind: "fds", fds: this.#events.map(({ fd }) => fd) };
  }

  /** Makes the scanner for these rings. */
  openScanner(): Scanner {
    this.#checkOpen("scan its rings");
    return new PerfScanner(this.#reservation.buffer, this.#regions);
  }

  /** Puts each event into its slot of the map. The key is the CPU's number, which need not be the ring's index. */
  start(): void {
    this.#checkOpen("start");
    for (const { fd, cpu } of this.#events) {
      this.#key[0] = cpu;
      const result = libbpf().bpf_map_update_elem(
        this.#mapFd,
        this.#key,
        Int32Array.of(fd),
        BigInt(BPF.BPF_ANY),
      );
      if (result < 0) {
        this.stop();
        throw syscallFailed(`put the ring of CPU ${cpu} into its map`, "bpf_map_update_elem", -result);
      }
      this.#state = "started";
    }
  }

  /**
   * Empties the slots: producers are refused with -ENOENT from then on. An output under way at this moment, of less than
   * a microsecond, still ends in its ring.
   */
  stop(): void {
    if (this.#state !== "started") return;
    this.#state = "stopped";
    for (const { cpu } of this.#events) {
      this.#key[0] = cpu;
      libbpf().bpf_map_delete_elem(this.#mapFd, this.#key);
    }
  }

  /**
   * Events that found the ring full, by `read` with PERF_FORMAT_LOST.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   */
  lost(ring: number): number {
    this.#checkOpen("read its losses");
    return this.#events[ring]!.lost();
  }

  /** Unmaps the rings, closes events and map. */
  close(): void {
    if (this.#state === "closed") return;
    this.stop();
    this.#state = "closed";
    this.#reservation.close();
    for (const event of this.#events) event.close();
    libc().close(this.#mapFd);
    readMaps.delete(this.#mapId);
  }

  #checkOpen(action: string): void {
    if (this.#state === "closed") throw closedError(action, "the perf source");
  }
}

function chooseWakeup({ wakeupEvents, watermarkBytes }: PerfSourceOptions, ringBytes: number): Wakeup {
  if (watermarkBytes === undefined) {
    checkWakeupEvents(wakeupEvents ?? 1);
    return { events: wakeupEvents ?? 1 };
  }
  if (wakeupEvents !== undefined) {
    throw new TypeError("Cannot open rings: give wakeupEvents or watermarkBytes, not both");
  }
  checkWatermarkBytes(watermarkBytes, ringBytes);
  return { bytes: watermarkBytes };
}

function chooseCpus(cpus: readonly number[] | undefined, map: PerfEventArray | undefined): readonly number[] {
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

/** A slot holds one event, and closing a source empties its slots whoever filled them: so a map has one source. */
function takeMap(fd: number): number {
  const id = mapId(fd);
  if (id === null) return NO_MAP; // without /proc nobody can tell
  if (readMaps.has(id)) {
    throw new TypeError("Cannot open rings: another source reads this map; close that one first");
  }
  readMaps.add(id);
  return id;
}

function createMap(): number {
  const slots = Math.max(...possibleCpus()) + 1;
  const fd = libbpf().bpf_map_create(BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY, cstring("events"), 4, 4, slots, null);
  if (fd < 0) {
    const advice = errnoName(-fd) === "EPERM" ? "it needs CAP_BPF and CAP_PERFMON (or root)" : "";
    throw syscallFailed("create the perf event array", "bpf_map_create", -fd, advice);
  }
  return fd;
}

/**
 * Refuses what is no perf event array. A map of another type would take the descriptors of the events for plain values,
 * and the kernel would read as many bytes as its values have.
 */
function checkType(fd: number): void {
  const type = mapType(fd);
  if (type === null) throw new TypeError(`Cannot use the given map: file descriptor ${fd} is no BPF map`);
  if (type !== BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY) {
    throw new TypeError(
      `Cannot use the given map: it must be a BPF_MAP_TYPE_PERF_EVENT_ARRAY (${BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY}), its type is ${type}`,
    );
  }
}

/** The array is emptied when the file that filled it is closed, so the source must own a reference of its own. */
function duplicate(fd: number): number {
  const copy = libc().fcntl(checkFd(fd, "use the given map"), FCNTL.F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    const error = errno(); // Errno: read before the message allocates.
    throw syscallFailed("use the given map", "fcntl", error);
  }
  return copy;
}
