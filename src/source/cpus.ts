/**
 * Which CPUs this machine has. The kernel writes them as lists such as `0-3,6`; numbers may have gaps, and possible CPUs
 * may be offline, so a CPU's number is never taken for its position in a list.
 *
 * @module
 */

import { readSmallFile } from "../ffi/file.ts";

/**
 * Parses a CPU list of sysfs.
 *
 * @param list Text such as `0-3,6\n`; empty where there is none.
 * @returns The CPU numbers, ascending as written.
 * @throws {SyntaxError} If the text is not a CPU list.
 */
export function parseCpuList(list: string): number[] {
  const text = list.trim();
  if (text === "") return [];
  return text.split(",").flatMap((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last < first) {
      throw new SyntaxError(
        `Cannot parse the CPU list "${text}": "${part}" is neither a number nor an ascending range`,
      );
    }
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/**
 * The CPUs that are online now.
 *
 * @returns Their numbers, ascending.
 */
export function onlineCpus(): number[] {
  return parseCpuList(readSmallFile("/sys/devices/system/cpu/online"));
}

/**
 * The CPUs that can ever be online.
 *
 * @returns Their numbers, ascending.
 */
export function possibleCpus(): number[] {
  return parseCpuList(readSmallFile("/sys/devices/system/cpu/possible"));
}
