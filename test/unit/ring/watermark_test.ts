/** The watermarks a ring may have. */

import { assertThrows } from "@std/assert";
import { checkWatermarkBytes } from "../../../src/ring/geometry.ts";

Deno.test("watermarks from 1 byte to half of the ring are taken", () => {
  for (const watermark of [1, 2, 2047, 2048]) checkWatermarkBytes(watermark, 4096);
});

for (const watermark of [0, -1, 0.5, 2048.5, 2049, 4096, Infinity, NaN]) {
  Deno.test(`a watermark of ${watermark} bytes in a ring of 4096 is a RangeError that says so`, () => {
    assertThrows(
      () => checkWatermarkBytes(watermark, 4096),
      RangeError,
      `must be between 1 and half of the ring, current value is ${watermark}`,
    );
  });
}
