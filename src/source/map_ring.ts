/**
 * Maps the ring of a perf event to its place in a reservation.
 *
 * @module
 */

import { errnoName } from "../abi/errno.ts";
import { syscallFailed } from "../errors.ts";
import type { RingRegion } from "../ring/geometry.ts";
import type { PerfEvent } from "./perf_event.ts";
import type { Reservation } from "./reservation.ts";

/**
 * Maps a ring.
 *
 * @param reservation Where the rings of the source lie.
 * @param event The event the ring belongs to.
 * @param region The ring's place.
 * @throws {EventPipeError} If the kernel refuses, as for more locked memory than allowed.
 */
export function mapRing(
  reservation: Reservation,
  { fd, cpu }: PerfEvent,
  { meta, data, bytes }: RingRegion,
): void {
  const error = reservation.map(fd, meta, data - meta + bytes);
  if (error === 0) return;
  const advice = errnoName(error) === "EPERM"
    ? "more memory than /proc/sys/kernel/perf_event_mlock_kb and RLIMIT_MEMLOCK allow; choose smaller rings, or run with CAP_IPC_LOCK"
    : "";
  throw syscallFailed(`map the ring of CPU ${cpu} (${bytes} bytes)`, "mmap", error, advice);
}
