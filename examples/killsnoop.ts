/**
 * Shows signals as processes send them: who ended my program?
 *
 *     deno run -A examples/killsnoop.ts --signal SIGKILL,SIGTERM
 */

import { Trace } from "@eventpipe/eventpipe/trace";
import { constants } from "node:os";
import { resultText } from "../src/trace/beautify.ts";
import { oneOf } from "../src/cli/args.ts";
import { PID, runTool, timeOfDay } from "./_tool.ts";

/** By number; the first of the names a number has. Number 0 only asks whether there is such a process. */
const NAMES = new Map(Object.entries(constants.signals).reverse().map(([name, number]) => [number, name]));

await runTool({
  name: "killsnoop",
  summary: "Show signals as processes send them: who, to whom, which, and whether it was permitted.",
  options: {
    pid: PID,
    signal: {
      type: "list",
      short: "s",
      value: "NAME",
      help: "Only these signals",
      parse: oneOf(...[...NAMES.values()].reverse()),
    },
    failed: { type: "boolean", short: "x", help: "Only what could not be sent" },
  },
}, async ({ options, watch, table }) => {
  using trace = Trace.open(["kill", "tkill", "tgkill"], { pids: options.pid });
  const row = table({ TIME: 15, PID: -7, COMM: 15, SIGNAL: 9, TARGET: -7, RESULT: -7 });
  for await (const event of watch(trace)) {
    const { pid, comm, args, call } = event;
    const signal = NAMES.get(Number(args.sig)) ?? String(args.sig);
    if (options.signal.length > 0 && !options.signal.includes(signal)) continue;
    if (options.failed && call!.ret! >= 0n) continue;
    // Of a group the number is negative; of a thread, it is the thread's.
    row(timeOfDay(event), pid, comm, signal, args.pid, resultText("kill", call!.ret!));
  }
});
