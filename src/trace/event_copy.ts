/**
 * Copies an event out of the ring into memory that the next event takes over: decoders want a DataView, and memory of its
 * own for each event costs more than all the rest of decoding.
 *
 * @module
 */

import type { Event } from "../pipe/event.ts";

/** A record's size is a u16. <linux/perf_event.h> `struct perf_event_header` */
const MAX_BYTES = 1 << 16;

const memory = new ArrayBuffer(MAX_BYTES);
const bytes = new Uint8Array(memory);
const words = new Uint32Array(memory); // all that Deno runs on is little-endian

/**
 * Copies an event.
 *
 * @param event The event in the ring.
 * @returns Its bytes.
 */
// Lifetime: the bytes are those of the next event after the next call; whoever decodes makes values of them at once.
export function copyOf(event: Event): DataView {
  const { size } = event;
  const whole = size & ~3;
  for (let i = 0; i < whole; i += 4) words[i >>> 2] = event.u32(i);
  for (let i = whole; i < size; i++) bytes[i] = event.u8(i);
  return new DataView(memory, 0, size);
}
