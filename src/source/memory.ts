/**
 * The memory source: rings in shared memory, written by TypeScript producers by the kernel's rules. It is the pipe's
 * debug mode: it needs no privilege, no kernel support and no Deno permission. Producers run in the same isolate or in
 * Workers that are sent {@linkcode MemorySource.share}.
 *
 * @module
 */

import { checkObject, closedError, wrongArgument } from "../errors.ts";
import { CategoryFilter, checkFilter, checkFiltered, filteredBy } from "../ring/category_filter.ts";
import {
  checkRingBytes,
  checkWakeupEvents,
  layOutRings,
  maxPayloadBytes,
  type RingRegion,
  SPARE_BYTES,
} from "../ring/geometry.ts";
import { PerfScanner } from "../ring/perf_scanner.ts";
import { PerfWriter } from "../ring/perf_writer.ts";
import type { Readiness } from "../ring/readiness.ts";
import { checkScanner, type DispatchBy, type Scanner, type ScannerKind } from "../ring/scanner.ts";
import { RingSignals } from "../ring/signals.ts";
import { openWasmMemory } from "../ring/wasm_memory.ts";
import { WasmScanner } from "../ring/wasm_scanner.ts";
import type { LocalReadiness } from "../wait/local.ts";
import { ModelWaiter } from "../wait/model.ts";
import type { StopListener } from "../wait/stop_listener.ts";
import { checkRing } from "./ring_index.ts";
import type { Source } from "./source.ts";

/** Memory rings have no hardware under them; this is the page size of their layout. */
const PAGE_BYTES = 4096;

/** How a {@linkcode MemorySource} is opened. */
export interface MemorySourceOptions {
  /** The size of each ring's data in bytes, a power of two of at least 4096; 65536 unless given. */
  readonly ringBytes?: number;
  /** Wake the reader after this many events of a ring; 1 unless given. A half-ring watermark applies beside it. */
  readonly wakeupEvents?: number;
  /** The CPU number of each ring; one ring, CPU 0, unless given. */
  readonly cpus?: readonly number[];
  /** Which scanner reads the rings; `ts` unless given. With `wasm` they lie in a WebAssembly.Memory. */
  readonly scanner?: ScannerKind;
  /**
   * The categories to hand on, below 1024; all of any number unless given. Events of others are counted where they lie, by
   * `filtered`, and no handler sees them; a pipe counts them as `skipped`. Only with scanner `wasm`.
   */
  readonly filter?: readonly number[];
}

/** What another isolate needs to write into a memory source's rings; can be sent with `postMessage`. */
export interface SharedRings {
  /** The rings. */
  readonly buffer: SharedArrayBuffer;
  /** Where they stand in the buffer. */
  readonly regions: readonly RingRegion[];
  /** Wake-ups and losses. */
  readonly signals: Int32Array<SharedArrayBuffer>;
  /** The wake-up threshold in events. */
  readonly wakeupEvents: number;
}

/** Rings in shared memory. */
export class MemorySource implements Source {
  /** Always `memory`. */
  readonly kind = "memory";
  /** Always `perf`. */
  readonly ring = "perf";
  /** The CPU number of each ring. */
  readonly cpus: readonly number[];
  /** Always false: a full ring refuses. */
  readonly overwritable = false;
  /** Always true: the writers count in shared memory. */
  readonly countsLosses = true;
  /** How a waiter learns that a ring has unread records. */
  readonly readiness: Readiness;
  #buffer: SharedArrayBuffer;
  /** What the buffer is of; null with the scanner in TypeScript. */
  readonly #memory: WebAssembly.Memory | null;
  readonly #filter: CategoryFilter | undefined;
  readonly #regions: readonly RingRegion[];
  readonly #signals: RingSignals;
  /** A ring has one producer, whose head only it knows. */
  readonly #writers = new Map<number, PerfWriter>();
  readonly #wakeupEvents: number;
  #open = true;
  #started = false;
  #paused = false;
  /** Whether writers of other isolates may exist. */
  #isShared = false;
  /** Whether the reader hears writers of this isolate alone. */
  #isLocal = false;

