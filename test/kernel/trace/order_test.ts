/** The library's trace beside busy CPUs: nothing comes before what happened before it, and nothing is left behind. */

import { assertEquals, assertGreater } from "@std/assert";
import { Trace } from "../../../src/trace/mod.ts";
import { kernelTest } from "../_kernel.ts";

const EVENTS = 30_000;

kernelTest("a trace of busy CPUs gives their events in the order of time, and all of them", async () => {
  const busy = ["first", "second"].map(() =>
    new Deno.Command("/bin/sh", { args: ["-c", "while :; do /bin/true; done"], stdin: "null" }).spawn()
  );
  try {
    using trace = Trace.open(["sched:sched_switch", "*"], { includeSelf: true, ringBytes: 4 * 1024 * 1024 });
    const cpus = new Set<number>();
    let [events, early, last] = [0, 0, 0n];
    for await (const { time, cpu } of trace) {
      cpus.add(cpu);
      if (time < last) early++;
      last = time;
      if (++events === EVENTS) trace.stop();
    }
    assertGreater(cpus.size, 1);
    const { lost, left, ...summary } = trace.finish();
    assertEquals({ early, lost, left, events: summary.events }, { early: 0, lost: 0, left: 0, events });
  } finally {
    for (const child of busy) child.kill();
    await Promise.all(busy.map(({ status }) => status));
  }
}, { tracefs: true, twoCpus: true });
