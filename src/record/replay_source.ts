/**
 * The source of a replay: rings of the recorded sizes in plain memory. It is the producer too, and puts recorded bytes
 * where they stood in the recorded rings, so the scanners read them as they read the kernel's.
 *
 * @module
 */

import { PERF_EVENT_MMAP_PAGE } from "../abi/perf_event.ts";
import { closedError, EventPipeError } from "../errors.ts";
import { layOutRings, maxPayloadBytes, type RingRegion } from "../ring/geometry.ts";
import { PerfScanner } from "../ring/perf_scanner.ts";
import type { Readiness } from "../ring/readiness.ts";
import { layOutRingbufs, maxRingbufPayloadBytes, type RingbufRegion } from "../ring/ringbuf_geometry.ts";
import { RingbufScanner } from "../ring/ringbuf_scanner.ts";
import type { DispatchBy, Scanner } from "../ring/scanner.ts";
import { RingSignals } from "../ring/signals.ts";
import type { Source } from "../source/source.ts";
import { PAGE_BYTES, type RecordingHeader } from "./header.ts";

/** Where a ring stands, and where in its pages the two positions are. */
interface ReplayRing {
  readonly data: number;
  readonly bytes: number;
  /** Where the producer's position stands, a u64; and the reader's. */
  readonly head: number;
  readonly tail: number;
  /** How often the data stands there, one copy behind the other. */
  readonly copies: 1 | 2;
}

/** Rings that recorded bytes are put into. */
export class ReplaySource implements Source {
  /** Always `memory`. */
  readonly kind = "memory";
  /** The kind of the recorded rings. */
  readonly ring: "perf" | "ringbuf";
  /** The CPU of each ring, as it was recorded. */
  readonly cpus: readonly number[];
  /** The longest event that each of the rings can ever take. */
  readonly maxPayloadBytes: number;
  /** Always false: a full ring refuses. */
  readonly overwritable = false;
  /** Whether the recorded source knew every loss. */
  readonly countsLosses: boolean;
  /** Always false: what was recorded comes in any case. */
  readonly paused = false;
  /** Nothing ever wakes a waiter: the replay itself calls the pipe. */
  readonly readiness: Readiness;
  readonly #buffer: ArrayBuffer;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #openScanner: (dispatchBy: DispatchBy | undefined) => Scanner;
  readonly #rings: readonly ReplayRing[];
  /** Positions of the producer; whole numbers, so that their high words come of themselves. */
  readonly #heads: number[];
  readonly #lost: number[];

