/**
 * Sources with scanner wasm that nobody closes: forgotten ones with views that are kept, and one of a Worker that is ended.
 * Prints a line for each; run with --expose-gc.
 */

import { PerfSource } from "../../../mod.ts";
import { PERF_EVENT_MMAP_PAGE } from "../../../src/abi/perf_event.ts";
import { testCpus } from "../_kernel.ts";

const { data_size } = PERF_EVENT_MMAP_PAGE.offsets;

const RING = 16384;

function mapped(): number {
  return Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) => line.includes("perf_event"))
    .length;
}

/** Waits until no ring is mapped any more. Whoever runs this ends it if that never comes. */
async function settle(): Promise<number> {
  while (mapped() > 0) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return mapped();
}

function open(): DataView {
  return new DataView(
    PerfSource.open({ ringBytes: RING, cpus: testCpus.slice(0, 1), scanner: "wasm" }).buffer,
  );
}

if (!("WorkerGlobalScope" in globalThis)) {
  const views = [open(), open(), open()];
  if (views.some((view) => view.getUint32(data_size, true) !== RING)) {
    throw new Error("the views show no ring");
  }
  const before = mapped();
  const left = await settle();
  const kept = views.map((view) => view.getUint32(data_size, true));
  console.log(JSON.stringify({ name: "forgotten", mapped: before, left, kept }));

  const worker = new Worker(import.meta.url, { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  const ofWorker = mapped();
  worker.terminate();
  console.log(JSON.stringify({ name: "terminated", mapped: ofWorker, left: await settle() }));
} else {
  const view = open();
  (globalThis as unknown as Worker).postMessage(view.getUint32(data_size, true));
}
