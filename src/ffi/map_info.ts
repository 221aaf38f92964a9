/**
 * The type and the number of the BPF map behind a file descriptor, as the kernel tells it. Asked before a descriptor that a caller gave
 * is used as a map: libbpf takes any file for one, and the kernel reads and writes as many bytes as a map's type has.
 *
 * @module
 */

import { EventPipeError, SyscallError } from "../errors.ts";
import { readSmallFile } from "./file.ts";

/**
 * The type of a map.
 *
 * @param fd A file descriptor.
 * @returns A number of `enum bpf_map_type` in <linux/bpf.h>; null if it is not open or no BPF map.
 */
export function mapType(fd: number): number | null {
  return readInfo(fd, /^map_type:\s*(\d+)$/m);
}

/**
 * The number of a map, which no other map has while it lives.
 *
 * @param fd A file descriptor.
 * @returns The number; null if it is not open or no BPF map.
 */
export function mapId(fd: number): number | null {
  return readInfo(fd, /^map_id:\s*(\d+)$/m);
}

function readInfo(fd: number, pattern: RegExp): number | null {
  try {
    const value = pattern.exec(readSmallFile(`/proc/self/fdinfo/${fd}`))?.[1];
    return value === undefined ? null : Number(value);
  } catch (error) {
    const cause = error instanceof EventPipeError ? error.cause : undefined;
    if (cause instanceof SyscallError && cause.code === "ENOENT") return null;
    throw error;
  }
}
