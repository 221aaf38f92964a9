/**
 * Writes records into a perf ring by the kernel's rules: what `bpf_perf_event_output` does between the BPF program and
 * the ring. The memory source's producers and the tests of the scanner use it. The rules are those of
 * kernel/events/ring_buffer.c `__perf_output_begin()` and kernel/events/core.c `perf_event_output()`.
 *
 * @module
 */

import { errnoNumber } from "../abi/errno.ts";
import { LOST_RECORD, MAX_PAYLOAD_BYTES, PERF, PERF_EVENT_MMAP_PAGE, SAMPLE_RAW } from "../abi/perf_event.ts";
import { wrongArgument } from "../errors.ts";
import type { RingRegion } from "./geometry.ts";

const { data_head, data_tail } = PERF_EVENT_MMAP_PAGE.offsets;
const { PERF_RECORD_LOST, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL } = PERF;
const ENOENT = errnoNumber("ENOENT");
const ENOSPC = errnoNumber("ENOSPC");

/**
 * Whether a ring takes outputs: false is the kernel's empty slot of a map, which refuses with -ENOENT and counts nothing;
 * `paused` is its `rb->paused`, which refuses with -ENOSPC and counts as a full ring does.
 */
export type Admission = boolean | "paused";

/** What a writer tells about its ring, beside the bytes in it. */
export interface RingEvents {
  /** Whether the ring takes outputs. */
  accepts(): Admission;
  /** The ring's reader is to be woken: the kernel's `perf_output_wakeup()`. */
  wake(ring: number): void;
  /** One output was refused for want of room or a pause: the kernel's `event->lost_samples`, which PERF_FORMAT_LOST reads. */
  lose(ring: number): void;
}

/** How a {@linkcode PerfWriter} is set up. */
export interface PerfWriterOptions {
  /** The buffer that holds the ring. */
  readonly buffer: ArrayBufferLike;
  /** Where the ring stands in it. */
  readonly region: RingRegion;
  /** The ring's index, passed to `events`. */
  readonly ring: number;
  /** Where the payload is staged, in bytes from the buffer's start: room for the largest payload, 8-aligned. */
  readonly staging: number;
  /** Wake the reader after this many records; a half-ring watermark applies beside it, and alone if this is 0. */
  readonly wakeupEvents: number;
  /** Who hears of wake-ups and losses. */
  readonly events: RingEvents;
  /** The id in LOST records, the kernel's PERF_EVENT_IOC_ID. */
  readonly id?: number;
}

/** The one producer of one ring. Allocates nothing per record. */
export class PerfWriter {
  /** The staged payload: fill it, then call {@linkcode PerfWriter.output}. Its category stands at offset 0. */
  readonly payload: DataView;
  readonly #options: PerfWriterOptions;
  readonly #id: number;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Words of the head: low, high. */
  readonly #head: Uint32Array = new Uint32Array(2);
  /** `rb->wakeup`, low word: bytes up to which the watermark has fired, counted up by one at each wake-up by events. */
  #wakeup = 0;
  /** `rb->events`: records since the last wake-up by count. */
  #events = 0;
  /** `rb->lost`: outputs without room, or into a paused ring, since the last LOST record. */
  #lost = 0;

  /**
   * Makes the producer of a ring; it goes on from the ring's head.
   *
   * @param options The ring and what to do about it.
   */
  constructor(options: PerfWriterOptions) {
    const { buffer, region, staging } = options;
    this.#options = options;
    this.#id = options.id ?? 0;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.payload = new DataView(buffer, staging, MAX_PAYLOAD_BYTES);
    this.#head[0] = this.#view.getUint32(region.meta + data_head, true);
    this.#head[1] = this.#view.getUint32(region.meta + data_head + 4, true);
    this.#wakeup = this.#head[0]!;
  }

