/** The Workers of _lifecycle.ts: a consumer that ends without closing its pipe, and a producer that goes on until it is ended, or dies. */

import { EventPipe, MemorySource, type PerfEventArray, PerfSource, type SharedRings } from "../../mod.ts";

/** What a Worker is sent. */
export type Order =
  | { readonly does: "close" | "exit" | "run"; readonly map: PerfEventArray; readonly cpu: number }
  | {
    readonly does: "produce";
    readonly shared: SharedRings;
    readonly round: number;
    readonly dies: boolean;
  };

/** Says that it begins, and in which thread. */
function begin(): void {
  const tid = Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
  (self as unknown as Worker).postMessage(tid);
}

/**
 * Writes its round and a number into each event, one after the other, and one again where the ring was full. It returns to
 * the event loop now and then, without which nothing could end its Worker.
 */
function produce(shared: SharedRings, round: number, dies: boolean): void {
  const writer = MemorySource.writerOf(shared, 0);
  let number = 0;
  setInterval(() => {
    for (let i = 0; i < 1000; i++) {
      writer.payload.setUint32(12, round, true);
      writer.payload.setUint32(16, number, true);
      if (dies && number === 5000) throw new Error("a producer dies with an event that is written in part");
      if (writer.output(20) === 0) number++;
    }
  });
}

self.addEventListener("message", (event) => {
  const order = (event as MessageEvent<Order>).data;
  if (order.does === "produce") {
    begin();
    produce(order.shared, order.round, order.dies);
    return;
  }
  const { map, cpu, does } = order;
  const pipe = EventPipe.open({ source: PerfSource.open({ ringBytes: 4096, map, cpus: [cpu] }) });
  pipe.register({
    name: "end",
    process(): void {
      if (does === "close") self.close();
      if (does === "exit") Deno.exit(5);
    },
  });
  begin();
  if (does === "run") void pipe.run();
  else pipe.poll(-1);
});
