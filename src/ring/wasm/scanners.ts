// @ts-nocheck AssemblyScript, compiled by `deno task build`.
/**
 * What the WASM module exports; the compiler begins here. A ring is given by the address of its state.
 *
 * @module
 */

import { beginPerf, scanPerf, takeBackPerf } from "./perf.ts";
import { commit, commitThrough, open, rewind } from "./positions.ts";
import { beginRingbuf, scanRingbuf, takeBackRingbuf } from "./ringbuf.ts";

export { beginPerf, beginRingbuf, commit, commitThrough, open, rewind };
export { scanPerf, scanRingbuf, takeBackPerf, takeBackRingbuf };
