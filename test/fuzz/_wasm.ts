/**
 * The scanners in WebAssembly as targets of the fuzzer, whose rings lie in plain buffers: each call is made on a copy of the
 * buffer in linear memory, and the copy goes back, so what the module writes is seen.
 */

import type { RingRegion } from "../../src/ring/geometry.ts";
import type { RingbufRegion } from "../../src/ring/ringbuf_geometry.ts";
import type { RecordBatch } from "../../src/ring/record_batch.ts";
import { beginEach, type DispatchBy, type ScannedRange, type Scanner } from "../../src/ring/scanner.ts";
import { openWasmMemory } from "../../src/ring/wasm_memory.ts";
import { WasmScanner } from "../../src/ring/wasm_scanner.ts";

/** The copy of each buffer. */
const copies = new WeakMap<ArrayBuffer, WebAssembly.Memory>();

/** A scanner over a copy. */
class CopyScanner implements Scanner {
  readonly #original: Uint8Array;
  readonly #copy: Uint8Array;
  readonly #scanner: WasmScanner;

  constructor(buffer: ArrayBuffer, open: (memory: WebAssembly.Memory) => WasmScanner) {
    const memory = copies.get(buffer) ?? openWasmMemory(buffer.byteLength, 1);
    copies.set(buffer, memory);
    this.#original = new Uint8Array(buffer);
    this.#copy = new Uint8Array(memory.buffer, 0, buffer.byteLength);
    this.#copy.set(this.#original);
    this.#scanner = open(memory);
  }

  begin(ring: number): boolean {
    return this.#on((scanner) => scanner.begin(ring));
  }

  beginNext(first: number, end: number): number {
    return beginEach(this, first, end);
  }

  scan(ring: number, batch: RecordBatch): boolean {
    return this.#on((scanner) => scanner.scan(ring, batch));
  }

  scanned(ring: number): ScannedRange {
    return this.#scanner.scanned(ring);
  }

  copyScanned(ring: number, target: Uint8Array): void {
    this.#on((scanner) => scanner.copyScanned(ring, target));
  }

  commit(ring: number): void {
    this.#on((scanner) => scanner.commit(ring));
  }

  commitThrough(ring: number, batch: RecordBatch, index: number): void {
    this.#on((scanner) => scanner.commitThrough(ring, batch, index));
  }

  rewind(ring: number, batch: RecordBatch, index: number): void {
    this.#scanner.rewind(ring, batch, index);
  }

  position(ring: number): number {
    return this.#scanner.position(ring);
  }

  isCrowded(ring: number): boolean {
    return this.#scanner.isCrowded(ring);
  }

  head(ring: number): number {
    return this.#scanner.head(ring);
  }

  #on<T>(call: (scanner: WasmScanner) => T): T {
    this.#copy.set(this.#original);
    const result = call(this.#scanner);
    this.#original.set(this.#copy);
    return result;
  }
}

/** The scanner of perf rings. */
export class WasmPerfScanner extends CopyScanner {
  /** As `PerfScanner`. */
  constructor(buffer: ArrayBuffer, regions: readonly RingRegion[], samples: "raw" | "whole") {
    super(buffer, (memory) => WasmScanner.perf(memory, regions, samples));
  }
}

/** The scanner of BPF ring buffers. */
export class WasmRingbufScanner extends CopyScanner {
  /** As `RingbufScanner`. */
  constructor(buffer: ArrayBuffer, regions: readonly RingbufRegion[], dispatchBy: DispatchBy) {
    super(buffer, (memory) => WasmScanner.ringbuf(memory, regions, dispatchBy));
  }
}
