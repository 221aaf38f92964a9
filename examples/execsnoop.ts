/**
 * Shows programs as they start, however short they live. A process that starts a program was forked before, mostly; who
 * forked it is remembered until it ends, since by then the kernel may not know it any more.
 *
 *     deno run -A examples/execsnoop.ts
 */

import { Trace } from "@eventpipe/eventpipe/trace";
import { runTool, timeOfDay } from "./_tool.ts";

await runTool({
  name: "execsnoop",
  summary: "Show programs as they start: when, in which process, forked by whom, from which file.",
  options: {},
}, async ({ watch, table }) => {
  using trace = Trace.open([
    "sched:sched_process_fork",
    "sched:sched_process_exec",
    "sched:sched_process_exit",
  ]);
  const row = table({ TIME: 15, PID: -7, PPID: -7, COMM: 15, FILE: 0 });
  const parents = new Map<unknown, number>();
  for await (const event of watch(trace)) {
    const { pid, comm, args } = event;
    if (event.event === "sched:sched_process_fork") parents.set(args.child_pid, pid);
    else if (event.event === "sched:sched_process_exit") parents.delete(args.pid);
    else row(timeOfDay(event), pid, parents.get(pid) ?? parentOf(pid), comm, args.filename);
  }
});

/** The parent of a process that was there before us; `-` if it has ended. */
function parentOf(pid: number): string {
  try {
    return /^PPid:\s*(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? "-";
  } catch {
    return "-";
  }
}