  /**
   * Emits the first bytes of the staged payload as one raw sample.
   *
   * @param payloadBytes How many bytes of `payload` to emit, 1 to 65516.
   * @returns 0; or -ENOSPC (-28) if the ring has no room or is paused, and then the event is counted as lost; or
   * -ENOENT (-2) if the source was not started yet or is stopped, and then nobody counts it, as in the kernel.
   * @throws {RangeError} If the payload is longer than a record can hold. The kernel would overrun the ring instead.
   */
  output(payloadBytes: number): number {
    if (!Number.isInteger(payloadBytes) || payloadBytes < 1 || payloadBytes > MAX_PAYLOAD_BYTES) {
      throw new RangeError(
        `Cannot output an event: payloadBytes must be between 1 and ${MAX_PAYLOAD_BYTES}, current value is ${payloadBytes}`,
      );
    }
    const { region, ring, staging, wakeupEvents, events } = this.#options;
    const admission = events.accepts();
    if (admission === false) return -ENOENT;
    const recordBytes = (SAMPLE_RAW.data + payloadBytes + 7) & ~7;
    const needed = this.#lost > 0 ? recordBytes + LOST_RECORD.bytes : recordBytes;
    // Ordering: load of data_tail before the bytes it frees are overwritten; pairs with the scanner's commit.
    const tail = Atomics.load(this.#words, (region.meta + data_tail) >> 2);
    const head = this.#head[0]!;
    // CIRC_SPACE of <linux/circ_buf.h>: one byte always stays free. A paused ring refuses as a full one does.
    if (admission === "paused" || ((tail - (head + 1)) & (region.bytes - 1)) < needed) {
      this.#lost++;
      events.lose(ring);
      return -ENOSPC;
    }

    let wakes = false;
    const newHead = (head + needed) >>> 0;
    const watermark = region.bytes >>> 1;
    if (((newHead - this.#wakeup) >>> 0) > watermark) {
      this.#wakeup = (this.#wakeup + watermark) >>> 0;
      wakes = true;
    }
    let position = head;
    if (this.#lost > 0) position = this.#putLost(position);
    this.#putSample(position, recordBytes, staging, payloadBytes);
    if (wakeupEvents > 0 && ++this.#events >= wakeupEvents) {
      this.#events -= wakeupEvents;
      this.#wakeup = (this.#wakeup + 1) >>> 0; // events and watermark share rb->wakeup in the kernel too
      wakes = true;
    }

    if (newHead < head) {
      this.#head[1] = this.#head[1]! + 1;
      this.#view.setUint32(region.meta + data_head + 4, this.#head[1]!, true);
    }
    this.#head[0] = newHead;
    // Ordering: store-release of data_head after the records; pairs with the scanner's load in begin().
    Atomics.store(this.#words, (region.meta + data_head) >> 2, newHead | 0);
    if (wakes) events.wake(ring);
    return 0;
  }

  /**
   * Emits a payload that lies elsewhere.
   *
   * @param payload The bytes, from the category on.
   * @returns As {@linkcode PerfWriter.output}.
   * @throws {TypeError} If it is no Uint8Array.
   * @throws {RangeError} As {@linkcode PerfWriter.output}.
   */
  outputBytes(payload: Uint8Array): number {
    if (!(payload instanceof Uint8Array)) {
      throw wrongArgument("output an event", "payload", "a Uint8Array", payload);
    }
    if (payload.length <= MAX_PAYLOAD_BYTES) this.#bytes.set(payload, this.#options.staging);
    return this.output(payload.length);
  }

  /** The header never straddles, since records are multiples of 8 and so is the ring; everything behind it may. */
  #putHeader(position: number, type: number, misc: number, bytes: number): void {
    const { data, bytes: ringBytes } = this.#options.region;
    const offset = data + (position & (ringBytes - 1));
    this.#view.setUint32(offset, type, true);
    this.#view.setUint16(offset + 4, misc, true);
    this.#view.setUint16(offset + 6, bytes, true);
  }

  #putWord(position: number, value: number): void {
    const { data, bytes: ringBytes } = this.#options.region;
    this.#view.setUint32(data + (position & (ringBytes - 1)), value, true);
  }

  #putLost(position: number): number {
    this.#putHeader(position, PERF_RECORD_LOST, 0, LOST_RECORD.bytes);
    this.#putWord(position + LOST_RECORD.id, this.#id);
    this.#putWord(position + LOST_RECORD.id + 4, Math.floor(this.#id / 2 ** 32));
    this.#putWord(position + LOST_RECORD.lost, this.#lost);
    this.#putWord(position + LOST_RECORD.lost + 4, 0);
    this.#lost = 0;
    return (position + LOST_RECORD.bytes) >>> 0;
  }

  /** The padding behind the payload keeps whatever the ring held, and counts into the raw size, as in the kernel. */
  #putSample(position: number, recordBytes: number, staging: number, payloadBytes: number): void {
    const { data, bytes: ringBytes } = this.#options.region;
    this.#putHeader(position, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, recordBytes);
    this.#putWord(position + SAMPLE_RAW.size, recordBytes - SAMPLE_RAW.data);
    const start = (position + SAMPLE_RAW.data) & (ringBytes - 1);
    const firstPart = Math.min(payloadBytes, ringBytes - start);
    this.#bytes.copyWithin(data + start, staging, staging + firstPart);
    if (firstPart < payloadBytes) this.#bytes.copyWithin(data, staging + firstPart, staging + payloadBytes);
  }
}
