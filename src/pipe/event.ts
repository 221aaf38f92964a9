/**
 * An event as handlers see it. The pipe has one view, moved from record to record; its accessors read the ring in place
 * and check every offset against the record.
 *
 * @module
 */

import { EVENT } from "../abi/event.ts";
import { EventPipeError } from "../errors.ts";
import { textUntilNul } from "../ffi/cstring.ts";

/**
 * One event: bytes from its category on, little-endian, in the ring or in a copy. Valid during `process` only: outside,
 * every accessor throws. Kept into a later `process` call it shows the event of that call; with the pipe's option
 * `checkViews` it throws there too. `copy()` keeps an event.
 *
 * Offsets count in bytes from the category, which stands at offset 0. An offset that does not leave room for the value
 * inside the event is a `RangeError`.
 */
export interface Event {
  /** Bytes in the event from the category on. In a perf ring up to 7 bytes of padding count too, in a ring buffer none. */
  readonly size: number;
  /** The category: the u32 at offset 0. */
  readonly category: number;
  /** `bpf_ktime_get_ns()` at the emission, in ns: exact up to 2^53 (104 days of uptime), then to 2 ns. */
  readonly time: number;
  /** The CPU whose ring carried the event; -1 where all CPUs write into one ring. */
  readonly cpu: number;
  /** The byte at an offset. */
  u8(offset: number): number;
  /** The little-endian u16 at an offset. */
  u16(offset: number): number;
  /** The little-endian u32 at an offset. */
  u32(offset: number): number;
  /** The signed byte at an offset. */
  i8(offset: number): number;
  /** The little-endian i16 at an offset. */
  i16(offset: number): number;
  /** The little-endian i32 at an offset. */
  i32(offset: number): number;
  /** The little-endian u64 at an offset as a number; a `RangeError` above 2^53, where `bigU64` is needed. */
  u64(offset: number): number;
  /** The little-endian u64 at an offset. Allocates. */
  bigU64(offset: number): bigint;
  /** The little-endian i64 at an offset. Allocates. */
  bigI64(offset: number): bigint;
  /** The memory in which the event lies, with much else: for loops over many values, at offsets that `locate` gives. */
  readonly view: DataView;
  /**
   * Where bytes of the event stand in `view`, checked once for all of them: a loop behind it reads them as fast as any
   * memory. They are to be read before `process` returns; later the view shows what has come in their place.
   *
   * @param offset Where they begin in the event.
   * @param length How many they are.
   * @returns The offset in `view`.
   * @throws {RangeError} If they do not lie in the event.
   */
  locate(offset: number, length: number): number;
  /** A copy of some bytes. */
  bytes(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** The UTF-8 text of a `char[length]` up to its first NUL. */
  string(offset: number, length: number): string;
  /** A copy of the whole event that stays valid; it can be given to `dispatch`. */
  copy(): Event;
}

/** The size of a view that points nowhere; no offset fits into it, so one comparison checks bounds and staleness. */
const STALE = -1;

/** The greatest high word of a u64 that is exact as a number. */
const MAX_HIGH_WORD = 0x1fffff;

/** The event view. Only the pipe moves it; handlers get it as {@linkcode Event}. */
export class EventView implements Event {
  readonly #view: DataView;
  #offset = 0;
  #size = STALE;
  #cpu = -1;

  /** @param view A view over the buffer that holds the events. */
  constructor(view: DataView) {
    this.#view = view;
  }

  /**
   * Makes an event that owns its bytes.
   *
   * @param bytes The event from its category on.
   * @param cpu The CPU it came from.
   * @returns An event that never goes stale.
   */
  static over(bytes: Uint8Array, cpu: number): EventView {
    const event = new EventView(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    event.point(0, bytes.byteLength, cpu);
    return event;
  }

  /**
   * Points the view at a record.
   *
   * @param offset Where the payload begins in the buffer.
   * @param size Its size in bytes.
   * @param cpu The CPU whose ring holds it.
   */
  point(offset: number, size: number, cpu: number): void {
    this.#offset = offset;
    this.#size = size;
    this.#cpu = cpu;
  }

  /** Makes all accessors throw until the view is pointed again. */
  release(): void {
    this.#size = STALE;
  }

  get size(): number {
    if (this.#size < 0) throw stale();
    return this.#size;
  }

  get category(): number {
    return this.u32(EVENT.category);
  }

  get time(): number {
    const at = this.#at(EVENT.time_ns, 8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  get cpu(): number {
    if (this.#size < 0) throw stale();
    return this.#cpu;
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.#at(offset, 1));
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#at(offset, 2), true);
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#at(offset, 4), true);
  }

  i8(offset: number): number {
    return this.#view.getInt8(this.#at(offset, 1));
  }

  i16(offset: number): number {
    return this.#view.getInt16(this.#at(offset, 2), true);
  }

  i32(offset: number): number {
    return this.#view.getInt32(this.#at(offset, 4), true);
  }

  u64(offset: number): number {
    return exactU64(this.#view, this.#at(offset, 8), offset);
  }

  bigU64(offset: number): bigint {
    return this.#view.getBigUint64(this.#at(offset, 8), true);
  }

  bigI64(offset: number): bigint {
    return this.#view.getBigInt64(this.#at(offset, 8), true);
  }

  get view(): DataView {
    if (this.#size < 0) throw stale();
    return this.#view;
  }

  locate(offset: number, length: number): number {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(
        `Cannot read bytes: length must be an integer of at least 0, current value is ${length}`,
      );
    }
    return this.#at(offset, length);
  }

  bytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const at = this.locate(offset, length);
    const copy = new Uint8Array(length);
    copy.set(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length));
    return copy;
  }

  string(offset: number, length: number): string {
    return textUntilNul(this.bytes(offset, length));
  }

  copy(): Event {
    return EventView.over(this.bytes(0, this.size), this.#cpu);
  }

  #at(offset: number, bytes: number): number {
    if ((offset >>> 0) !== offset || offset > this.#size - bytes) throw this.#outside(offset, bytes);
    return this.#offset + offset;
  }

  #outside(offset: number, bytes: number): Error {
    if (this.#size < 0) return stale();
    return outsideEvent(offset, bytes, this.#size);
  }
}

/**
 * Reads a little-endian u64 as a number.
 *
 * @param view Where the event lies.
 * @param at Where the value stands in it.
 * @param offset Where it stands in the event, for the message.
 * @returns The value.
 * @throws {RangeError} If it is above 2^53.
 */
export function exactU64(view: DataView, at: number, offset: number): number {
  const high = view.getUint32(at + 4, true);
  if (high > MAX_HIGH_WORD) {
    throw new RangeError(`Cannot read the u64 at offset ${offset}: it is above 2^53; use bigU64`);
  }
  // Exact, and without the detour over integers that V8 takes for `high * 2 ** 32 + low`.
  return (high + view.getUint32(at, true) / 2 ** 32) * 2 ** 32;
}

/**
 * What is thrown where bytes do not lie in an event.
 *
 * @param offset Where they would begin.
 * @param bytes How many they are.
 * @param size The event's size.
 * @returns The error.
 */
export function outsideEvent(offset: number, bytes: number, size: number): RangeError {
  return new RangeError(
    `Cannot read ${bytes} bytes at offset ${offset}: the event has ${size} bytes and offsets are integers from 0`,
  );
}

function stale(): EventPipeError {
  return new EventPipeError(
    "Cannot read the event: its process call has returned; read what you need inside process, or keep event.copy()",
    "STALE_EVENT",
  );
}
