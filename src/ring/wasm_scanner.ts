/**
 * The scanner in WebAssembly, for perf rings and for BPF ring buffers: the rings lie in the module's linear memory, and the
 * batch too, so a batch is one call and nothing is copied. The walks are in `wasm/perf.ts` and `wasm/ringbuf.ts`.
 *
 * What it knows of a ring lies in the memory, once: of several scanners over one memory only the one opened last may be
 * used. So does the batch: what a batch shows of a ring are the records of that ring's last scan, whatever batch it was
 * scanned into.
 *
 * @module
 */

import { PERF_EVENT_MMAP_PAGE, SAMPLE_RAW } from "../abi/perf_event.ts";
import type { CategoryFilter } from "./category_filter.ts";
import type { RingRegion } from "./geometry.ts";
import { EVENT_SIZE_BYTES, type RingbufRegion } from "./ringbuf_geometry.ts";
import type { BatchColumns, RecordBatch } from "./record_batch.ts";
import { beginEach, copyRange, type DispatchBy, type ScannedRange, type Scanner } from "./scanner.ts";
import { MODULE_BASE64 } from "./wasm/module.ts";
import * as STATE from "./wasm/state.ts";
import { statesOf } from "./wasm_memory.ts";

const { data_head, data_tail } = PERF_EVENT_MMAP_PAGE.offsets;

/** What the module exports; a ring is the address of its state. */
interface ModuleExports extends WebAssembly.Exports {
  open(ring: number): void;
  commit(ring: number): void;
  commitThrough(ring: number, index: number): void;
  rewind(ring: number, index: number): void;
  beginPerf(ring: number): number;
  scanPerf(ring: number): number;
  beginRingbuf(ring: number): number;
  scanRingbuf(ring: number): number;
  takeBackPerf(ring: number): void;
  takeBackRingbuf(ring: number): void;
}

/** Where a ring stands, as the module is told. */
interface WasmRing {
  readonly headAt: number;
  readonly tailAt: number;
  readonly data: number;
  readonly bytes: number;
  readonly leadBytes: number;
}

/** Members of a ring's state, as indices of words from its start. */
const POSITION = STATE.POSITION >> 2;
const BEGUN = STATE.BEGUN >> 2;
const HEAD = STATE.HEAD >> 2;
const COUNT = STATE.COUNT >> 2;
const SKIPPED = STATE.SKIPPED >> 2;
const CORRUPT = STATE.CORRUPT >> 2;
const CORRUPT_BYTES = STATE.CORRUPT_BYTES >> 2;
const LOST = STATE.LOST >> 3;

/** Compiled when the first scanner is opened. */
let compiled: WebAssembly.Module | undefined;

/** Scans the rings of one memory. */
export class WasmScanner implements Scanner {
  readonly #module: ModuleExports;
  readonly #begin: (ring: number) => number;
  readonly #scan: (ring: number) => number;
  /** Takes back what the filter has counted behind the position; null without a filter. */
  readonly #takeBack: ((ring: number) => void) | null;
  readonly #rings: readonly WasmRing[];
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  /** The address of each ring's state. */
  readonly #states: Uint32Array;
  /** The batch in each ring's state. */
  readonly #columns: readonly BatchColumns[];

  private constructor(
    memory: WebAssembly.Memory,
    kind: "perf" | "ringbuf",
    rings: readonly WasmRing[],
    filter: CategoryFilter | undefined,
  ) {
    compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(MODULE_BASE64));
    const module = new WebAssembly.Instance(compiled, { env: { memory } }).exports as ModuleExports;
    const first = statesOf(memory, rings.length);
    this.#module = module;
    this.#begin = kind === "perf" ? module.beginPerf : module.beginRingbuf;
    this.#scan = kind === "perf" ? module.scanPerf : module.scanRingbuf;
    const takeBack = kind === "perf" ? module.takeBackPerf : module.takeBackRingbuf;
    this.#takeBack = filter === undefined ? null : takeBack;
    this.#rings = rings;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
    this.#states = Uint32Array.from(rings, (_, ring) => first + ring * STATE.STATE_BYTES);
    this.#columns = Array.from(this.#states, (state) => columnsOf(memory.buffer, state));
    rings.forEach((ring, index) => this.#open(ring, this.#states[index]!, filter?.address ?? 0));
  }

  /**
   * Makes a scanner for perf rings, at the tails that are stored.
   *
   * @param memory From {@linkcode openWasmMemory}.
   * @param regions Where the rings stand in it.
   * @param samples As for `PerfScanner`.
   * @param filter Which events are handed on; all unless given. Only of raw samples.
   * @returns The scanner.
   */
  static perf(
    memory: WebAssembly.Memory,
    regions: readonly RingRegion[],
    samples: "raw" | "whole" = "raw",
    filter?: CategoryFilter,
  ): WasmScanner {
    const leadBytes = samples === "whole" ? 0 : SAMPLE_RAW.data - SAMPLE_RAW.size;
    const rings = regions.map(({ meta, data, bytes }) => ({
      headAt: meta + data_head,
      tailAt: meta + data_tail,
      ...{ data, bytes, leadBytes },
    }));
    return new WasmScanner(memory, "perf", rings, filter);
  }

