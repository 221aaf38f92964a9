/**
 * Readings of clocks.
 *
 * @module
 */

import { monotonicNs } from "../../../src/ffi/clock.ts";
import { type Crossing, loopOf } from "./crossing.ts";

/**
 * Makes the crossings.
 *
 * @returns The crossings.
 */
export function clocks(): Crossing[] {
  const group = "reading of a clock";
  return [
    loopOf({ group, name: "performance.now", body: "performance.now()" }),
    loopOf({ group, name: "Date.now", body: "Date.now()" }),
    loopOf({
      group,
      name: "clock_gettime(CLOCK_MONOTONIC) through FFI",
      body: "monotonicNs()",
      scope: { monotonicNs },
    }),
  ];
}
