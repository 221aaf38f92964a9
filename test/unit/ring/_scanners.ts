/**
 * The scanners under test: a test of what a scanner does is declared once and runs with the one in TypeScript and the one in
 * WebAssembly. Rings lie in a memory that both can read.
 */

import { PerfScanner } from "../../../src/ring/perf_scanner.ts";
import { RingbufScanner } from "../../../src/ring/ringbuf_scanner.ts";
import type { RingRegion } from "../../../src/ring/geometry.ts";
import type { RingbufRegion } from "../../../src/ring/ringbuf_geometry.ts";
import type { DispatchBy, Scanner, ScannerKind } from "../../../src/ring/scanner.ts";
import { openWasmMemory } from "../../../src/ring/wasm_memory.ts";
import { WasmScanner } from "../../../src/ring/wasm_scanner.ts";

/** A ring, as far as a scanner needs to know it. */
interface Ring<Region> {
  readonly buffer: ArrayBufferLike;
  readonly region: Region;
}

/** Opens a scanner over perf rings of one buffer. */
export type OpenPerf = (...rings: readonly Ring<RingRegion>[]) => Scanner;

/** Opens a scanner over BPF ring buffers of one buffer. */
export type OpenRingbuf = (dispatchBy: DispatchBy, ...rings: readonly Ring<RingbufRegion>[]) => Scanner;

const memories = new WeakMap<ArrayBufferLike, WebAssembly.Memory>();

/**
 * Makes a buffer for rings. It is longer than asked for.
 *
 * @param bytes How long the rings' part of it is.
 * @param rings How many rings.
 * @returns The buffer.
 */
export function ringBuffer(bytes: number, rings: number): ArrayBufferLike {
  const memory = openWasmMemory(bytes, rings);
  memories.set(memory.buffer, memory);
  return memory.buffer;
}

/** The name of a test for a kind of scanner. */
function nameFor(kind: ScannerKind, name: string): string {
  return kind === "ts" ? name : `${name}, in WebAssembly`;
}

/**
 * Declares a test for each scanner of perf rings.
 *
 * @param name What must hold, as a sentence.
 * @param body The test, given what opens the scanner.
 * @param samples What is in a sample.
 */
export function perfTest(
  name: string,
  body: (scannerOf: OpenPerf) => void,
  samples: "raw" | "whole" = "raw",
): void {
  const openers: Readonly<Record<ScannerKind, OpenPerf>> = {
    ts: (...rings) => new PerfScanner(rings[0]!.buffer, rings.map(({ region }) => region), samples),
    wasm: (...rings) =>
      WasmScanner.perf(memories.get(rings[0]!.buffer)!, rings.map(({ region }) => region), samples),
  };
  for (const kind of ["ts", "wasm"] as const) {
    Deno.test(nameFor(kind, name), () => body(openers[kind]));
  }
}

/**
 * Declares a test for each scanner of BPF ring buffers.
 *
 * @param name What must hold, as a sentence.
 * @param body The test, given what opens the scanner.
 */
export function ringbufTest(name: string, body: (scannerBy: OpenRingbuf) => void): void {
  const openers: Readonly<Record<ScannerKind, OpenRingbuf>> = {
    ts: (dispatchBy, ...rings) =>
      new RingbufScanner(rings[0]!.buffer, rings.map(({ region }) => region), dispatchBy),
    wasm: (dispatchBy, ...rings) =>
      WasmScanner.ringbuf(memories.get(rings[0]!.buffer)!, rings.map(({ region }) => region), dispatchBy),
  };
  for (const kind of ["ts", "wasm"] as const) {
    Deno.test(nameFor(kind, name), () => body(openers[kind]));
  }
}