  /**
   * Makes a scanner for BPF ring buffers, at the consumers' positions that are stored.
   *
   * @param memory From {@linkcode openWasmMemory}.
   * @param regions Where the rings stand in it.
   * @param dispatchBy As for `RingbufScanner`.
   * @param filter Which events are handed on; all unless given. Only where they have categories.
   * @returns The scanner.
   */
  static ringbuf(
    memory: WebAssembly.Memory,
    regions: readonly RingbufRegion[],
    dispatchBy: DispatchBy = "category",
    filter?: CategoryFilter,
  ): WasmScanner {
    const leadBytes = dispatchBy === "all" ? 0 : EVENT_SIZE_BYTES;
    const rings = regions.map(({ consumer, producer, data, bytes }) => ({
      headAt: producer,
      tailAt: consumer,
      ...{ data, bytes, leadBytes },
    }));
    return new WasmScanner(memory, "ringbuf", rings, filter);
  }

  begin(ring: number): boolean {
    return this.#begin(this.#states[ring]!) !== 0;
  }

  beginNext(first: number, end: number): number {
    return beginEach(this, first, end);
  }

  scan(ring: number, batch: RecordBatch): boolean {
    const state = this.#states[ring]!;
    const isFound = this.#scan(state) !== 0;
    const columns = this.#columns[ring]!;
    if (batch.offsets !== columns.offsets) batch.adopt(columns);
    const words = this.#words;
    const at = state >> 2;
    batch.count = words[at + COUNT]!;
    batch.skipped = words[at + SKIPPED]!;
    batch.corrupt = words[at + CORRUPT]!;
    batch.corruptBytes = words[at + CORRUPT_BYTES]!;
    batch.lost = this.#doubles[(state >> 3) + LOST]!;
    return isFound;
  }

  scanned(ring: number): ScannedRange {
    const position = this.#word(ring, BEGUN);
    const distance = (this.#word(ring, POSITION) - position) >>> 0;
    return { position, distance, bytes: Math.min(distance, this.#rings[ring]!.bytes) };
  }

  copyScanned(ring: number, target: Uint8Array): void {
    copyRange(this.#bytes, this.#rings[ring]!, this.scanned(ring), target);
  }

  commit(ring: number): void {
    this.#module.commit(this.#states[ring]!);
  }

  commitThrough(ring: number, _batch: RecordBatch, index: number): void {
    this.#module.commitThrough(this.#states[ring]!, index);
  }

  rewind(ring: number, _batch: RecordBatch, index: number): void {
    this.#module.rewind(this.#states[ring]!, index);
    this.#takeBack?.(this.#states[ring]!);
  }

  position(ring: number): number {
    return this.#word(ring, POSITION);
  }

  isCrowded(ring: number): boolean {
    const unread = (this.#word(ring, HEAD) - this.#word(ring, POSITION)) >>> 0;
    return unread > this.#rings[ring]!.bytes / 2;
  }

  head(ring: number): number {
    return this.#word(ring, HEAD);
  }

  /** A word of a ring's state; of a u64 its low one. */
  #word(ring: number, member: number): number {
    return this.#words[(this.#states[ring]! >> 2) + member]!;
  }

  #open({ headAt, tailAt, data, bytes, leadBytes }: WasmRing, state: number, filter: number): void {
    const words = this.#words.fill(0, state >> 2, (state + STATE.STATE_BYTES) >> 2).subarray(state >> 2);
    words[STATE.HEAD_AT >> 2] = headAt;
    words[STATE.TAIL_AT >> 2] = tailAt;
    words[STATE.DATA >> 2] = data;
    words[STATE.BYTES >> 2] = bytes;
    words[STATE.LEAD >> 2] = leadBytes;
    words[STATE.FILTER >> 2] = filter;
    this.#module.open(state);
  }
}

/** The columns in a ring's state. */
function columnsOf(buffer: ArrayBufferLike, state: number): BatchColumns {
  const column = (at: number, words = STATE.CAPACITY): Int32Array =>
    new Int32Array(buffer, state + at, words);
  return {
    offsets: column(STATE.OFFSETS),
    sizes: column(STATE.SIZES),
    categories: column(STATE.CATEGORIES),
    ends: column(STATE.ENDS),
    skips: column(STATE.SKIPS, STATE.CAPACITY + 1),
  };
}
