/**
 * What can be set on the road from a program to its reader: the ring, its size, when it wakes the reader, and how the
 * reader waits and reads. A cell measures one of these, and advice is one of them.
 *
 * @module
 */

import { SAMPLE_RAW } from "../src/abi/perf_event.ts";
import { RINGBUF } from "../src/abi/ringbuf.ts";
import { formatBytes } from "../src/cli/units.ts";
import { effectiveWakeupEvents } from "../src/ring/geometry.ts";
import { EVENT_SIZE_BYTES } from "../src/ring/ringbuf_geometry.ts";
import type { ScannerKind } from "../src/ring/scanner.ts";
import type { WaiterName } from "../src/wait/open.ts";

/** The kinds of ring. */
export type RingKind = "perf" | "ringbuf";

/**
 * When the kernel wakes the reader: after so many events (perf rings), after so many bytes, when a reader that had read all
 * gets the next event (BPF ring buffers), or as good as never: a perf ring still does it after each half of it.
 */
export type Wakeup =
  | { readonly kind: "events"; readonly events: number }
  | { readonly kind: "bytes"; readonly bytes: number }
  | { readonly kind: "adaptive" }
  | { readonly kind: "rare" };

/** One way to set everything. */
export interface Setting {
  readonly ring: RingKind;
  /** Data bytes of a ring: of each CPU's with perf rings, of the only one with a BPF ring buffer. */
  readonly ringBytes: number;
  readonly wakeup: Wakeup;
  readonly waiter: WaiterName;
  /** How long one `poll` waits at most; behind it all rings are read, woken or not. */
  readonly pollMs: number;
  readonly scanner: ScannerKind;
}

/** perf: the largest `wakeup_events`, so that the half-ring watermark is what wakes. */
export const RARE_WAKEUP_EVENTS = 0xffffffff;

/** A poll that is not meant to set the pace: it only keeps events of a quiet ring from waiting without end. */
export const FLUSH_MS = 100;

/**
 * Whether the reader sets the pace: it looks into the rings after a time, and wake-ups are an exception.
 *
 * @param setting The setting.
 * @returns Whether it is so.
 */
export function isTimed({ wakeup, waiter }: Setting): boolean {
  return wakeup.kind === "rare" && waiter !== "spin";
}

/**
 * The bytes that an event takes in a ring, its header and padding included.
 *
 * @param ring The kind of ring.
 * @param payloadBytes Bytes from the category on.
 * @returns Bytes, a multiple of 8.
 */
export function recordBytes(ring: RingKind, payloadBytes: number): number {
  const head = ring === "perf" ? SAMPLE_RAW.data : RINGBUF.BPF_RINGBUF_HDR_SZ + EVENT_SIZE_BYTES;
  return (head + payloadBytes + 7) & ~7;
}

/**
 * How many events come to one wake-up on average, for a reader that is never behind by one.
 *
 * @param setting The ring, its size and its wake-ups.
 * @param payloadBytes Bytes of each event from the category on.
 * @returns Events; null with BPF ring buffers, whose wake-ups depend on how far the reader is.
 */
export function effectiveEvents(
  { ring, ringBytes, wakeup }: Pick<Setting, "ring" | "ringBytes" | "wakeup">,
  payloadBytes: number,
): number | null {
  if (ring === "ringbuf") return null;
  switch (wakeup.kind) {
    // Where a watermark is set, the one of half the ring is not: kernel/events/ring_buffer.c, ring_buffer_init(). A wake-up
    // moves the mark on by that many bytes, whatever the record went beyond it: __perf_output_begin().
    case "bytes":
      return Math.max(1, wakeup.bytes / recordBytes(ring, payloadBytes));
    case "events":
      return effectiveWakeupEvents(ringBytes, wakeup.events, payloadBytes);
    default:
      return effectiveWakeupEvents(ringBytes, RARE_WAKEUP_EVENTS, payloadBytes);
  }
}

/**
 * The memory that the rings take in the kernel, their one or two pages of positions left out.
 *
 * @param setting The setting.
 * @param cpus How many CPUs there are.
 * @returns Bytes.
 */
export function memoryBytes({ ring, ringBytes }: Setting, cpus: number): number {
  return ring === "perf" ? ringBytes * cpus : ringBytes;
}

/**
 * What a wake-up setting is called.
 *
 * @param setting The setting.
 * @returns A few words.
 */
export function describeWakeup({ ring, wakeup }: Setting): string {
  switch (wakeup.kind) {
    case "events":
      return `wakeup_events ${wakeup.events}`;
    case "bytes":
      return `watermark ${formatBytes(wakeup.bytes)}`;
    case "adaptive":
      return "adaptive";
    case "rare":
      return ring === "perf" ? "half ring" : "none";
  }
}

/**
 * How the reader waits.
 *
 * @param setting The setting.
 * @returns A few words.
 */
export function describeWaiter(setting: Setting): string {
  return isTimed(setting) ? `${setting.waiter}, every ${setting.pollMs} ms` : setting.waiter;
}

/**
 * A setting in one line.
 *
 * @param setting The setting.
 * @returns The line.
 */
export function describeSetting(setting: Setting): string {
  const { ring, ringBytes, scanner } = setting;
  const kind = ring === "perf" ? "perf rings" : "BPF ring buffer";
  return `${kind} of ${formatBytes(ringBytes)}, ${describeWakeup(setting)}, ${
    describeWaiter(setting)
  }, ${scanner}`;
}
