/**
 * Where BPF ring buffers stand in a buffer. The kernel offers a ring's data twice, one copy of the same memory behind the
 * other, so a record that straddles the end of the ring goes on in the second copy: every record is contiguous.
 *
 * ```text
 *  consumer page | producer page | data, a power of two | the same data again
 *  ^ consumer      ^ producer      ^ data                 ^ data + bytes
 * ```
 *
 * @module
 */

import { RINGBUF } from "../abi/ringbuf.ts";

/** One BPF ring buffer's place in the source's buffer, in bytes from the buffer's start. */
export interface RingbufRegion {
  /** The consumer page, which begins with the position up to which records were read. The reader writes it. */
  readonly consumer: number;
  /** The producer page, which begins with the position up to which records were reserved. */
  readonly producer: number;
  /** The first byte of the data. */
  readonly data: number;
  /** The size of the data, a power of two. The same data stands once more behind it. */
  readonly bytes: number;
}

/** Offsets into a buffer are kept in Int32Arrays. */
const MAX_BUFFER_BYTES = 2 ** 31 - 1;

/** The largest ring that fits twice into a buffer. */
const MAX_RINGBUF_BYTES = 2 ** 29;

/** `struct event` of bpf/event.h begins with a u32 size; payloads count from the category behind it. */
export const EVENT_SIZE_BYTES = 4;

/**
 * Lays out rings one behind the other.
 *
 * @param sizes The size of each ring's data, checked by {@linkcode checkRingbufBytes}.
 * @param pageBytes The page size.
 * @returns The rings' places and the size of the buffer.
 * @throws {RangeError} If they need more than one buffer can hold.
 */
export function layOutRingbufs(
  sizes: readonly number[],
  pageBytes: number,
): { regions: RingbufRegion[]; bufferBytes: number } {
  let bufferBytes = 0;
  const regions = sizes.map((bytes) => {
    const consumer = bufferBytes;
    const producer = consumer + pageBytes;
    const data = producer + pageBytes;
    bufferBytes = data + 2 * bytes;
    return { consumer, producer, data, bytes };
  });
  if (bufferBytes > MAX_BUFFER_BYTES) {
    throw new RangeError(
      `Cannot lay out BPF ring buffers of ${sizes} bytes: each is mapped twice, so they need ${bufferBytes} bytes, more than ${MAX_BUFFER_BYTES}; choose smaller or fewer ones`,
    );
  }
  return { regions, bufferBytes };
}

/**
 * Checks the size of a ring.
 *
 * @param ringBytes The size of its data in bytes, `max_entries` of its map.
 * @param pageBytes The page size.
 * @throws {RangeError} If it is not a power of two, or smaller than a page, or beyond 512 MiB.
 */
export function checkRingbufBytes(ringBytes: number, pageBytes: number): void {
  const valid = Number.isInteger(ringBytes) && ringBytes >= pageBytes && ringBytes <= MAX_RINGBUF_BYTES &&
    (ringBytes & (ringBytes - 1)) === 0;
  if (!valid) {
    throw new RangeError(
      `Cannot open a BPF ring buffer of ${ringBytes} bytes: its size must be a power of two between ${pageBytes} (one page) and ${MAX_RINGBUF_BYTES}`,
    );
  }
}

/**
 * The longest payload that a BPF ring buffer can ever take. A record is a multiple of 8 with its header, and one byte of
 * the ring stays free (kernel/bpf/ringbuf.c __bpf_ringbuf_reserve(): `new_prod_pos - cons_pos > rb->mask` is refused), so
 * 8 bytes of the ring are out of reach.
 *
 * @param ringBytes The size of the ring's data.
 * @returns Bytes from the category on.
 */
export function maxRingbufPayloadBytes(ringBytes: number): number {
  return ringBytes - 8 - RINGBUF.BPF_RINGBUF_HDR_SZ - EVENT_SIZE_BYTES;
}
