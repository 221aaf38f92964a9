/**
 * Cells by configuration: a slice is what one chart may show together, cells that differ in ring size and wake-up threshold
 * alone. Cells of different suites, sources, rings, readers or loads are never in one. Relies on the formatters of the units
 * parser.
 *
 * @module
 */

import { formatBytes, formatCount } from "../../cli/units.ts";
import type { Cell } from "../schema.ts";

/** Cells of one configuration. */
export interface Slice {
  /** What all its cells have in common, without suite and source. */
  readonly title: string;
  /** Their configuration without ring size, threshold, load and suite: what a latency and a throughput have in common. */
  readonly kin: string;
  /** Whether the threshold is a number of events or of bytes. */
  readonly threshold: "events" | "bytes";
  readonly cells: readonly Cell[];
}

/**
 * Sorts cells into slices, in the order of their first cells. Cells without a threshold are left out, and of cells measured
 * more than once only the last stays.
 *
 * @param cells Of one suite and source.
 * @returns The slices.
 */
export function slicesOf(cells: readonly Cell[]): Slice[] {
  const slices = new Map<string, { kin: string; threshold: Slice["threshold"]; cells: Map<string, Cell> }>();
  for (const cell of cells) {
    if (thresholdOf(cell) === null) continue;
    const kin = kinOf(cell);
    const title = `${kin}, ${loadText(cell)}`;
    const threshold = cell.wakeupEvents === null ? "bytes" : "events";
    const key = `${title} ${threshold}`;
    const slice = slices.get(key) ?? { kin, threshold, cells: new Map() };
    slices.set(key, slice);
    slice.cells.set(`${cell.ringBytes} ${thresholdOf(cell)}`, cell);
  }
  return [...slices.values()].map(({ kin, threshold, cells: ofSlice }) => {
    const sorted = [...ofSlice.values()].sort((one, other) =>
      one.ringBytes - other.ringBytes || thresholdOf(one)! - thresholdOf(other)!
    );
    return { title: `${kin}, ${loadText(sorted[0]!)}`, kin, threshold, cells: sorted };
  });
}

/**
 * The threshold that was asked for.
 *
 * @param cell A cell.
 * @returns Events or bytes; null for a reader that is not woken.
 */
export function thresholdOf({ wakeupEvents, watermarkBytes }: Cell): number | null {
  return wakeupEvents ?? watermarkBytes;
}

/**
 * The threshold as text.
 *
 * @param cell A cell with a threshold.
 * @returns Such as `16` or `4 KiB`.
 */
export function thresholdText({ wakeupEvents, watermarkBytes }: Cell): string {
  return wakeupEvents === null ? formatBytes(watermarkBytes ?? 0) : String(wakeupEvents);
}

/**
 * Whether half the ring fills before `wakeup_events` is reached. Both thresholds count what is produced, so a wake-up serves
 * `1 / (1/wakeupEvents + 1/eventsPerHalfRing)` events: less than half of what was asked for tells which one comes first.
 *
 * @param cell A cell.
 * @returns True if half the ring decides.
 */
export function isHalfRing({ wakeupEvents, effectiveWakeupEvents }: Cell): boolean {
  return wakeupEvents !== null && effectiveWakeupEvents !== null && effectiveWakeupEvents < wakeupEvents / 2;
}

/**
 * A cell's place in one line.
 *
 * @param cell A cell.
 * @returns Such as `256 KiB, wake-up every 16`.
 */
export function placeText(cell: Cell): string {
  const unit = cell.wakeupEvents === null ? " of data" : "";
  return `${formatBytes(cell.ringBytes)}, wake-up every ${thresholdText(cell)}${unit}`;
}

/**
 * The share of produced events that were lost.
 *
 * @param cell A cell.
 * @returns From 0 to 1.
 */
export function lostShare({ lost, produced }: Cell): number {
  return produced === 0 ? 0 : lost / produced;
}

function kinOf(cell: Cell): string {
  const { ring, peer, scanner, waiter, payload, payloadBytes, cpus } = cell;
  return [
    ring === "perf" ? "perf rings" : "BPF ring buffer",
    peer ?? `eventpipe/${scanner ?? "?"}`,
    waiter,
    payload ?? formatBytes(payloadBytes),
    cpus === 1 ? "1 CPU" : `${cpus} CPUs`,
    ...extraTexts(cell),
  ].join(", ");
}

/** What some suites tell beside the keys of all cells. */
function extraTexts({ delivery, handlers = 0, rings = 1 }: Cell): string[] {
  return [
    ...(delivery === undefined ? [] : [delivery]),
    ...(handlers === 0 ? [] : [handlers === 1 ? "1 handler" : `${handlers} handlers`]),
    ...(rings === 1 ? [] : [`${rings} rings`]),
  ];
}

function loadText({ rate }: Cell): string {
  return rate === null ? "saturating" : `${formatCount(rate)} events/s offered`;
}
