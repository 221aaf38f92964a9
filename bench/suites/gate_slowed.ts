/**
 * The change by which scanning a perf ring takes 10 % more time: what the gate must find. Relies on the text of
 * the scanner.
 *
 * @module
 */

import type { Change } from "../checkout_copy.ts";

/** Where `scan` begins. */
const SCAN = `  scan(ring: number, batch: RecordBatch): boolean {
    batch.clear();
`;

/**
 * Each twentieth batch takes three times its time, a tenth more for all. With each batch, the clock that has to be read would
 * be a part of it.
 */
const SLOWED_SCAN = `  #scans = 0;

  scan(ring: number, batch: RecordBatch): boolean {
    if (++this.#scans % 20 !== 0) return this.#scanOnce(ring, batch);
    const start = monotonicNs();
    const isFilled = this.#scanOnce(ring, batch);
    const ns = monotonicNs() - start;
    while (monotonicNs() - start < 3 * ns);
    return isFilled;
  }

  #scanOnce(ring: number, batch: RecordBatch): boolean {
    batch.clear();
`;

/** Where its imports begin. */
const IMPORTS = `import { LOST_RECORD,`;
const SLOWED_IMPORTS = `import { monotonicNs } from "../ffi/clock.ts";
import { LOST_RECORD,`;

/** The change. */
export const SLOWED_SCANNER: Change = {
  file: "src/ring/perf_scanner.ts",
  replaced: [[SCAN, SLOWED_SCAN], [IMPORTS, SLOWED_IMPORTS]],
  by: "bench/suites/gate_slowed.ts",
};
