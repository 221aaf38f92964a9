/**
 * Scanning a full ring without delivering anything: one iteration walks the whole ring, so the time of one record is the
 * iteration's divided by the events in the name. Needs no permission.
 */

import { RecordBatch } from "../../src/ring/scanner.ts";
import { fillRing } from "./_rings.ts";

const RING_BYTES = 256 * 1024;

for (const payloadBytes of [32, 128, 1024]) {
  const ring = fillRing(RING_BYTES, payloadBytes, 1);
  const batch = new RecordBatch();
  Deno.bench({
    name: `${payloadBytes} B payload, ${ring.events} events`,
    group: "scan a 256 KiB ring",
    baseline: payloadBytes === 32,
    fn(): void {
      const scanner = ring.openScanner();
      let events = 0;
      scanner.begin(0);
      while (scanner.scan(0, batch)) {
        events += batch.count;
        scanner.commit(0);
      }
      if (events !== ring.events) throw new Error(`${events} of ${ring.events} events were found`);
    },
  });
}
