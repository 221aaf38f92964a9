/**
 * Measures how long threads that could run wait for a CPU: from their wake-up, or from the moment another thread took their
 * CPU, until they run. A long tail says that the machine has too few CPUs for its work.
 *
 *     deno run -A examples/runqlat.ts -d 10s
 */

import { Trace } from "@eventpipe/eventpipe/trace";
import { formatNs, parseCount } from "../src/cli/units.ts";
import { runTool } from "./_tool.ts";

/** Of `prev_state`: 0 is running, and this bit means that it was made to stop. <include/linux/sched.h> TASK_REPORT_MAX */
const PREEMPTED = 0x100;

await runTool({
  name: "runqlat",
  summary: "Measure how long threads wait for a CPU, as a histogram in microseconds.",
  options: { tid: { type: "list", short: "t", value: "TID", help: "Only these threads", parse: parseCount } },
}, async ({ options, watch, print }) => {
  // Whose turn ends when others' begins may be us: without our own events theirs would be missing.
  using trace = Trace.open(["sched:sched_wakeup", "sched:sched_wakeup_new", "sched:sched_switch"], {
    includeSelf: true,
  });
  const waiting = new Map<unknown, bigint>();
  const slots: number[] = [];
  let [count, sumNs, maxNs] = [0, 0, 0];
  for await (const { event, time, args } of watch(trace)) {
    if (event !== "sched:sched_switch") {
      waiting.set(args.pid, time);
      continue;
    }
    const state = Number(args.prev_state);
    if (state === 0 || (state & PREEMPTED) !== 0) waiting.set(args.prev_pid, time);
    else waiting.delete(args.prev_pid);
    const since = waiting.get(args.next_pid);
    waiting.delete(args.next_pid);
    const tid = Number(args.next_pid);
    // 0 is the idle thread, which waits for nothing.
    if (since === undefined || tid === 0 || (options.tid.length > 0 && !options.tid.includes(tid))) continue;
    const ns = Number(time - since);
    const slot = Math.floor(Math.log2(Math.max(1, ns / 1000)));
    slots[slot] = (slots[slot] ?? 0) + 1;
    [count, sumNs, maxNs] = [count + 1, sumNs + ns, Math.max(maxNs, ns)];
  }
  const most = Math.max(...Object.values(slots));
  print(`${"us".padStart(12)}            : count     distribution`);
  for (let slot = 0; slot < slots.length; slot++) {
    const [from, to, n] = [slot === 0 ? 0 : 2 ** slot, 2 ** (slot + 1) - 1, slots[slot] ?? 0];
    const bar = "*".repeat(Math.round(40 * n / most)).padEnd(40);
    print(`${String(from).padStart(10)} -> ${String(to).padEnd(10)}: ${String(n).padEnd(9)}|${bar}|`);
  }
  print(`${count} waits, mean ${formatNs(sumNs / Math.max(1, count))}, longest ${formatNs(maxNs)}`);
});
