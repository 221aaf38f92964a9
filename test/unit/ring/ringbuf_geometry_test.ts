/** Where BPF ring buffers stand in a buffer, which sizes they may have, and what they can take. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  checkRingbufBytes,
  layOutRingbufs,
  maxRingbufPayloadBytes,
} from "../../../src/ring/ringbuf_geometry.ts";
import { data, fakeRingbuf, RingbufWriter } from "./_ringbuf_writer.ts";

Deno.test("rings of different sizes stand one behind the other, each with two pages and room for its data twice", () => {
  assertEquals(layOutRingbufs([4096, 16384], 4096), {
    regions: [
      { consumer: 0, producer: 4096, data: 8192, bytes: 4096 },
      { consumer: 16384, producer: 20480, data: 24576, bytes: 16384 },
    ],
    bufferBytes: 57344,
  });
  assertEquals(layOutRingbufs([65536], 65536), {
    regions: [{ consumer: 0, producer: 65536, data: 131072, bytes: 65536 }],
    bufferBytes: 262144,
  });
});

Deno.test("rings that together do not fit into one buffer are a RangeError that says why", () => {
  assertEquals(layOutRingbufs([2 ** 29], 4096).bufferBytes, 2 ** 30 + 8192);
  assertThrows(() => layOutRingbufs([2 ** 29, 2 ** 29], 4096), RangeError, "each is mapped twice");
});

Deno.test("a ring has a power of two of bytes, from one page to 512 MiB", () => {
  for (const bytes of [4096, 8192, 65536, 2 ** 29]) checkRingbufBytes(bytes, 4096);
  checkRingbufBytes(65536, 65536);
  for (
    const bytes of [0, -4096, 2048, 4097, 12288, 2 ** 30, 2 ** 32, 2 ** 32 + 4096, NaN, Infinity, 4096.5]
  ) {
    assertThrows(() => checkRingbufBytes(bytes, 4096), RangeError, `a BPF ring buffer of ${bytes} bytes`);
  }
  assertThrows(() => checkRingbufBytes(32768, 65536), RangeError, "between 65536 (one page)");
});

Deno.test("the longest payload is what the kernel's check of room lets in, less the size in front of it", () => {
  for (const bytes of [4096, 16384]) {
    const longest = maxRingbufPayloadBytes(bytes);
    assertEquals(new RingbufWriter(fakeRingbuf(bytes)).output(data(longest + 4, 1)), true);
    assertEquals(new RingbufWriter(fakeRingbuf(bytes)).output(data(longest + 5, 1)), null);
  }
});
