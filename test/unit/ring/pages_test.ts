/** Tests of rings on machines with larger pages: where they lie, which sizes they may have, and that they are read alike. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkRingBytes, layOutRings, SPARE_BYTES } from "../../../src/ring/geometry.ts";
import { PerfScanner } from "../../../src/ring/perf_scanner.ts";
import { PerfWriter } from "../../../src/ring/perf_writer.ts";
import { layOutRingbufs } from "../../../src/ring/ringbuf_geometry.ts";
import { RingbufScanner } from "../../../src/ring/ringbuf_scanner.ts";
import { FakeRing, lost, pass, payload, record, sample, type Told } from "./_records.ts";
import { data, FakeRingbuf, pass as passRingbuf, RingbufWriter } from "./_ringbuf_writer.ts";

/** Pages of x86-64 and most of arm64, of Apple's machines, and of arm64 and ppc64 as some distributions build them. */
const PAGES = [4096, 16384, 65536];

/** The payload of a sample with its padding, zeros in these tests. */
function told(bytes: Uint8Array): Told {
  return { sample: [...bytes, ...new Array(-(12 + bytes.length) & 7).fill(0)] };
}

for (const pageBytes of PAGES) {
  Deno.test(`with pages of ${pageBytes} bytes each mapping begins on a page and the spare memory follows it`, () => {
    for (const ringBytes of [pageBytes, 4 * pageBytes]) {
      const { regions, bufferBytes, strideBytes } = layOutRings(3, ringBytes, pageBytes);
      assertEquals(bufferBytes, 3 * strideBytes);
      regions.forEach(({ meta, data, bytes }, ring) => {
        assertEquals([meta % pageBytes, data - meta, bytes], [0, pageBytes, ringBytes]);
        const next = regions[ring + 1]?.meta ?? bufferBytes;
        assertEquals(next - data - bytes, SPARE_BYTES);
      });
      for (const { consumer, producer, data } of layOutRingbufs([ringBytes, ringBytes], pageBytes).regions) {
        assertEquals([consumer % pageBytes, producer - consumer, data - producer], [0, pageBytes, pageBytes]);
      }
    }
  });

  Deno.test(`with pages of ${pageBytes} bytes a ring has at least one, and a power of two of them`, () => {
    for (const pages of [1, 2, 8]) checkRingBytes(pages * pageBytes, pageBytes);
    const wrong = [0, 0.5, 1.5, 3, 5].map((pages) => pages * pageBytes);
    for (const bytes of [...wrong, 1, 8193, 65537]) {
      assertThrows(
        () => checkRingBytes(bytes, pageBytes),
        RangeError,
        `must be a power of two between ${pageBytes} (one page) and 1073741824`,
      );
    }
  });

  Deno.test(`with pages of ${pageBytes} bytes records are read wherever the end of their ring cuts them`, () => {
    for (const ringBytes of [pageBytes, 2 * pageBytes]) {
      for (let left = 8; left <= 64; left += 8) {
        const { regions, bufferBytes } = layOutRings(2, ringBytes, pageBytes);
        const buffer = new ArrayBuffer(bufferBytes);
        const rings = regions.map((region) => new FakeRing(buffer, region, BigInt(ringBytes - left)));
        const scanner = new PerfScanner(buffer, regions);
        rings.forEach((ring, index) => {
          const bodies = [payload(9, index), payload(33, left)];
          const records = [
            lost(index + 1),
            sample(bodies[0]!),
            record(5, new Uint8Array(24)),
            sample(bodies[1]!),
          ];
          for (const each of records) ring.append(each);
          const all = pass(scanner, ring, index);
          const events = bodies.map(told);
          assertEquals(all.filter((each) => "sample" in each), events);
          assertEquals(all.filter((each) => "lost" in each), [{ lost: BigInt(index + 1) }]);
          assertEquals(ring.tail, ring.head);
        });
      }
    }
  });

  Deno.test(`with pages of ${pageBytes} bytes a ring is filled and read, lap by lap`, () => {
    const { regions, bufferBytes } = layOutRings(1, pageBytes, pageBytes, SPARE_BYTES);
    const ring = new FakeRing(new ArrayBuffer(bufferBytes), regions[0]!, 0n);
    const writer = new PerfWriter({
      buffer: ring.buffer,
      region: ring.region,
      ring: 0,
      staging: ring.region.data + pageBytes + SPARE_BYTES,
      wakeupEvents: 1,
      events: { accepts: () => true, wake: () => {}, lose: () => {} },
    });
    const scanner = new PerfScanner(ring.buffer, regions);
    for (let lap = 0; lap < 3; lap++) {
      const bodies: Uint8Array[] = [];
      for (let body = payload(180, 0); writer.outputBytes(body) === 0; body = payload(180, bodies.length)) {
        bodies.push(body);
      }
      // After the first lap the LOST record takes 24 bytes of the room.
      assertEquals(bodies.length, Math.floor((pageBytes - 1 - (lap === 0 ? 0 : 24)) / 192));
      const events = pass(scanner, ring).filter((each) => "sample" in each);
      assertEquals(events, bodies.map(told));
    }
  });

  Deno.test(`with pages of ${pageBytes} bytes a BPF ring buffer is read across its end`, () => {
    for (let left = 8; left <= 48; left += 8) {
      const { regions, bufferBytes } = layOutRingbufs([pageBytes], pageBytes);
      const ring = new FakeRingbuf(new ArrayBuffer(bufferBytes), regions[0]!, BigInt(pageBytes - left));
      const scanner = new RingbufScanner(ring.buffer, regions, "all");
      const writer = new RingbufWriter(ring);
      const bodies = [data(5, 1), data(40, left)];
      for (const body of bodies) assert(writer.output(body) !== null);
      assertEquals(passRingbuf(scanner, ring), bodies.map((body) => ({ data: [...body] })));
      assertEquals(ring.consumer, ring.producer);
    }
  });
}
