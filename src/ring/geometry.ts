/**
 * Where rings stand in a buffer. A source lays out one buffer for all its rings; the scanner and the writer find
 * everything through these numbers and know nothing of mappings or files.
 *
 * ```text
 *  metadata page | data, a power of two | spare memory
 *  ^ meta          ^ data                 ^ data + bytes
 * ```
 *
 * @module
 */

import { MAX_PAYLOAD_BYTES, SAMPLE_RAW } from "../abi/perf_event.ts";

/** One ring's place in the source's buffer, in bytes from the buffer's start. */
export interface RingRegion {
  /** The metadata page, `struct perf_event_mmap_page`. */
  readonly meta: number;
  /** The first byte of the ring's data. */
  readonly data: number;
  /** The size of the data, a power of two. The spare memory follows. */
  readonly bytes: number;
}

/**
 * Plain memory behind each ring. A record that straddles the end of the ring is made contiguous by copying its second
 * part here, right behind its first, so it must hold the longest record, MAX_RECORD_BYTES.
 */
export const SPARE_BYTES = 64 * 1024;

/** Offsets into a buffer are kept in Int32Arrays. */
const MAX_BUFFER_BYTES = 2 ** 31 - 1;

/**
 * Lays out rings one behind the other.
 *
 * @param count How many rings.
 * @param ringBytes The size of each ring's data, a power of two.
 * @param pageBytes The page size; each ring starts on a page.
 * @param extraBytes Further bytes behind each ring's spare memory, a multiple of the page size.
 * @returns The rings' places and the size of the buffer.
 */
export function layOutRings(
  count: number,
  ringBytes: number,
  pageBytes: number,
  extraBytes = 0,
): { regions: RingRegion[]; bufferBytes: number; strideBytes: number } {
  const strideBytes = pageBytes + ringBytes + SPARE_BYTES + extraBytes;
  const bufferBytes = strideBytes * count;
  if (bufferBytes > MAX_BUFFER_BYTES) {
    throw new RangeError(
      `Cannot lay out ${count} rings of ${ringBytes} bytes: together they need ${bufferBytes} bytes, more than ${MAX_BUFFER_BYTES}`,
    );
  }
  const regions = Array.from({ length: count }, (_, ring) => ({
    meta: ring * strideBytes,
    data: ring * strideBytes + pageBytes,
    bytes: ringBytes,
  }));
  return { regions, bufferBytes, strideBytes };
}

/**
 * Checks a ring size.
 *
 * @param ringBytes The size of a ring's data in bytes.
 * @param pageBytes The page size.
 * @throws {RangeError} If it is not a power of two, or smaller than a page, or beyond 1 GiB.
 */
export function checkRingBytes(ringBytes: number, pageBytes: number): void {
  const valid = Number.isInteger(ringBytes) && ringBytes >= pageBytes && ringBytes <= 2 ** 30 &&
    (ringBytes & (ringBytes - 1)) === 0;
  if (!valid) {
    throw new RangeError(
      `Cannot open a ring of ${ringBytes} bytes: ringBytes must be a power of two between ${pageBytes} (one page) and 1073741824`,
    );
  }
}

/**
 * Checks a wake-up threshold.
 *
 * @param wakeupEvents Wake the reader after this many events.
 * @throws {RangeError} If it is not a u32 of at least 1.
 */
export function checkWakeupEvents(wakeupEvents: number): void {
  if (!Number.isInteger(wakeupEvents) || wakeupEvents < 1 || wakeupEvents > 0xffffffff) {
    throw new RangeError(
      `Cannot open a ring: wakeupEvents must be an integer of at least 1, current value is ${wakeupEvents}`,
    );
  }
}

/**
 * Checks a watermark.
 *
 * @param watermarkBytes Wake the reader after this many bytes.
 * @param ringBytes The size of the ring's data.
 * @throws {RangeError} If it is not from 1 to half of the ring. Nearer to its size a record that does not fit any more
 * can come before the watermark, and then nothing ever wakes the reader.
 */
export function checkWatermarkBytes(watermarkBytes: number, ringBytes: number): void {
  if (!Number.isInteger(watermarkBytes) || watermarkBytes < 1 || watermarkBytes > ringBytes / 2) {
    throw new RangeError(
      `Cannot open a ring of ${ringBytes} bytes: watermarkBytes must be between 1 and half of the ring, current value is ${watermarkBytes}`,
    );
  }
}

/**
 * The longest payload that a perf ring can ever take: its record has 12 bytes in front of it, is a multiple of 8, and
 * leaves one byte of the ring free (CIRC_SPACE of <linux/circ_buf.h>). Longer ones are lost however empty the ring is.
 *
 * @param ringBytes The size of the ring's data.
 * @returns Bytes from the category on.
 */
export function maxPayloadBytes(ringBytes: number): number {
  return Math.min(ringBytes - 8 - SAMPLE_RAW.data, MAX_PAYLOAD_BYTES);
}

/**
 * How many events come to one wake-up on average. `wakeup_events` wakes after every so many events, and beside it the
 * kernel keeps a watermark armed that wakes after every half ring of bytes; both count what is produced, whatever the
 * reader has read (kernel/events/ring_buffer.c, `__perf_output_begin()` and ring_buffer_init()). So the two rates add.
 *
 * @param ringBytes The size of the ring's data.
 * @param wakeupEvents The threshold asked for.
 * @param payloadBytes Bytes of each event from the category on.
 * @returns Events per wake-up, at most `wakeupEvents`; for a reader that is never behind by a wake-up.
 */
export function effectiveWakeupEvents(ringBytes: number, wakeupEvents: number, payloadBytes: number): number {
  const recordBytes = (SAMPLE_RAW.data + payloadBytes + 7) & ~7;
  const eventsPerHalfRing = ringBytes / 2 / recordBytes;
  return 1 / (1 / wakeupEvents + 1 / eventsPerHalfRing);
}
