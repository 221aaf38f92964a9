/**
 * The map of a BPF ring buffer, `BPF_MAP_TYPE_RINGBUF`: a reference of our own, so that the caller may close his.
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
import { mapSizes } from "../ffi/map_sizes.ts";
import type { Closable } from "./forgotten.ts";

/** The maps that sources of this isolate read, by number. */
const readMaps = new Set<number>();

/** A BPF ring buffer that exists already, such as a loaded object's map. */
export interface RingbufMap {
  /** Its file descriptor. It is duplicated; the caller keeps the ownership of this one. */
  readonly fd: number;
  /** The size of its data in bytes. */
  readonly maxEntries: number;
}

/** A reference to the map of a BPF ring buffer. */
export class RingbufMapReference implements Closable {
  /** The file descriptor. */
  readonly fd: number;
  /** The size of the ring's data. */
  readonly bytes: number;
  /** The map's number; null where it cannot be told. */
  readonly #id: number | null;

  private constructor(fd: number, bytes: number, id: number | null) {
    this.fd = fd;
    this.bytes = bytes;
    this.#id = id;
  }

  /**
   * Creates a map.
   *
   * @param bytes The size of the ring's data.
   * @returns The only reference to it.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static create(bytes: number): RingbufMapReference {
    const fd = libbpf().bpf_map_create(BPF.BPF_MAP_TYPE_RINGBUF, cstring("events"), 0, 0, bytes, null);
    if (fd < 0) {
      const advice = errnoName(-fd) === "EPERM" ? "it needs CAP_BPF (or root)" : "";
      throw syscallFailed(`create a BPF ring buffer of ${bytes} bytes`, "bpf_map_create", -fd, advice);
    }
    return RingbufMapReference.#own(fd, bytes);
  }

  /**
   * Takes a reference to a map that exists.
   *
   * @param map The map.
   * @returns The reference.
   * @throws {TypeError} If it is no BPF ring buffer, or another source reads it.
   * @throws {RangeError} If it does not have the size that was given, or that is no file descriptor.
   * @throws {EventPipeError} If the kernel refuses.
   */
  static open({ fd, maxEntries }: RingbufMap): RingbufMapReference {
    const copy = duplicateMap(fd, "read the given map");
    try {
      checkType(fd);
      const { maxEntries: bytes } = mapSizes(copy);
      if (bytes !== maxEntries) {
        throw new RangeError(
          `Cannot read the given map: its ring has ${bytes} bytes, but maxEntries is ${maxEntries}`,
        );
      }
    } catch (error) {
      libc().close(copy);
      throw error;
    }
    return RingbufMapReference.#own(copy, maxEntries);
  }

  /** Gives the reference back. */
  close(): void {
    libc().close(this.fd);
    if (this.#id !== null) readMaps.delete(this.#id);
  }

  /** A ring has one consumer's position: a second reader would take records away from the first. */
  static #own(fd: number, bytes: number): RingbufMapReference {
    const id = mapId(fd);
    if (id !== null && readMaps.has(id)) {
      libc().close(fd);
      throw new TypeError("Cannot read the given map: another source reads it; close that one first");
    }
    if (id !== null) readMaps.add(id); // without /proc nobody can tell
    return new RingbufMapReference(fd, bytes, id);
  }
}

/**
 * Duplicates the descriptor of a map, which the caller may close then.
 *
 * @param fd The file descriptor.
 * @param action What it is for, as the end of "Cannot ...".
 * @returns The new one.
 * @throws {RangeError} If it is no file descriptor at all.
 * @throws {EventPipeError} If it is not open.
 */
export function duplicateMap(fd: number, action: string): number {
  const copy = libc().fcntl(checkFd(fd, action), FCNTL.F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    const error = errno(); // Errno: read before the message allocates.
    throw syscallFailed(action, "fcntl", error);
  }
  return copy;
}

function checkType(fd: number): void {
  const type = mapType(fd);
  if (type === BPF.BPF_MAP_TYPE_RINGBUF) return;
  if (type === null) throw new TypeError(`Cannot read the given map: file descriptor ${fd} is no BPF map`);
  const what = type === BPF.BPF_MAP_TYPE_PERF_EVENT_ARRAY
    ? `BPF_MAP_TYPE_PERF_EVENT_ARRAY (${type}); open it with PerfSource`
    : `${type}`;
  throw new TypeError(
    `Cannot read the given map: it must be a BPF_MAP_TYPE_RINGBUF (${BPF.BPF_MAP_TYPE_RINGBUF}), its type is ${what}`,
  );
}
