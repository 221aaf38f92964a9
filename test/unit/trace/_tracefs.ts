/** A folder that looks like tracefs, for tests that need no kernel. */

import { formatText } from "./_formats.ts";

/** The events of the folder; `ftrace:print` is a folder without being an event. */
export const EVENTS = [
  "sched:sched_switch",
  "sched:sched_process_exec",
  "sched:sched_process_exit",
  "irq:irq_handler_entry",
  ...["openat", "openat2", "open", "newstat", "close"].flatMap((name) => [
    `syscalls:sys_exit_${name}`,
    `syscalls:sys_enter_${name}`,
  ]),
];

/**
 * Runs a test with such a folder.
 *
 * @param body The test; gets the folder's path.
 * @param hasList Whether there is a list of all events.
 */
export function withTracefs(body: (path: string) => void, hasList = true): void {
  const path = Deno.makeTempDirSync({ prefix: "eventpipe-tracefs-" });
  try {
    for (const [id, event] of [...EVENTS, "ftrace:print"].entries()) {
      const [category, name] = event.split(":");
      const folder = `${path}/events/${category}/${name}`;
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(`${folder}/id`, `${100 + id}\n`);
      Deno.writeTextFileSync(`${folder}/format`, formatText([["int x", 4, true]], '"%d", REC->x', name));
    }
    if (hasList) Deno.writeTextFileSync(`${path}/available_events`, `${EVENTS.join("\n")}\n`);
    body(path);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}
