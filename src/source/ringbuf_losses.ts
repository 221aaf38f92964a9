/**
 * The losses of a BPF ring buffer. The ring counts none: a program that finds no room is told so, and nobody else. So the
 * program counts, in a map of u64 values, and the reader looks there.
 *
 * @module
 */

import { BPF } from "../abi/bpf.ts";
import { RINGBUF } from "../abi/ringbuf.ts";
import { syscallFailed } from "../errors.ts";
import { libbpf } from "../ffi/libbpf.ts";
import { libc } from "../ffi/libc.ts";
import { mapType } from "../ffi/map_info.ts";
import { mapSizes } from "../ffi/map_sizes.ts";
import { possibleCpus } from "./cpus.ts";
import type { Closable } from "./forgotten.ts";
import { duplicateMap } from "./ringbuf_map.ts";

/** Where programs count the events that found a ring full. */
export interface LossCounter {
  /** An array or per-CPU array of u64 values. Its descriptor is duplicated; the caller keeps the ownership of this one. */
  readonly map: { readonly fd: number };
  /** The value's key; 0 unless given. */
  readonly key?: number;
}

/** A counter of one ring, from the moment it is opened. */
export class LossCount implements Closable {
  readonly #fd: number;
  readonly #key: Uint32Array<ArrayBuffer>;
  /** One value per possible CPU where the map is per-CPU. */
  readonly #values: BigUint64Array<ArrayBuffer>;
  readonly #base: bigint;

  private constructor(fd: number, key: number, values: number) {
    this.#fd = fd;
    this.#key = Uint32Array.of(key);
    this.#values = new BigUint64Array(values);
    this.#base = this.#sum();
  }

  /**
   * Opens a counter.
   *
   * @param counter The map and the key.
   * @returns The counter, at 0.
   * @throws {TypeError} If the map is no array of u64 values.
   * @throws {RangeError} If it has no such key, or that is no file descriptor.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open({ map, key = 0 }: LossCounter): LossCount {
    const fd = duplicateMap(map.fd, "count losses in the given map");
    try {
      const isPerCpu = checkMap(fd, map.fd);
      const { maxEntries } = mapSizes(fd);
      if (!Number.isInteger(key) || key < 0 || key >= maxEntries) {
        throw new RangeError(
          `Cannot count losses in the given map: key must be an integer from 0 to ${
            maxEntries - 1
          }, current value is ${key}`,
        );
      }
      return new LossCount(fd, key, isPerCpu ? possibleCpus().length : 1);
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /**
   * Reads it.
   *
   * @returns What was counted since it was opened, on all CPUs.
   */
  read(): number {
    return Number(this.#sum() - this.#base);
  }

  /** Gives the map back. */
  close(): void {
    libc().close(this.#fd);
  }

  #sum(): bigint {
    const result = libbpf().bpf_map_lookup_elem(this.#fd, this.#key, this.#values);
    if (result < 0) throw syscallFailed("read a counter of losses", "bpf_map_lookup_elem", -result);
    return this.#values.reduce((sum, value) => sum + value, 0n);
  }
}

/** Whether the map has a value per CPU. The kernel writes as many bytes as its values have, so they must be those we read. */
function checkMap(fd: number, given: number): boolean {
  const type = mapType(fd);
  const isPerCpu = type === BPF.BPF_MAP_TYPE_PERCPU_ARRAY;
  if (type === null) {
    throw new TypeError(`Cannot count losses in the given map: file descriptor ${given} is no BPF map`);
  }
  const { valueBytes } = mapSizes(fd);
  if ((isPerCpu || type === RINGBUF.BPF_MAP_TYPE_ARRAY) && valueBytes === 8) return isPerCpu;
  throw new TypeError(
    `Cannot count losses in the given map: it must be a BPF_MAP_TYPE_ARRAY (${RINGBUF.BPF_MAP_TYPE_ARRAY}) or BPF_MAP_TYPE_PERCPU_ARRAY (${BPF.BPF_MAP_TYPE_PERCPU_ARRAY}) of values of 8 bytes, its type is ${type} and its values have ${valueBytes}`,
  );
}
