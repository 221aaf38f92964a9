/**
 * Scanning a full ring without delivering anything: one iteration walks the whole ring, so the time of one record is the
 * iteration's divided by the events in the name. Needs no permission.
 */

import { RecordBatch } from "../../src/ring/record_batch.ts";
import { fillRing } from "./_rings.ts";

const MIXED = [20, 36, 60, 84, 140];

for (const ringBytes of [256 * 1024, 2048 * 1024]) {
  for (const payloads of [[32], [128], [1024], MIXED]) {
    for (const kind of ["ts", "wasm"] as const) {
      const ring = fillRing(ringBytes, payloads, 1, kind);
      const batch = new RecordBatch();
      Deno.bench({
        name: `${kind}, ${payloads.join("/")} B payload, ${ring.events} events`,
        group: `scan a ${ringBytes / 1024} KiB ring, ${payloads.join("/")} B`,
        baseline: kind === "ts",
        fn(): void {
          const { scanner } = ring;
          let events = 0;
          scanner.begin(0);
          while (scanner.scan(0, batch)) {
            events += batch.count;
            scanner.commit(0);
          }
          if (events !== ring.events) throw new Error(`${events} of ${ring.events} events were found`);
          ring.refill();
        },
      });
    }
  }
}
