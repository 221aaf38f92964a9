/** The fuzzer finds nothing in the scanners in WebAssembly either. Seeds and numbers of runs are fixed. */

import { WasmPerfScanner, WasmRingbufScanner } from "./_wasm.ts";
import { fuzz, type Target } from "./engine.ts";
import { perfTarget } from "./perf_target.ts";
import { ringbufTarget } from "./ringbuf_target.ts";

const SEED = 1;

/** Runs in which nothing is found; a second or two. */
const RUNS = 20_000;

function assertNothingFound<I>(target: Target<I>): void {
  const { finding } = fuzz(target, SEED, (runs) => runs < RUNS);
  if (finding !== null) {
    throw new Error(`seed ${finding.seed}: ${JSON.stringify(finding.input)}`, { cause: finding.error });
  }
}

Deno.test("the scanner of perf rings in WebAssembly does what the oracle says, whatever the producer does", () => {
  assertNothingFound(perfTarget(WasmPerfScanner));
});

Deno.test("the scanner of BPF ring buffers in WebAssembly does what the oracle says, whatever the producers do", () => {
  assertNothingFound(ringbufTarget(WasmRingbufScanner));
});
