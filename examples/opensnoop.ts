/**
 * Shows files as they are opened: which program looks for its configuration where, and what it does not find.
 *
 *     deno run -A examples/opensnoop.ts --failed
 */

import { Trace } from "@eventpipe/eventpipe/trace";
import { resultText } from "../src/trace/beautify.ts";
import { formatNs } from "../src/cli/units.ts";
import { PID, runTool, timeOfDay } from "./_tool.ts";

await runTool({
  name: "opensnoop",
  summary: "Show files as they are opened: by whom, the descriptor or the error, how long it took.",
  options: { pid: PID, failed: { type: "boolean", short: "x", help: "Only what could not be opened" } },
}, async ({ options, watch, table }) => {
  // open, openat and openat2; the first is not on every architecture.
  using trace = Trace.open(["open*", "!open_*"], { pids: options.pid });
  const row = table({ TIME: 15, PID: -7, COMM: 15, RESULT: -8, TOOK: -8, PATH: 0 });
  for await (const event of watch(trace)) {
    const { pid, comm, args, reasons } = event;
    const { ret, durationNs } = event.call!;
    if (options.failed && ret! >= 0n) continue;
    const path = args.filename ?? `(${reasons?.filename})`;
    row(timeOfDay(event), pid, comm, resultText("open", ret!), formatNs(Number(durationNs)), path);
  }
});
