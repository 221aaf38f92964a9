/**
 * The map of a perf source: a `BPF_MAP_TYPE_PERF_EVENT_ARRAY` with a slot for each CPU. An event in a slot lets the outputs
 * of that CPU in; an empty slot refuses them with -ENOENT.
 *
 * @module
 */

import { BPF } from "../abi/bpf.ts";
import { errnoName } from "../abi/errno.ts";
import { FCNTL } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { cstring } from "../ffi/cstring.ts";
import { checkFd } from "../ffi/fd.ts";
import { libbpf } from "../ffi/libbpf.ts";
import { errno, libc } from "../ffi/libc.ts";
import { mapId, mapType } from "../ffi/map_info.ts";
import { possibleCpus } from "./cpus.ts";
import type { Closable } from "./forgotten.ts";
import type { PerfEvent } from "./perf_event.ts";

/** The maps that sources of this isolate read, by number. */
const readMaps = new Set<number>();

/** A perf event array that exists already, such as a loaded object's map. */
export interface PerfEventArray {
  /** Its file descriptor. It is duplicated; the caller keeps the ownership of this one. */
  readonly fd: number;
  /** Its number of slots: events of a CPU arrive only if it is below this. */
  readonly maxEntries: number;
}

/** A reference to a perf event array, and the slots that were filled through it. */
export class EventArray implements Closable {
  /** The file descriptor. */
  readonly fd: number;
  /** The map's number; null where it cannot be told. */
  readonly #id: number | null;
  readonly #key = new Uint32Array(1);
  #filled: readonly PerfEvent[] = [];

  private constructor(fd: number, id: number | null) {
    this.fd = fd;
    this.#id = id;
  }

  /**
   * Creates a map with room for the highest possible CPU, or takes a reference to one that exists.
   *
   * @param map The map; one is created unless given.
   * @returns The reference.
   * @throws {TypeError} If the map is no perf event array, or another source reads it.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open(map?: PerfEventArray): EventArray {
    using cleanup = new DisposableStack();
    const fd = map === undefined ? createMap() : duplicate(map.fd);
    cleanup.defer(() => libc().close(fd));
    if (map !== undefined) checkType(map.fd);
    const array = new EventArray(fd, takeMap(fd));
    cleanup.move();
    return array;
  }

  /**
   * Puts each event into its slot. The key is the CPU's number, which need not be the ring's index.
   *
   * @param events One event per CPU.
   * @throws {EventPipeError} If the kernel refuses one; then all slots are empty again.
   */
  fill(events: readonly PerfEvent[]): void {
    events.forEach(({ fd, cpu }, index) => {
      this.#key[0] = cpu;
      const value = Int32Array.of(fd);
      const result = libbpf().bpf_map_update_elem(this.fd, this.#key, value, BigInt(BPF.BPF_ANY));
      if (result < 0) {
        this.empty();
        throw syscallFailed(`put the ring of CPU ${cpu} into its map`, "bpf_map_update_elem", -result);
      }
      this.#filled = events.slice(0, index + 1);
    });
  }

  /** Empties the slots that were filled. */
  empty(): void {
    for (const { cpu } of this.#filled) {
      this.#key[0] = cpu;
      libbpf().bpf_map_delete_elem(this.fd, this.#key);
    }
    this.#filled = [];
  }

  /** Empties the slots and gives the reference back. */
  close(): void {
    this.empty();
    libc().close(this.fd);
    if (this.#id !== null) readMaps.delete(this.#id);
  }
}

/** A slot holds one event, and closing a source empties its slots whoever filled them: so a map has one source. */
function takeMap(fd: number): number | null {
  const id = mapId(fd);
  if (id === null) return null; // without /proc nobody can tell
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
