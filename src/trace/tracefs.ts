/**
 * Finds tracefs and reads its files, and says what is missing where it cannot. The catalog reads through this.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";

/** Where tracefs is mounted: by itself today, within debugfs in former times. */
const PLACES = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/**
 * Finds tracefs.
 *
 * @param path Where it is mounted; by default where the kernel puts it, else the first place in /proc/mounts.
 * @returns The folder.
 * @throws {EventPipeError} `NOT_SUPPORTED` if it is not mounted, `NOT_PERMITTED` if it may not be read.
 */
export function findTracefs(path?: string): string {
  let refusal: EventPipeError | null = null;
  for (const place of path === undefined ? PLACES : [path]) {
    try {
      Deno.statSync(`${place}/events`);
      return place;
    } catch (error) {
      if (!isMissing(error)) refusal ??= notReadable(place, error);
    }
  }
  if (refusal !== null) throw refusal;
  const mounted = path === undefined ? mountedAt() : null;
  if (mounted !== null) return mounted;
  throw new EventPipeError(
    `Cannot find the events of this kernel: tracefs is not mounted at ${path ?? PLACES[0]}; ` +
      `as root run: mount -t tracefs tracefs ${path ?? PLACES[0]}`,
    "NOT_SUPPORTED",
  );
}

/**
 * Reads a file of tracefs.
 *
 * @param path The file's path.
 * @returns Its text, or null if there is none.
 * @throws {EventPipeError} `NOT_PERMITTED` if it may not be read.
 */
export function readTracefs(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw notReadable(path, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

function notReadable(path: string, error: unknown): EventPipeError {
  if (error instanceof Deno.errors.NotCapable) {
    const advice = "Deno reads tracefs only for programs with every permission; run it with --allow-all";
    return new EventPipeError(`Cannot read ${path}: ${advice}`, "NOT_PERMITTED", error);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const advice = "tracefs belongs to root; run as root, or with the capability CAP_DAC_READ_SEARCH";
    return new EventPipeError(`Cannot read ${path}: permission denied; ${advice}`, "NOT_PERMITTED", error);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new EventPipeError(`Cannot read ${path}: ${reason}`, "SYSCALL", error);
}

function mountedAt(): string | null {
  const lines = (readTracefs("/proc/mounts") ?? "").split("\n").map((line) => line.split(" "));
  const target = lines.find(([, , type]) => type === "tracefs")?.[1];
  return target?.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8))) ??
    null;
}
