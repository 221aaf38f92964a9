/**
 * Maps with a name in the BPF file system, which live on when the program that made them ends: pin one, and open it again
 * from anywhere. A BPF ring buffer keeps its unread events so.
 *
 * @module
 */

import { errnoName } from "../abi/errno.ts";
import { checkObject, closedError, syscallFailed } from "../errors.ts";
import { checkedCstring } from "../ffi/cstring.ts";
import { checkFd } from "../ffi/fd.ts";
import { libbpf } from "../ffi/libbpf.ts";
import { libc } from "../ffi/libc.ts";
import { mapType } from "../ffi/map_info.ts";
import { mapSizes } from "../ffi/map_sizes.ts";

/**
 * Gives a map a name in the BPF file system. The map lives until the file is removed, as by `Deno.remove`, and nobody uses
 * it any more.
 *
 * @param map The map, such as a loaded object's.
 * @param path A file that does not exist, in a BPF file system, such as `/sys/fs/bpf/events`.
 * @throws {RangeError} If the map's descriptor is none at all.
 * @throws {TypeError} If it is no BPF map, or the path no text.
 * @throws {EventPipeError} If the kernel refuses, as for a path in another file system.
 */
export function pinMap(map: { readonly fd: number }, path: string): void {
  checkObject(map, "pin a map", "map");
  const file = checkedCstring(path, "pin a map", "path");
  const fd = checkFd(map.fd, `pin a map at ${path}`);
  if (mapType(fd) === null) throw new TypeError(`Cannot pin fd ${fd} at ${path}: it is no BPF map`);
  const result = libbpf().bpf_obj_pin(fd, file);
  if (result < 0) throw syscallFailed(`pin a map at ${path}`, "bpf_obj_pin", -result, adviceFor(-result));
}

/**
 * Opens a pinned map.
 *
 * @param path Its file in a BPF file system.
 * @returns The map; close it, or declare it with `using`.
 * @throws {TypeError} If the path is no text, or what is pinned there no map.
 * @throws {EventPipeError} If nothing is pinned there, or the kernel refuses.
 */
export function openPinnedMap(path: string): PinnedMap {
  const fd = libbpf().bpf_obj_get(checkedCstring(path, "open a pinned map", "path"));
  if (fd < 0) throw syscallFailed(`open the map pinned at ${path}`, "bpf_obj_get", -fd, adviceFor(-fd));
  if (mapType(fd) === null) {
    libc().close(fd);
    throw new TypeError(`Cannot open the map pinned at ${path}: what is pinned there is no map`);
  }
  return new PinnedMap(fd);
}

/** A map that was pinned, opened again. Sources take it as they take a map of an object. */
export class PinnedMap implements Disposable {
  /** Its number of slots; the size in bytes of a BPF ring buffer. */
  readonly maxEntries: number;
  readonly #fd: number;
  #open = true;

  /**
   * Made by {@linkcode openPinnedMap}.
   *
   * @param fd The map's file descriptor, owned from now on.
   */
  constructor(fd: number) {
    this.#fd = fd;
    this.maxEntries = mapSizes(fd).maxEntries;
  }

  /** Its file descriptor. */
  get fd(): number {
    if (!this.#open) throw closedError("use the pinned map", "it");
    return this.#fd;
  }

  /** Closes it; the map stays pinned. Safe to call again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    libc().close(this.#fd);
  }

  /** Closes it, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** The kernel answers EPERM to a path outside of a BPF file system too, kernel/bpf/inode.c bpf_obj_do_pin(). */
function adviceFor(error: number): string {
  switch (errnoName(error)) {
    case "EPERM":
    case "EACCES":
      return "the path must lie in a BPF file system (mount -t bpf bpf /sys/fs/bpf) and its names have no dots, and it needs CAP_BPF (or root)";
    case "EEXIST":
      return "something is pinned there already: remove that file first";
    default:
      return "";
  }
}
