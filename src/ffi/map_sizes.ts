/**
 * The sizes of the BPF map behind a file descriptor, as the kernel tells them. The kernel reads and writes as many bytes as
 * these say, whatever a caller believes of the map.
 *
 * @module
 */

import { readSmallFile } from "./file.ts";

/** The sizes of a map. */
export interface MapSizes {
  /** Bytes of a key. */
  readonly keyBytes: number;
  /** Bytes of a value; of a per-CPU map, those of one CPU. */
  readonly valueBytes: number;
  /** `max_entries`: the number of slots, or the bytes of a BPF ring buffer. */
  readonly maxEntries: number;
}

/**
 * The sizes of a map.
 *
 * @param fd The file descriptor of a BPF map, see `mapType`.
 * @returns The sizes.
 * @throws {EventPipeError} If the file cannot be asked.
 */
export function mapSizes(fd: number): MapSizes {
  const text = readSmallFile(`/proc/self/fdinfo/${fd}`);
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(text)?.[1]);
  return { keyBytes: field("key_size"), valueBytes: field("value_size"), maxEntries: field("max_entries") };
}
