/**
 * What the suite `wakeup` measures: thresholds, by events and by bytes, with as many events between two pauses. So each
 * pause begins with one wake-up, which always finds a reader that sleeps, and nobody reads while events are emitted: the
 * times of the emitter are those of the kernel, whoever reads.
 *
 * @module
 */

import { SAMPLE_RAW } from "../../src/abi/perf_event.ts";
import { effectiveWakeupEvents } from "../../src/ring/geometry.ts";
import type { Emission } from "../peers/wait_protocol.ts";
import type { PairedSize } from "./paired.ts";

/** How a threshold is given: in events or in bytes. */
export type WakeupKind = "count" | "watermark";

/** One threshold. */
export interface WakeupPlan {
  readonly kind: WakeupKind;
  /** So many events per wake-up, or the bytes of so many. */
  readonly events: number;
}

/** How much is measured. */
export interface WakeupSize extends PairedSize {
  /** Thresholds in events. */
  readonly counts: readonly number[];
  /** Thresholds in bytes, as the events they hold. */
  readonly watermarks: readonly number[];
}

const THRESHOLDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

/** A plain run: 100 pairs for each threshold. */
export const FULL_WAKEUP: WakeupSize = {
  launches: 5,
  rounds: 20,
  warmUpRounds: 20,
  counts: THRESHOLDS,
  watermarks: THRESHOLDS,
};

/** A look: 20 pairs for every fourth threshold. */
export const QUICK_WAKEUP: WakeupSize = {
  launches: 5,
  rounds: 4,
  warmUpRounds: 10,
  counts: [1, 4, 16, 64, 256],
  watermarks: [1, 16, 256],
};

/** bench/peers/emit.c */
export const WAKEUP_PAYLOAD_BYTES = 32;

/** Header and size in front of it, to the next multiple of 8: kernel/events/core.c perf_prepare_sample(). */
const RECORD_BYTES = (SAMPLE_RAW.data + WAKEUP_PAYLOAD_BYTES + 7) & ~7;

/** A block fits in: nothing is lost whoever sleeps, and half the ring wakes the reader once in a block at the most. */
export const WAKEUP_RING_BYTES = 2_097_152;

/** Wake-ups in a block: some 20 ms at most thresholds. */
const WAKEUPS = 64;

/** On a quiet machine a reader has been woken and sleeps again after so long, and longer by this for each event. */
const PAUSE_NS = 200_000;
const PAUSE_PER_EVENT_NS = 700;

/**
 * What is emitted in a block: as many events as the threshold says, a pause, and so on.
 *
 * @param plan The plan.
 * @returns The emission.
 */
export function emissionOf({ events }: WakeupPlan): Emission {
  return {
    events: WAKEUPS * events,
    burst: events,
    intervalNs: PAUSE_NS + PAUSE_PER_EVENT_NS * events,
    wakeBytes: 0,
    // Waking one that is awake is cheaper, and which of two readers is awake more often is a matter of the reader.
    findsAsleep: true,
  };
}

/**
 * Lists what is measured.
 *
 * @param size How much.
 * @returns The plans in their order.
 */
export function planWakeup({ counts, watermarks }: Pick<WakeupSize, "counts" | "watermarks">): WakeupPlan[] {
  return [
    ...counts.map((events): WakeupPlan => ({ kind: "count", events })),
    ...watermarks.map((events): WakeupPlan => ({ kind: "watermark", events })),
  ];
}

/**
 * The threshold as a program that waits is told it.
 *
 * @param plan The plan.
 * @returns Events or bytes; the other is 0.
 */
export function thresholdOf({ kind, events }: WakeupPlan): { wakeupEvents: number; watermarkBytes: number } {
  return kind === "count"
    ? { wakeupEvents: events, watermarkBytes: 0 }
    // The kernel wakes above the watermark: kernel/events/ring_buffer.c __perf_output_begin().
    : { wakeupEvents: 0, watermarkBytes: events * RECORD_BYTES - 1 };
}

/**
 * How many events come to a wake-up.
 *
 * @param plan The plan.
 * @returns The threshold, with half the ring beside it where events are counted.
 */
export function eventsPerWakeup({ kind, events }: WakeupPlan): number {
  // A watermark takes the place of half the ring: kernel/events/ring_buffer.c ring_buffer_init().
  return kind === "watermark"
    ? events
    : effectiveWakeupEvents(WAKEUP_RING_BYTES, events, WAKEUP_PAYLOAD_BYTES);
}
