/**
 * Run by storm_test.ts: reads a storm of events that the processes make whose ids are its arguments. Prints `ready` when it
 * reads, a line whenever so many events more have come, and at the end of its input what was counted on both sides.
 */

import { BpfObject, EventPipe, PerfSource } from "../../mod.ts";
import { possibleCpus } from "../../src/source/cpus.ts";
import { testProgram } from "./_kernel.ts";

/** A line is printed each time so many events more were read. */
const LINE_EVENTS = 20_000;

using object = BpfObject.open(testProgram("storm"));
const source = PerfSource.open({ ringBytes: 16_384, wakeupEvents: 64 });
object.map("events").reuseFd(source.mapFd);
object.load();
for (const pid of Deno.args) {
  object.map("processes").update(new Uint8Array(Uint32Array.of(Number(pid)).buffer), Uint8Array.of(1));
}
const pipe = EventPipe.open({ source });
let events = 0;
const process = (): void => {
  if (++events % LINE_EVENTS === 0) console.log("read");
};
pipe.register({ name: "one", process });
pipe.register({ name: "another", process });
const link = object.program("storm").attach();
console.log("ready");

const end = new AbortController();
void (async () => {
  for await (const _ of Deno.stdin.readable);
  end.abort();
})();
await pipe.run({ signal: end.signal });
link.close();
pipe.close();

const WORDS = 3;
const counters = new BigUint64Array(WORDS * possibleCpus().length);
object.map("counters").lookup(new Uint8Array(4), new Uint8Array(counters.buffer));
const sums = [0, 0, 0];
counters.forEach((count, index) => sums[index % WORDS]! += Number(count));
const [produced, full, other] = sums;
const { dispatched, unknown, lost, left, corrupt, exact } = pipe.statistics();
console.log(JSON.stringify({ produced, full, other, dispatched, unknown, lost, left, corrupt, exact }));
