/**
 * The four ways in which the text output tells when an event happened. Relies on times that mostly grow; those of
 * different CPUs may go back a little, and then differences are negative.
 */

import { sixDigits, SplitTime } from "./split_time.ts";

/**
 * - `wall`: the time of day in the local time zone, as clocks and system logs show it; the default
 * - `mono`: seconds since boot, CLOCK_MONOTONIC, as `perf script` and the kernel's log show them
 * - `rel`: seconds since the first line
 * - `delta`: seconds since the line before
 *
 * All have six digits behind the point and drop what is below a microsecond.
 */
export type TimeMode = "wall" | "mono" | "rel" | "delta";

/** The modes by name, the default first. */
export const TIME_MODES: readonly TimeMode[] = ["wall", "mono", "rel", "delta"];

/**
 * A function that writes the times of lines, in the order of the lines.
 *
 * @param wallOffsetNs CLOCK_REALTIME minus CLOCK_MONOTONIC in ns.
 * @returns Takes CLOCK_MONOTONIC in ns.
 */
export function timeWriter(mode: TimeMode, wallOffsetNs: bigint): (timeNs: bigint) => string {
  switch (mode) {
    case "wall":
      return splitWriter(new SplitTime(wallOffsetNs, timeOfDay));
    case "mono":
      return splitWriter(new SplitTime(0n, String));
    case "rel":
    case "delta":
      return differenceWriter(mode === "delta");
  }
}

function splitWriter(time: SplitTime): (timeNs: bigint) => string {
  return (timeNs: bigint): string => {
    time.split(timeNs);
    return `${time.second}.${sixDigits(Math.floor(time.restNs / 1000))}`;
  };
}

function differenceWriter(sinceLineBefore: boolean): (timeNs: bigint) => string {
  let origin: bigint | undefined;
  return (timeNs: bigint): string => {
    origin ??= timeNs;
    const ns = timeNs - origin;
    if (sinceLineBefore) origin = timeNs;
    return formatSeconds(ns);
  };
}

/** `ns` as seconds with six digits behind the point: `0.000023`, `-1.500000`. */
export function formatSeconds(ns: bigint): string {
  const us = (ns < 0n ? -ns : ns) / 1000n;
  return `${ns < 0n ? "-" : ""}${us / 1_000_000n}.${sixDigits(Number(us % 1_000_000n))}`;
}

/** `05:01:02` for a second since 1970, in the local time zone. */
function timeOfDay(second: number): string {
  const date = new Date(second * 1000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
