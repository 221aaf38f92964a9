/**
 * Maps the ring of a perf event to its place.
 *
 * @module
 */

import { errnoName } from "../abi/errno.ts";
import { MMAP } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import type { RingRegion } from "../ring/geometry.ts";
import type { PerfEvent } from "./perf_event.ts";
import type { RingSpace } from "./reservation.ts";

/**
 * Maps a ring.
 *
 * @param space Where the rings of the source lie.
 * @param event The event the ring belongs to.
 * @param region The ring's place.
 * @param overwritable Whether the kernel is to overwrite the oldest records of a full ring. It does where the mapping cannot
 * be written, and so no tail can be stored; kernel/events/core.c perf_mmap(), RING_BUFFER_WRITABLE.
 * @throws {EventPipeError} If the kernel refuses, as for more locked memory than allowed.
 */
export function mapRing(
  space: RingSpace,
  { fd, cpu }: PerfEvent,
  { meta, data, bytes }: RingRegion,
  overwritable = false,
): void {
  const protection = overwritable ? MMAP.PROT_READ : MMAP.PROT_READ | MMAP.PROT_WRITE;
  const error = space.map(fd, meta, data - meta + bytes, protection);
  if (error === 0) return;
  const advice = errnoName(error) === "EPERM"
    ? "more memory than /proc/sys/kernel/perf_event_mlock_kb and RLIMIT_MEMLOCK allow; choose smaller rings, or run with CAP_IPC_LOCK"
    : "";
  throw syscallFailed(`map the ring of CPU ${cpu} (${bytes} bytes)`, "mmap", error, advice);
}