  private constructor(options: MemorySourceOptions) {
    checkObject(options, "open memory rings");
    const { ringBytes = 65536, wakeupEvents = 1, cpus = [0], scanner = "ts", filter } = options;
    checkRingBytes(ringBytes, PAGE_BYTES);
    checkWakeupEvents(wakeupEvents);
    checkCpus(cpus);
    checkScanner(scanner);
    checkFilter(filter, scanner);
    const { regions, bufferBytes } = layOutRings(cpus.length, ringBytes, PAGE_BYTES, SPARE_BYTES);
    this.cpus = [...cpus];
    this.#memory = scanner === "wasm" ? openWasmMemory(bufferBytes, cpus.length) : null;
    this.#filter = this.#memory !== null && filter !== undefined
      ? new CategoryFilter(this.#memory, filter)
      : undefined;
    this.#buffer = this.#memory === null
      ? new SharedArrayBuffer(bufferBytes)
      : this.#memory.buffer as SharedArrayBuffer;
    this.#regions = regions;
    this.#wakeupEvents = wakeupEvents;
    const words = new Int32Array(new SharedArrayBuffer(RingSignals.wordCount(cpus.length) * 4));
    this.#signals = new RingSignals(words);
    const readiness: LocalReadiness = {
      kind: "signals",
      words,
      openLocalWaiter: (stop) => this.#openLocalWaiter(stop),
    };
    this.readiness = readiness;
  }

  /**
   * Makes the rings.
   *
   * @param options Their size, wake-up threshold and CPUs.
   * @returns The source, to be given to a pipe.
   * @throws {TypeError} If the options are no object, or name no scanner, or one that cannot filter.
   * @throws {RangeError} If an option is out of range.
   *
   * @example Events without a kernel
   * ```ts
   * import { EventPipe, MemorySource } from "@eventpipe/eventpipe";
   * import { assertEquals } from "@std/assert";
   *
   * const source = MemorySource.open({ ringBytes: 65536 });
   * using pipe = EventPipe.open({ source });
   * const seen: number[] = [];
   * pipe.register({ name: "count", process: (event) => void seen.push(event.u32(12)) });
   *
   * const writer = source.writer(0);
   * writer.payload.setUint32(0, 0, true); // the category
   * writer.payload.setUint32(12, 42, true);
   * writer.output(16);
   *
   * pipe.poll(0);
   * assertEquals(seen, [42]);
   * ```
   */
  static open(options: MemorySourceOptions = {}): MemorySource {
    return new MemorySource(options);
  }

  /**
   * Makes the writer of one ring in another isolate, from what {@linkcode MemorySource.share} gave.
   *
   * @param shared The shared rings.
   * @param ring The ring's index.
   * @returns The ring's one producer.
   * @throws {TypeError} If `shared` is not what `share` gave.
   * @throws {RangeError} If there is no such ring.
   */
  static writerOf(shared: SharedRings, ring: number): PerfWriter {
    checkShared(shared);
    checkRing(ring, shared.regions.length, "open a writer");
    return openWriter(shared, ring, new RingSignals(shared.signals));
  }

  /** The longest event that a ring can ever take: one byte of a perf ring always stays free. */
  get maxPayloadBytes(): number {
    return maxPayloadBytes(this.#regions[0]!.bytes);
  }

  /** The buffer all rings lie in. */
  get buffer(): SharedArrayBuffer {
    return this.#buffer;
  }

  /**
   * What a producer in another isolate needs.
   *
   * @returns An object for `postMessage`.
   * @throws {EventPipeError} `CLOSED`, after `close`.
   * @throws {TypeError} If a pipe reads the rings with the waiter `model`, which hears writers of this isolate alone.
   */
  share(): SharedRings {
    this.#checkOpen("share the rings");
    if (this.#isLocal) {
      throw new TypeError(
        'Cannot share the rings: their pipe waits with "model", which does not hear writers of other isolates; open it with ' +
          'the waiter "atomics"',
      );
    }
    this.#isShared = true;
    return this.#sharedRings();
  }

  /**
   * The writer of one ring in this isolate, the same at every call. A ring has one producer: where another isolate writes
   * into it, this one must not.
   *
   * @param ring The ring's index.
   * @returns The ring's producer.
   * @throws {EventPipeError} `CLOSED`, after `close`.
   */
  writer(ring: number): PerfWriter {
    this.#checkOpen("open a writer");
    let writer = this.#writers.get(ring);
    if (writer === undefined) {
      checkRing(ring, this.#regions.length, "open a writer");
      writer = openWriter(this.#sharedRings(), ring, this.#signals);
      this.#writers.set(ring, writer);
    }
    return writer;
  }

  /**
   * Makes the scanner for these rings.
   *
   * @param dispatchBy Whether payloads begin with a category; by that unless given.
   * @returns A scanner over `buffer`.
   * @throws {TypeError} If there is a filter, and payloads begin with no category.
   */
  openScanner(dispatchBy: DispatchBy = "category"): Scanner {
    this.#checkOpen("open a scanner");
    checkFiltered(this.#filter, dispatchBy);
    return this.#memory === null
      ? new PerfScanner(this.#buffer, this.#regions)
      : WasmScanner.perf(this.#memory, this.#regions, "raw", this.#filter);
  }

  /** Lets events in; before, writers are refused with -ENOENT. */
  start(): void {
    this.#checkOpen("let events in");
    this.#started = true;
    this.#admit();
  }

  /** Lets no more events in: writers are refused with -ENOENT. */
  stop(): void {
    this.#started = false;
    this.#admit();
  }

  /** Refuses events for now: writers get -ENOSPC, and each refused event counts as lost. */
  pause(): void {
    this.#checkOpen("pause");
    this.#paused = true;
    this.#admit();
  }

  /** Lets events in again. */
  resume(): void {
    this.#checkOpen("resume");
    this.#paused = false;
    this.#admit();
  }

  /** Whether it is paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Events that found the ring full or paused.
   *
   * @param ring The ring's index.
   * @returns The count since the source was opened.
   * @throws {RangeError} If there is no such ring.
   */
  lost(ring: number): number {
    checkRing(ring, this.cpus.length, "read losses");
    return this.#signals.lost(ring);
  }

  /**
   * How many events the filter has not handed on.
   *
   * @param category Of which category; of all together unless given.
   * @returns The count since the source was opened; 0 without a filter.
   * @throws {RangeError} If the category is not below 1024.
   */
  filtered(category?: number): number {
    return filteredBy(this.#filter, category);
  }

  /** Lets go of the rings; writers that still exist keep the memory alive. */
  close(): void {
    this.stop();
    this.#open = false;
    this.#buffer = new SharedArrayBuffer(0);
  }

  #openLocalWaiter(stop: StopListener | undefined): ModelWaiter {
    if (this.#isShared) {
      throw new TypeError(
        'Cannot open the waiter "model": the rings were shared with another isolate, whose writers it does not hear; use ' +
          '"atomics"',
      );
    }
    this.#isLocal = true;
    return new ModelWaiter(this.#signals, stop);
  }

  #sharedRings(): SharedRings {
    return {
      buffer: this.#buffer,
      regions: this.#regions,
      signals: this.#signals.words,
      wakeupEvents: this.#wakeupEvents,
    };
  }

  /** A source that was not started, or is stopped, has no slots filled that could be paused. */
  #admit(): void {
    this.#signals.accept(this.#started && (this.#paused ? "paused" : true));
  }

  #checkOpen(action: string): void {
    if (!this.#open) throw closedError(action, "the memory source");
  }
}

function openWriter(shared: SharedRings, ring: number, events: RingSignals): PerfWriter {
  const region = shared.regions[ring]!;
  return new PerfWriter({
    buffer: shared.buffer,
    region,
    ring,
    staging: region.data + region.bytes + SPARE_BYTES,
    wakeupEvents: shared.wakeupEvents,
    events,
  });
}

function checkShared(shared: SharedRings): void {
  const { buffer, regions, signals, wakeupEvents } = (shared ?? {}) as Partial<SharedRings>;
  const isShared = buffer instanceof SharedArrayBuffer && Array.isArray(regions) &&
    signals instanceof Int32Array && Number.isInteger(wakeupEvents);
  if (!isShared) {
    throw wrongArgument("open a writer", "shared", "what share() of the source returned", shared);
  }
}

function checkCpus(cpus: readonly number[]): void {
  const valid = Array.isArray(cpus) && cpus.length > 0 && new Set(cpus).size === cpus.length &&
    cpus.every((cpu) => Number.isInteger(cpu) && cpu >= 0);
  if (!valid) {
    throw new RangeError(
      `Cannot open memory rings: cpus must name at least one CPU (an integer from 0), each once, current value is [${cpus}]`,
    );
  }
}
