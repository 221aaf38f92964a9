/**
 * Run by lifecycle_test.ts as a file of tests, all of which must fail: each leaves something of the kernel open, or pinned.
 */

import {
  BpfObject,
  EventPipe,
  MemorySource,
  PerfSource,
  pinMap,
  RingbufSource,
  StopToken,
} from "../../mod.ts";
import { findMount } from "../../src/cli/mounts.ts";
import { EpollWaiter } from "../../src/wait/epoll.ts";
import { kernelTest } from "./_kernel.ts";

const LOAD = new URL("../../bpf/load.bpf.o", import.meta.url);

/** Keeps what is opened, so that the garbage collector does not give it back. */
const kept: unknown[] = [];

function keep<T>(thing: T): T {
  kept.push(thing);
  return thing;
}

function openLoaded(): BpfObject {
  const object = BpfObject.open(Deno.readFileSync(LOAD));
  object.load();
  return object;
}

kernelTest("perf rings", () => void keep(PerfSource.open({ ringBytes: 4096 })));
kernelTest("a BPF ring buffer", () => void keep(RingbufSource.open({ ringBytes: 4096 })));
kernelTest("a pipe", () => void keep(EventPipe.open({ source: PerfSource.open({ ringBytes: 4096 }) })));
kernelTest("an object", () => void keep(openLoaded()));
kernelTest("a pin", () => {
  using object = openLoaded();
  pinMap(object.map("scratch"), `${findMount("bpffs")}/eventpipe_leak_${Deno.pid}`);
});
Deno.test("a stop token", () => void keep(StopToken.create()));
Deno.test("a wait set", () => void keep(new EpollWaiter(1)));
Deno.test("nothing: this one is to pass", async () => {
  const pipe = EventPipe.open({ source: MemorySource.open() });
  const worker = new Worker("data:application/javascript,postMessage(0)", { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.terminate();
  pipe.close();
});
