/** Kernel rings with a waiter and without a pipe: what a waiter reports is seen, and rings are drained when a test says so. */

import { LoadGenerator } from "../../../bench/load_generator.ts";
import { RecordBatch } from "../../../src/ring/record_batch.ts";
import type { Scanner } from "../../../src/ring/scanner.ts";
import { PerfSource } from "../../../src/source/perf.ts";
import { openWaiter, type WaiterName } from "../../../src/wait/open.ts";
import type { StopToken } from "../../../src/wait/stop_token.ts";
import type { Waiter } from "../../../src/wait/waiter.ts";
import { testCpus } from "../_kernel.ts";
import { Producers } from "../_load.ts";

/** How the event loop is treated. */
export type Way = "wait" | "waitAsync";

/** Both ways to wait. */
export const WAYS: readonly Way[] = ["wait", "waitAsync"];

/** The rings of the first two CPUs, with a program that emits into them. */
export class WaitedRings implements Disposable {
  readonly source: PerfSource = PerfSource.open({ ringBytes: 4096, cpus: testCpus.slice(0, 2) });
  readonly waiter: Waiter;
  readonly generator: LoadGenerator;
  readonly #scanner: Scanner = this.source.openScanner();
  readonly #producers: Producers;
  readonly #batch = new RecordBatch();
  readonly #ready: Int32Array = new Int32Array(this.source.cpus.length);

  constructor(name: WaiterName, token?: StopToken) {
    this.waiter = this.openWaiter(name, token);
    this.generator = new LoadGenerator(this.source.mapFd);
    this.#producers = new Producers(this.generator);
    this.source.start();
  }

  /** Opens a further waiter over the same rings. It belongs to the caller. */
  openWaiter(name: WaiterName, token?: StopToken): Waiter {
    const { readiness } = this.source;
    const hasUnread = (ring: number): boolean => this.#scanner.begin(ring);
    const waiter = openWaiter(name, readiness, { hasUnread, token });
    if (readiness.kind === "fds") readiness.fds.forEach((fd, ring) => waiter.add(fd, ring));
    return waiter;
  }

  /** Emits events into a ring. */
  emit(ring = 0, count = 1): void {
    this.#producers.emit({ cpu: this.source.cpus[ring]!, count });
  }

  /** Waits; the rings that are ready. */
  async wait(timeoutMs: number, way: Way = "wait", waiter: Waiter = this.waiter): Promise<number[]> {
    const ready = this.#ready;
    const count = way === "wait" ? waiter.wait(timeoutMs, ready) : await waiter.waitAsync(timeoutMs, ready);
    return [...ready.subarray(0, count)].sort();
  }

  /** Drains a ring; how many events it held. */
  drain(ring = 0): number {
    let events = 0;
    this.#scanner.begin(ring);
    while (this.#scanner.scan(ring, this.#batch)) {
      events += this.#batch.count;
      this.#scanner.commit(ring);
    }
    return events;
  }

  [Symbol.dispose](): void {
    this.waiter.close();
    this.source.close();
    this.generator[Symbol.dispose]();
  }
}
