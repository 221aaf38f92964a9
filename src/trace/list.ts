/**
 * Lists events for `deno task trace --list`.
 *
 * @module
 */

import { Catalog } from "./catalog.ts";
import { LineWriter } from "./writer.ts";

/**
 * Prints the events that match, one per line, with their fields if asked for.
 *
 * @param patterns `category:name` with globs, or what category or name match, or names of system calls; all events if
 * empty.
 * @param fields Whether to print their fields.
 * @returns The exit status, 0.
 * @throws {EventPipeError} If a pattern matches nothing, or tracefs cannot be read.
 */
export function listEvents(patterns: readonly string[], fields: boolean): number {
  const catalog = Catalog.open();
  const names = new Set<string>();
  for (const pattern of patterns.length === 0 ? ["*:*"] : patterns) {
    const found = matching(catalog, pattern);
    if (found.length === 0) throw catalog.unknown(pattern);
    for (const name of found) names.add(name);
  }
  using writer = LineWriter.stdout();
  for (const name of names) {
    if (!writer.write(fields ? `${name}\n${fieldLines(catalog, name)}` : `${name}\n`)) break;
  }
  return 0;
}

/** A bare name is a system call's where it is no category and no event: its tracepoints are listed then. */
function matching(catalog: Catalog, pattern: string): readonly string[] {
  const found = catalog.match(pattern);
  if (found.length > 0 || pattern.includes(":")) return found;
  return catalog.matchSyscalls(pattern).flatMap((call) => Object.values(catalog.syscallEvents(call) ?? {}));
}

function fieldLines(catalog: Catalog, name: string): string {
  return catalog.format(name).fields.map(({ name, type }) => `    ${type} ${name}\n`).join("");
}
