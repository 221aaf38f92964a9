/**
 * What can be set on the road from a BPF program to its reader: the ring, its size, when it wakes the reader, and how the
 * reader waits and reads. Advice is one of these.
 *
 * @module
 */

import { formatBytes } from "../../src/cli/units.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";

/** The kinds of ring that advice chooses from. */
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

/** How to wait: `spin` never sleeps, `spin-sleep` spins for a moment and then sleeps with `epoll`. */
export type TunedWaiter = "epoll" | "spin" | "spin-sleep";

/** One way to set everything. */
export interface Setting {
  readonly ring: RingKind;
  /** Data bytes of a ring: of each CPU's with perf rings, of the only one with a BPF ring buffer. */
  readonly ringBytes: number;
  readonly wakeup: Wakeup;
  readonly waiter: TunedWaiter;
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
