/**
 * A producer in a Worker: for each order it emits events into a memory ring and says in shared memory how many were
 * accepted. It waits for room or not, as it is told.
 */

import { MemorySource, type SharedRings } from "../../../mod.ts";

/** What the Worker is sent. */
export interface Order {
  readonly rings: SharedRings;
  readonly ring: number;
  readonly category: number;
  /** How many events to emit, with the values 0, 1, 2, ... */
  readonly count: number;
  /** Whether to try again until there is room; else each event is tried once. */
  readonly persistent: boolean;
  /** Words: 0 done, 1 accepted, 2 outputs tried. */
  readonly report: Int32Array<SharedArrayBuffer>;
}

self.addEventListener("message", (event) => {
  const { rings, ring, category, count, persistent, report } = (event as MessageEvent<Order>).data;
  const writer = MemorySource.writerOf(rings, ring);
  let [accepted, tried] = [0, 0];
  writer.payload.setUint32(0, category, true);
  for (let value = 0; value < count; value++) {
    writer.payload.setBigUint64(12, BigInt(value), true);
    do {
      tried++;
      if (writer.output(20) === 0) {
        accepted++;
        break;
      }
    } while (persistent);
  }
  Atomics.store(report, 1, accepted);
  Atomics.store(report, 2, tried);
  Atomics.store(report, 0, 1);
  Atomics.notify(report, 0);
});
