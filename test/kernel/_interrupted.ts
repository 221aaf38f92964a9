/**
 * Run by signal_test.ts: waits without end for events, until a signal comes, and then for events that do come. Prints a
 * line when it can be interrupted, and one with what came of it.
 */

import type { EventPipeOptions } from "../../mod.ts";
import { LOAD_EVENT } from "../../src/abi/event.ts";
import { LoadedPipe } from "./_load.ts";

function waitForSignalAndEvents(waiter: NonNullable<EventPipeOptions["waiter"]>): void {
  using load = LoadedPipe.open({ ringBytes: 4096 }, { waiter });
  const seen: number[] = [];
  load.pipe.register({ name: "note", process: (event) => void seen.push(event.u64(LOAD_EVENT.sequence)) });
  console.log("waiting");
  const interrupted = load.pipe.poll(-1);
  load.emit({ count: 3 });
  while (seen.length < 3) load.pipe.poll(-1);
  console.log(JSON.stringify({ interrupted, seen }));
}

Deno.addSignalListener("SIGUSR2", () => {});
waitForSignalAndEvents(Deno.args[0] as NonNullable<EventPipeOptions["waiter"]>);
// The listener stays to the end: without it, a late signal would kill the process.
Deno.exit(0);
