/**
 * How soon a wait returns: one iteration asks a producer on another CPU for an event, waits until it is there, and drains it.
 * The event comes a fixed time after the request; what an iteration takes beyond that is the output and the wake-up. The
 * benchmarks need two CPUs and the permission to read, for the Worker; those of kernel rings what reading rings needs.
 */

import { allowedCpus, pinThread } from "../../src/ffi/affinity.ts";
import { RecordBatch } from "../../src/ring/scanner.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { PerfSource } from "../../src/source/perf.ts";
import type { Source } from "../../src/source/source.ts";
import { openWaiter, type WaiterName } from "../../src/wait/open.ts";
import { LoadGenerator } from "../load_generator.ts";
import type { ProducerOrder } from "./_producer_worker.ts";

/** Shorter than a wake-up takes, and much longer than `spin-sleep` spins. */
const DELAYS_US = [20, 500];

const RING_BYTES = 65536;

/** Lifetime: a source that is forgotten is closed. */
const sources: Source[] = [];

/** The producer spins on one CPU, the consumer waits on another; null where Deno may not choose them. */
const [producerCpu, consumerCpu] = isNative() ? [allowedCpus()[0]!, allowedCpus().at(-1)!] : [null, null];

if (navigator.hardwareConcurrency > 1 && isGranted("read")) {
  if (consumerCpu !== null) pinThread(consumerCpu);
  const producer = new Worker(new URL("./_producer_worker.ts", import.meta.url), { type: "module" });
  for (const delayUs of DELAYS_US) {
    for (const name of ["spin", "spin-sleep", "epoll", "poll"] as const) {
      if (canReadKernelRings()) await register(producer, name, "kernel", delayUs);
    }
    for (const name of ["spin", "spin-sleep", "atomics"] as const) {
      await register(producer, name, "memory", delayUs);
    }
  }
}

function isGranted(name: "read" | "ffi"): boolean {
  return Deno.permissions.querySync({ name }).state === "granted";
}

function isNative(): boolean {
  return Deno.build.os === "linux" && isGranted("ffi");
}

function canReadKernelRings(): boolean {
  if (!isNative()) return false;
  try {
    PerfSource.open({ ringBytes: RING_BYTES }).close();
    return true;
  } catch {
    return false;
  }
}

async function register(
  producer: Worker,
  name: WaiterName,
  rings: "kernel" | "memory",
  delayUs: number,
): Promise<void> {
  const requests = new Int32Array(new SharedArrayBuffer(4));
  const { source, target } = rings === "kernel" ? kernelRing() : memoryRing();
  sources.push(source);
  const ready = new Promise<void>((resolve) => {
    producer.onmessage = () => resolve();
  });
  const order: ProducerOrder = { requests, delayUs, cpu: producerCpu, target };
  producer.postMessage(order);
  await ready;

  const scanner = source.openScanner();
  const waiter = openWaiter(name, source.readiness, { hasUnread: (ring) => scanner.begin(ring) });
  waiter.add(source.readiness.kind === "fds" ? source.readiness.fds[0]! : -1, 0);
  source.start();
  const woken = new Int32Array(1);
  const batch = new RecordBatch();
  Deno.bench({
    name,
    group: `an event that comes after ${delayUs} us, ${rings} rings`,
    baseline: name === "spin",
    fn(): void {
      Atomics.add(requests, 0, 1);
      Atomics.notify(requests, 0);
      for (let events = 0; events === 0;) {
        waiter.wait(-1, woken);
        scanner.begin(0);
        while (scanner.scan(0, batch)) {
          events += batch.count;
          scanner.commit(0);
        }
      }
    },
  });
}

function kernelRing(): { source: PerfSource; target: ProducerOrder["target"] } {
  const source = PerfSource.open({ ringBytes: RING_BYTES, cpus: [producerCpu!] });
  return { source, target: { programFd: new LoadGenerator(source.mapFd).programFd } };
}

function memoryRing(): { source: MemorySource; target: ProducerOrder["target"] } {
  const source = MemorySource.open({ ringBytes: RING_BYTES });
  return { source, target: { rings: source.share() } };
}
