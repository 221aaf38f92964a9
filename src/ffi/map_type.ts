/**
 * The type of the BPF map behind a file descriptor, as the kernel tells it. Asked before a descriptor that a caller gave
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
  try {
    const type = /^map_type:\s*(\d+)$/m.exec(readSmallFile(`/proc/self/fdinfo/${fd}`))?.[1];
    return type === undefined ? null : Number(type);
  } catch (error) {
    const cause = error instanceof EventPipeError ? error.cause : undefined;
    if (cause instanceof SyscallError && cause.code === "ENOENT") return null;
    throw error;
  }
}
