/**
 * A map of a BPF object. Valid while the object is open.
 *
 * @module
 */

import { BPF } from "../abi/bpf.ts";
import { errnoNumber } from "../abi/errno.ts";
import { EventPipeError, syscallFailed, wrongArgument } from "../errors.ts";
import { checkFd } from "../ffi/fd.ts";
import { libbpf, readCstring } from "../ffi/libbpf.ts";
import { mapType } from "../ffi/map_info.ts";

const ENOENT = errnoNumber("ENOENT");

/** Types of which a lookup gives one value per possible CPU. */
const PER_CPU_TYPES: ReadonlySet<number> = new Set([
  BPF.BPF_MAP_TYPE_PERCPU_HASH,
  BPF.BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF.BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
]);

/** What maps and programs need to know of their object. */
export interface ObjectState {
  /**
   * Throws if the object is closed.
   *
   * @param action What was tried, as the end of "Cannot ...".
   */
  checkOpen(action: string): void;
  /** Whether the object was loaded. */
  readonly loaded: boolean;
}

/** A map of a BPF object. */
export class BpfMap {
  /** Its name in the object. */
  readonly name: string;
  readonly #state: ObjectState;
  readonly #map: Deno.PointerObject;

  /**
   * Made by the object.
   *
   * @param state The object it belongs to.
   * @param map The `struct bpf_map *`.
   */
  constructor(state: ObjectState, map: Deno.PointerObject) {
    this.#state = state;
    this.#map = map;
    this.name = readCstring(libbpf().bpf_map__name(map));
  }