  /**
   * @param header What was recorded.
   * @param positions Where the rings stood when their recording began, low words.
   */
  constructor(header: RecordingHeader, positions: readonly number[]) {
    const sizes = header.rings.map(({ bytes }) => bytes);
    const isPerf = header.ring === "perf";
    this.ring = header.ring;
    this.cpus = header.rings.map(({ cpu }) => cpu);
    const longest = isPerf ? maxPayloadBytes : maxRingbufPayloadBytes;
    this.maxPayloadBytes = sizes.reduce((least, bytes) => Math.min(least, longest(bytes)), Infinity);
    this.countsLosses = header.countsLosses;
    const words = new Int32Array(new SharedArrayBuffer(RingSignals.wordCount(sizes.length) * 4));
    this.readiness = { kind: "signals", words };
    this.#lost = sizes.map(() => 0);
    if (isPerf) {
      const { regions, bufferBytes } = layOutRings(sizes.length, sizes[0]!, PAGE_BYTES);
      const buffer = new ArrayBuffer(bufferBytes);
      this.#buffer = buffer;
      this.#rings = regions.map(perfRing);
      this.#openScanner = () => new PerfScanner(buffer, regions, header.samples);
    } else {
      const { regions, bufferBytes } = layOutRingbufs(sizes, PAGE_BYTES);
      const buffer = new ArrayBuffer(bufferBytes);
      this.#buffer = buffer;
      this.#rings = regions.map(ringbufRing);
      this.#openScanner = (dispatchBy) => new RingbufScanner(buffer, regions, dispatchBy);
    }
    this.#view = new DataView(this.#buffer);
    this.#bytes = new Uint8Array(this.#buffer);
    this.#words = new Int32Array(this.#buffer);
    this.#heads = [...positions];
    this.#rings.forEach(({ head, tail }, ring) => {
      this.#view.setUint32(head, positions[ring]!, true);
      this.#view.setUint32(tail, positions[ring]!, true);
    });
  }

  /** The buffer all rings lie in. */
  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** Whether the pipe that read the rings is closed. */
  get isClosed(): boolean {
    return this.#buffer.detached;
  }

  /**
   * Makes the scanner for these rings.
   *
   * @param dispatchBy Whether payloads begin with a category.
   * @returns A scanner over `buffer`.
   */
  openScanner(dispatchBy?: DispatchBy): Scanner {
    if (this.isClosed) throw closedError("open a scanner", "the source of the replay");
    return this.#openScanner(dispatchBy);
  }

  /** Does nothing: what comes, comes from the replay. */
  start(): void {}

  /** Does nothing, as `start`. */
  stop(): void {}

  /** @throws {TypeError} Always: what was recorded has happened. */
  pause(): void {
    throw new TypeError(
      "Cannot pause a replay: what was recorded has happened; do not go on with run instead",
    );
  }

  /** Does nothing. */
  resume(): void {}

  /**
   * How many events the recorded ring had lost at this place of the recording, as far as it says.
   *
   * @param ring The ring's index.
   * @returns The count since the recorded source was opened.
   * @throws {EventPipeError} `NOT_SUPPORTED`, where `countsLosses` is false.
   */
  lost(ring: number): number {
    if (this.countsLosses) return this.#lost[ring]!;
    throw new EventPipeError("Cannot read losses: the recorded source could not count them", "NOT_SUPPORTED");
  }

  /** Lets go of the rings: views of them throw. Safe to call again. */
  close(): void {
    if (!this.isClosed) this.#buffer.transfer(0);
  }

  /**
   * Puts bytes behind those that a ring holds and moves the producer's position.
   *
   * @param ring The ring's index.
   * @param distance How far the position moves.
   * @param bytes What stands there; fewer than the distance where that was corrupt.
   */
  put(ring: number, distance: number, bytes: Uint8Array): void {
    const { data, bytes: ringBytes, head, copies } = this.#rings[ring]!;
    const begun = this.#heads[ring]!;
    const start = begun % ringBytes;
    const firstPart = Math.min(bytes.length, ringBytes - start);
    for (let copy = 0; copy < copies; copy++) {
      this.#bytes.set(bytes.subarray(0, firstPart), data + copy * ringBytes + start);
      this.#bytes.set(bytes.subarray(firstPart), data + copy * ringBytes);
    }
    const position = begun + distance;
    this.#heads[ring] = position;
    this.#view.setUint32(head + 4, Math.floor(position / 2 ** 32), true);
    // Ordering: store-release of the producer's position after the records; pairs with the load in the scanner's begin().
    Atomics.store(this.#words, head >> 2, position | 0);
  }

  /**
   * Tells what the rings had lost by now.
   *
   * @param lost Events by the ring's index.
   */
  setLost(lost: readonly number[]): void {
    lost.forEach((count, ring) => this.#lost[ring] = count);
  }

  /**
   * Whether a ring holds bytes that no pipe has read.
   *
   * @param ring The ring's index.
   * @returns True until the reader's position is that of the producer.
   */
  hasUnread(ring: number): boolean {
    const { head, tail } = this.#rings[ring]!;
    return this.#words[head >> 2] !== this.#words[tail >> 2];
  }
}

function perfRing({ meta, data, bytes }: RingRegion): ReplayRing {
  const { data_head, data_tail } = PERF_EVENT_MMAP_PAGE.offsets;
  return { data, bytes, head: meta + data_head, tail: meta + data_tail, copies: 1 };
}

/** The positions stand at the start of their pages; kernel/bpf/ringbuf.c `struct bpf_ringbuf`. */
function ringbufRing({ consumer, producer, data, bytes }: RingbufRegion): ReplayRing {
  return { data, bytes, head: producer, tail: consumer, copies: 2 };
}
