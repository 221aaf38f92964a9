/**
 * Cells by configuration: a slice is what one chart may show together, cells that differ in ring size and wake-up threshold
 * alone. Cells of different suites, sources, rings, readers or loads are never in one. Relies on the formatters of the units
 * parser.
 *
 * @module
 */

import { formatBytes, formatCount } from "../../cli/units.ts";
import { loadText, shortLoadText } from "../cell_name.ts";
import { middleCells } from "../repeats.ts";
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
 * Sorts cells into slices, in the order of their first cells. Cells without a threshold are left out, and of cells that
 * measured the same the one in the middle stays.
 *
 * @param cells Of one suite and source.
 * @returns The slices.
 */
export function slicesOf(cells: readonly Cell[]): Slice[] {
  const kept = middleCells(cells.filter((cell) => thresholdOf(cell) !== null));
  const slices = Map.groupBy(kept, (cell) => `${kinOf(cell)} ${loadKey(cell)} ${thresholdKind(cell)}`);
  return [...slices.values()].map((ofSlice) => {
    const [kin, threshold] = [kinOf(ofSlice[0]!), thresholdKind(ofSlice[0]!)];
    const sorted = ofSlice.toSorted((one, other) =>
      one.ringBytes - other.ringBytes || thresholdOf(one)! - thresholdOf(other)!
    );
    return { title: `${kin}, ${loadsText(sorted)}`, kin, threshold, cells: sorted };
  });
}

function thresholdKind({ wakeupEvents }: Cell): Slice["threshold"] {
  return wakeupEvents === null ? "bytes" : "events";
}

/** What tells loads apart: a share of what each cell can take is one load, though its rate differs from cell to cell. */
function loadKey({ rate, arrivals, loadShare }: Cell): string {
  return `${loadShare === undefined ? rate : `x${loadShare}`} ${arrivals ?? ""}`;
}

/** The load of cells that differ in their rate alone: `10k events/s offered`, or `20k to 400k events/s offered (10% of capacity)`. */
function loadsText(cells: readonly Cell[]): string {
  const rates = cells.flatMap(({ rate }) => rate === null ? [] : [rate]);
  const [low, high] = [Math.min(...rates), Math.max(...rates)].map(formatCount);
  const text = loadText(cells[0]!);
  return rates.length === 0 || low === high ? text : text.replace(/^\S+/, `${low} to ${high}`);
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
 * @returns Such as `256 KiB, wake-up every 16`; the ring's size alone without a threshold.
 */
export function placeText(cell: Cell): string {
  if (thresholdOf(cell) === null) return formatBytes(cell.ringBytes);
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

/** What a latency and a throughput of one configuration have in common: all but ring size, threshold, load and suite. */
function kinOf(cell: Cell): string {
  const { ring, reader, payload, cpus } = partsOf(cell);
  return [ring, reader, cell.waiter, payload, cpus, ...extraTexts(cell)].join(", ");
}

/** The parts of a configuration, each as text; empty where a cell has none. */
export type Parts = Readonly<Record<typeof PART_NAMES[number], string>>;

const PART_NAMES = [
  "ring",
  "ringBytes",
  "reader",
  "waiter",
  "threshold",
  "payload",
  "cpus",
  "work",
  "load",
] as const;

/**
 * The configuration of a cell in parts.
 *
 * @param cell A cell.
 * @returns A text per part.
 */
export function partsOf(cell: Cell): Parts {
  const { ring, ringBytes, peer, scanner, waiter, payload, payloadBytes, cpus } = cell;
  return {
    ring: ring === "perf" ? "perf rings" : "BPF ring buffer",
    ringBytes: formatBytes(ringBytes),
    reader: peer ?? `eventpipe/${scanner ?? "?"}`,
    waiter: waiter === "none" ? "" : waiter,
    threshold: thresholdOf(cell) === null ? "" : `wake-up every ${thresholdText(cell)}`,
    payload: payload ?? formatBytes(payloadBytes),
    cpus: cpus === 1 ? "1 CPU" : `${cpus} CPUs`,
    work: extraTexts(cell).join(", "),
    load: shortLoadText(cell),
  };
}

/**
 * Names cells by the parts in which they differ, and says what they have in common.
 *
 * @param cells Cells of one suite and source.
 * @param without Parts that the names leave out, since an axis shows them.
 * @returns A name per cell, which is its reader where nothing differs; and the shared parts as one line.
 */
export function differingNames(
  cells: readonly Cell[],
  without: readonly (keyof Parts)[] = [],
): { readonly names: readonly string[]; readonly shared: string } {
  const parts = cells.map(partsOf);
  const shown = PART_NAMES.filter((name) => !without.includes(name));
  const differs = (name: keyof Parts): boolean => new Set(parts.map((each) => each[name])).size > 1;
  const differing = shown.filter(differs);
  const textOf = (each: Parts, names: readonly (keyof Parts)[]): string =>
    names.map((name) => each[name]).filter((text) => text !== "").join(", ");
  return {
    names: parts.map((each) => textOf(each, differing) || each.reader),
    shared: parts.length === 0 ? "" : textOf(parts[0]!, shown.filter((name) => !differs(name))),
  };
}

/**
 * Sorts cells by their configuration without the load, in the order of their first cells; of those that measured the same, the
 * one in the middle stays.
 *
 * @param cells Of one suite and source.
 * @returns Cells that differ in their load alone.
 */
export function byConfiguration(cells: readonly Cell[]): Cell[][] {
  const found = Map.groupBy(middleCells(cells), (cell) => {
    const { load: _, ...rest } = partsOf(cell);
    return Object.values(rest).join();
  });
  return [...found.values()];
}

/** What some suites tell beside the keys of all cells. */
function extraTexts({ delivery, handlers = 0, rings = 1 }: Cell): string[] {
  return [
    ...(delivery === undefined ? [] : [delivery]),
    ...(handlers === 0 ? [] : [handlers === 1 ? "1 handler" : `${handlers} handlers`]),
    ...(rings === 1 ? [] : [`${rings} rings`]),
  ];
}