  /** Its file descriptor, owned by the object. It exists once the object is loaded, or after `reuseFd`. */
  get fd(): number {
    this.#state.checkOpen(`use the map ${this.name}`);
    const fd = libbpf().bpf_map__fd(this.#map);
    if (fd < 0) throw new TypeError(`Cannot use the map ${this.name}: load the object first`);
    return fd;
  }

  /** Its number of slots. */
  get maxEntries(): number {
    this.#state.checkOpen(`use the map ${this.name}`);
    return libbpf().bpf_map__max_entries(this.#map);
  }

  /**
   * Puts another map in its place, such as the one a `PerfSource` created. Before the object is loaded.
   *
   * @param fd The other map's file descriptor; it is duplicated.
   * @throws {RangeError} If it is no file descriptor at all.
   * @throws {TypeError} If it is no BPF map.
   * @throws {EventPipeError} If libbpf refuses it.
   */
  reuseFd(fd: number): void {
    this.#checkNotLoaded("replace");
    checkFd(fd, `replace the map ${this.name}`);
    if (mapType(fd) === null) {
      throw new TypeError(`Cannot replace the map ${this.name} by fd ${fd}: it is no BPF map`);
    }
    const result = libbpf().bpf_map__reuse_fd(this.#map, fd);
    if (result < 0) {
      throw syscallFailed(`replace the map ${this.name} by fd ${fd}`, "bpf_map__reuse_fd", -result);
    }
  }

  /**
   * Sets its number of slots. Before the object is loaded.
   *
   * @param maxEntries The number of slots.
   * @throws {RangeError} If it is no u32 of at least 1.
   * @throws {EventPipeError} If the object is loaded already, or libbpf refuses.
   */
  setMaxEntries(maxEntries: number): void {
    this.#checkNotLoaded("resize");
    if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > 0xffffffff) {
      throw new RangeError(
        `Cannot resize the map ${this.name}: maxEntries ${maxEntries} is no number of slots`,
      );
    }
    const result = libbpf().bpf_map__set_max_entries(this.#map, maxEntries);
    if (result < 0) throw syscallFailed(`resize the map ${this.name}`, "bpf_map__set_max_entries", -result);
  }

  /**
   * Reads one value.
   *
   * @param key The key's bytes.
   * @param value Filled with the value; per-CPU maps need room for one value, rounded up to 8 bytes, per possible CPU.
   * @returns Whether the key was there.
   * @throws {TypeError} If one of them is no Uint8Array.
   * @throws {RangeError} If the key's size is not the map's, or the value has too little room.
   * @throws {EventPipeError} If the kernel refuses, as for maps without values to read.
   */
  lookup(key: Uint8Array, value: Uint8Array): boolean {
    const { bpf_map__key_size, bpf_map_lookup_elem } = libbpf();
    const fd = this.fd;
    checkBytes(`look into the map ${this.name}`, key, value);
    const keySize = bpf_map__key_size(this.#map);
    const valueSize = this.#lookupBytes();
    if (key.length !== keySize || value.length < valueSize) {
      throw new RangeError(
        `Cannot look into the map ${this.name}: a key has ${keySize} and a value at least ${valueSize} bytes, given were ${key.length} and ${value.length}`,
      );
    }
    const result = bpf_map_lookup_elem(
      fd,
      key as Uint8Array<ArrayBuffer>,
      value as Uint8Array<ArrayBuffer>,
    );
    if (result < 0 && result !== -ENOENT) {
      throw syscallFailed(`look into the map ${this.name}`, "bpf_map_lookup_elem", -result);
    }
    return result === 0;
  }

  /**
   * The keys that are in the map. Programs may add and delete meanwhile: then some may be left out or come twice.
   *
   * @returns A copy of each key's bytes.
   * @throws {EventPipeError} If the kernel refuses, or the object was closed, during the walk too.
   */
  *keys(): Generator<Uint8Array<ArrayBuffer>> {
    const { bpf_map__key_size, bpf_map_get_next_key } = libbpf();
    let previous: Uint8Array<ArrayBuffer> | null = null;
    // As many steps as the map has slots: a map that changes under the walk must not hold it for ever.
    for (let steps = this.maxEntries; steps > 0; steps--) {
      const fd = this.fd; // asked for at each step: the object may be closed, and its number be another file's
      const next = new Uint8Array(bpf_map__key_size(this.#map));
      const result = bpf_map_get_next_key(fd, previous, next);
      if (result === -ENOENT) return;
      if (result < 0) throw syscallFailed(`walk the map ${this.name}`, "bpf_map_get_next_key", -result);
      yield next;
      previous = next;
    }
  }

  /**
   * Writes one value. For maps whose values are not per CPU.
   *
   * @param key The key's bytes.
   * @param value The value's bytes.
   * @throws {TypeError} If one of them is no Uint8Array.
   * @throws {RangeError} If the key or the value does not have the map's size.
   * @throws {EventPipeError} If the kernel refuses, as when the map is full.
   */
  update(key: Uint8Array, value: Uint8Array): void {
    const { bpf_map__key_size, bpf_map_update_elem } = libbpf();
    const fd = this.fd;
    checkBytes(`write into the map ${this.name}`, key, value);
    const keySize = bpf_map__key_size(this.#map);
    const valueSize = this.#lookupBytes();
    if (key.length !== keySize || value.length !== valueSize) {
      throw new RangeError(
        `Cannot write into the map ${this.name}: a key has ${keySize} and a value ${valueSize} bytes, given were ${key.length} and ${value.length}`,
      );
    }
    const result = bpf_map_update_elem(
      fd,
      key as Uint8Array<ArrayBuffer>,
      value as Uint8Array<ArrayBuffer>,
      BigInt(BPF.BPF_ANY),
    );
    if (result < 0) throw syscallFailed(`write into the map ${this.name}`, "bpf_map_update_elem", -result);
  }

  /** How much a lookup writes: the kernel is not told the size of the buffer, so a short one would be overrun. */
  #lookupBytes(): number {
    const { bpf_map__type, bpf_map__value_size, libbpf_num_possible_cpus } = libbpf();
    const bytes = bpf_map__value_size(this.#map);
    if (!PER_CPU_TYPES.has(bpf_map__type(this.#map))) return bytes;
    const cpus = libbpf_num_possible_cpus();
    if (cpus < 0) throw syscallFailed("count the possible CPUs", "libbpf_num_possible_cpus", -cpus);
    return Math.ceil(bytes / 8) * 8 * cpus;
  }

  #checkNotLoaded(action: string): void {
    this.#state.checkOpen(`${action} the map ${this.name}`);
    if (this.#state.loaded) {
      throw new EventPipeError(
        `Cannot ${action} the map ${this.name}: the object is loaded already`,
        "NOT_SUPPORTED",
      );
    }
  }
}

/** The kernel is not told how long buffers are; of what is no Uint8Array, `length` does not tell the bytes. */
function checkBytes(action: string, key: Uint8Array, value: Uint8Array): void {
  for (const [name, bytes] of [["key", key], ["value", value]] as const) {
    if (!(bytes instanceof Uint8Array)) throw wrongArgument(action, name, "a Uint8Array", bytes);
  }
}
