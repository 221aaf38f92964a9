/**
 * How soon a wait returns: one iteration asks a producer on another CPU for an event, waits until it is there, and drains it.
 * The event comes a fixed time after the request; what an iteration takes beyond that is the output and the wake-up. Two CPUs
 * are needed, the permission to pin threads to them, since two that spin on one CPU measure the scheduler, and the permission
 * to read, for the Worker; for kernel rings what reading them needs.
 */

import { allowedCpus, pinThread } from "../../src/ffi/affinity.ts";
import { RecordBatch } from "../../src/ring/record_batch.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { PerfSource } from "../../src/source/perf.ts";
import type { Source } from "../../src/source/source.ts";
import { openWaiter, type WaiterName } from "../../src/wait/open.ts";
import { LoadGenerator } from "../load_generator.ts";
import type { ProducerOrder } from "./_producer_worker.ts";

/** Shorter than a wake-up takes, and much longer than `spin-sleep` spins. */
const DELAYS_US = [20, 500];

const RING_BYTES = 65536;

/** Lifetime: what is forgotten is closed. */
const kept: unknown[] = [];

if (Deno.build.os === "linux" && isGranted("ffi") && isGranted("read")) {
  const cpus = allowedCpus();
  if (cpus.length > 1) await registerAll(cpus[0]!, cpus.at(-1)!);
}

function isGranted(name: "read" | "ffi"): boolean {
  return Deno.permissions.querySync({ name }).state === "granted";
}

async function registerAll(producerCpu: number, consumerCpu: number): Promise<void> {
  pinThread(consumerCpu);
  const producer = new Worker(new URL("./_producer_worker.ts", import.meta.url), { type: "module" });
  for (const delayUs of DELAYS_US) {
    for (const name of ["spin", "spin-sleep", "epoll", "poll"] as const) {
      if (canReadKernelRings()) {
        await register(name, kernelRing(producerCpu), { producer, producerCpu, delayUs });
      }
    }
    for (const name of ["spin", "spin-sleep", "atomics"] as const) {
      await register(name, memoryRing(), { producer, producerCpu, delayUs });
    }
  }
}

function canReadKernelRings(): boolean {
  try {
    PerfSource.open({ ringBytes: RING_BYTES }).close();
    return true;
  } catch {
    return false;
  }
}

/** A ring and who writes into it. */
interface Ring {
  readonly source: Source;
  readonly target: ProducerOrder["target"];
}

async function register(
  name: WaiterName,
  { source, target }: Ring,
  { producer, producerCpu, delayUs }: {
    readonly producer: Worker;
    readonly producerCpu: number;
    readonly delayUs: number;
  },
): Promise<void> {
  kept.push(source);
  const requests = new Int32Array(new SharedArrayBuffer(4));
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
    group: `an event that comes after ${delayUs} us, ${source.kind} rings`,
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

function kernelRing(cpu: number): Ring {
  const source = PerfSource.open({ ringBytes: RING_BYTES, cpus: [cpu] });
  const generator = new LoadGenerator(source.mapFd);
  kept.push(generator);
  return { source, target: { programFd: generator.programFd } };
}

function memoryRing(): Ring {
  const source = MemorySource.open({ ringBytes: RING_BYTES });
  return { source, target: { rings: source.share() } };
}
