/**
 * Run by stop_test.ts: consumers in Workers that block in their waits, and what ends them. Prints a line of JSON. Arguments:
 * what happens, which rings, which waiter.
 */

import { MemorySource } from "../../mod.ts";
import { LoadGenerator, LoadProducer } from "../../bench/load_generator.ts";
import { EVENTFD } from "../../src/abi/linux.ts";
import { libc } from "../../src/ffi/libc.ts";
import type { WaiterName } from "../../src/wait/open.ts";
import { StopToken } from "../../src/wait/stop_token.ts";
import { openResources } from "../kernel/_resources.ts";
import type { Order, Report, Target } from "./_consumer_worker.ts";

const [scenario, rings, waiter] = Deno.args as [string, Order["rings"], WaiterName];

/** The main thread's side of a consumer. */
class Consumer {
  readonly worker = new Worker(new URL("./_consumer_worker.ts", import.meta.url), { type: "module" });
  readonly #reports: Report[] = [];
  #heard = (): void => {};

  constructor(token: StopToken, throws = false) {
    this.worker.onmessage = ({ data }) => {
      this.#reports.push(data);
      this.#heard();
    };
    const order: Order = { stop: token.share(), rings, waiter, throws };
    this.worker.postMessage(order);
  }

  /** The next report, which must be of this name. */
  async next<N extends Report["name"]>(name: N): Promise<Report & { name: N }> {
    while (this.#reports.length === 0) await new Promise<void>((resolve) => this.#heard = resolve);
    const report = this.#reports.shift()!;
    if (report.name !== name) throw new Error(`The consumer reported ${report.name} in place of ${name}`);
    return report as Report & { name: N };
  }

  /** Waits until the consumer waits; where its events are emitted into. */
  async waiting(): Promise<Target> {
    const { tid, target } = await this.next("waiting");
    // One that spins does not sleep, and not everyone may see whether a thread does.
    while (waiter !== "spin" && tid !== 0 && !isAsleep(tid)) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    return target;
  }
}

/** Whether a thread waits in the kernel. Its state stands behind the name, which is in brackets. */
function isAsleep(tid: number): boolean {
  return Deno.readTextFileSync(`/proc/self/task/${tid}/stat`).split(") ").at(-1)!.startsWith("S");
}

/** Emits one event. */
function emit(target: Target): void {
  if ("shared" in target) {
    MemorySource.writerOf(target.shared, 0).output(16);
    return;
  }
  using generator = new LoadGenerator(target.mapFd);
  const producer = new LoadProducer(generator.programFd);
  producer.prepare({ category: 0, payloadBytes: 32 });
  producer.emit(1);
}

/** What happens, by name; each returns what is printed. */
const SCENARIOS: Readonly<Record<string, () => Promise<unknown>>> = {
  async stop(): Promise<unknown> {
    using token = StopToken.create();
    const consumer = new Consumer(token);
    emit(await consumer.waiting());
    await consumer.next("polled");
    const start = performance.now();
    token.stop();
    const { statistics } = await consumer.next("ended");
    const hasFile = token.share().fd !== null;
    const { dispatched, left } = statistics;
    return { ms: performance.now() - start, dispatched, left, hasFile };
  },

  async close(): Promise<unknown> {
    const token = StopToken.create();
    const consumer = new Consumer(token);
    await consumer.waiting();
    const start = performance.now();
    token.close();
    const foreign = token.share().fd === null ? -1 : libc().eventfd(7, EVENTFD.EFD_NONBLOCK);
    await consumer.next("ended");
    const ms = performance.now() - start;
    const count = new BigUint64Array(1);
    if (foreign >= 0) libc().read(foreign, count, 8n);
    return { ms, foreign: foreign < 0 ? "none" : `${foreign === token.share().fd} ${count[0]}` };
  },

  async terminate(): Promise<unknown> {
    const token = StopToken.create();
    const consumer = new Consumer(token);
    await consumer.waiting();
    consumer.worker.terminate();
    token.close();
    return {};
  },

  async exit(): Promise<unknown> {
    const token = StopToken.create();
    const consumer = new Consumer(token);
    await consumer.waiting();
    consumer.worker.terminate();
    Deno.exit(7);
  },

  async throw(): Promise<unknown> {
    using token = StopToken.create();
    const consumer = new Consumer(token, true);
    const failed = new Promise<string>((resolve) => {
      consumer.worker.onerror = (event) => {
        event.preventDefault();
        resolve(event.message);
      };
    });
    emit(await consumer.waiting());
    const message = await failed;
    return { message, rings: openResources().filter((each) => /perf|bpf/.test(each)) };
  },

  async two(): Promise<unknown> {
    using token = StopToken.create();
    const consumers = [new Consumer(token), new Consumer(token)];
    const targets = [];
    for (const each of consumers) targets.push(await each.waiting());
    token.interrupt();
    for (const each of consumers) await each.next("polled");
    emit(targets[1]!);
    await consumers[1]!.next("polled");
    const start = performance.now();
    token.stop();
    const dispatched = [];
    for (const each of consumers) dispatched.push((await each.next("ended")).statistics.dispatched);
    return { ms: performance.now() - start, dispatched };
  },

  async late(): Promise<unknown> {
    const token = StopToken.create();
    token.close();
    const consumer = new Consumer(token);
    await consumer.next("waiting");
    const { statistics } = await consumer.next("ended");
    return { dispatched: statistics.dispatched };
  },
};

console.log(JSON.stringify(await SCENARIOS[scenario]!()));
