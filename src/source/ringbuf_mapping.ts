/**
 * Maps a BPF ring buffer to its place.
 *
 * @module
 */

import { errnoName } from "../abi/errno.ts";
import { MMAP } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import type { RingbufRegion } from "../ring/ringbuf_geometry.ts";
import type { RingSpace } from "./reservation.ts";

/**
 * Maps a ring: all of it for reading, and then its consumer page once more, which alone may be written
 * (kernel/bpf/ringbuf.c ringbuf_map_mmap_kern()). The file begins with the consumer page, then the producer page, then the data
 * twice.
 *
 * Lifetime: a write through the buffer to anything but the consumer page ends the process.
 *
 * @param space Where the rings of the source lie.
 * @param fd The map's file descriptor.
 * @param region The ring's place.
 * @throws {EventPipeError} If the kernel refuses, as for a map that was opened for reading only.
 */
export function mapRingbuf(
  space: RingSpace,
  fd: number,
  { consumer, producer, data, bytes }: RingbufRegion,
): void {
  const whole = data + 2 * bytes - consumer;
  let error = space.map(fd, consumer, whole, MMAP.PROT_READ);
  if (error === 0) error = space.map(fd, consumer, producer - consumer);
  if (error === 0) return;
  const advice = ["EPERM", "EACCES"].includes(errnoName(error))
    ? "the reader writes its position into the map, so the map must not be frozen or open for reading only"
    : "";
  throw syscallFailed(`map the BPF ring buffer (${bytes} bytes)`, "mmap", error, advice);
}
