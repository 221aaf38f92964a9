/**
 * The memory of a ring under test: its buffer with a margin in front and behind, and a copy of it, which shows after each
 * call of the scanner whether anything was written but what may be.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Bytes in front of a ring and behind it that nobody may touch. A multiple of 8. */
export const MARGIN_BYTES = 256;

const MARGIN_BYTE = 0x5a;

/** A part of the memory: [start, end). */
export interface Range {
  /** Its first byte. */
  readonly start: number;
  /** The byte behind its last one. */
  readonly end: number;
}

/** Where nothing may be written. */
export const NOWHERE: Range = { start: 0, end: 0 };

/** A buffer that is watched. */
export class GuardedMemory {
  /** The whole of it, for the scanner. */
  readonly buffer: ArrayBuffer;
  /** The same byte by byte. */
  readonly bytes: Buffer;
  /** The same for numbers of any size. */
  readonly view: DataView;
  readonly #before: Buffer;
  /** What the memory is filled with, by the content it was made of: a copy takes a tenth of what filling does. */
  readonly #contents = new Map<Uint8Array, Buffer>();

  /** @param size Bytes of the ring and all that belongs to it, without the margins. */
  constructor(size: number) {
    this.buffer = new ArrayBuffer(size + 2 * MARGIN_BYTES);
    this.bytes = Buffer.from(this.buffer);
    this.view = new DataView(this.buffer);
    this.#before = Buffer.from(new ArrayBuffer(this.buffer.byteLength));
  }

  /**
   * Fills all memory anew.
   *
   * @param content What stands between the margins, repeated; 8 bytes or a multiple. The same array means the same bytes.
   */
  reset(content: Uint8Array): void {
    let whole = this.#contents.get(content);
    if (whole === undefined) {
      whole = Buffer.alloc(this.bytes.length, MARGIN_BYTE);
      whole.fill(content, MARGIN_BYTES, whole.length - MARGIN_BYTES);
      this.#contents.set(content, whole);
    }
    this.bytes.set(whole);
  }

  /** Remembers all bytes. */
  mark(): void {
    this.#before.set(this.bytes);
  }

  /**
   * Checks that nothing has changed since `mark`.
   *
   * @param but Where something may have.
   * @throws {Error} If a byte elsewhere has another value.
   */
  expectUnchanged(but: Range): void {
    const { start, end } = but;
    const { bytes } = this;
    const before = this.#before;
    const isSame = before.compare(bytes, 0, start, 0, start) === 0 &&
      before.compare(bytes, end, bytes.length, end, bytes.length) === 0;
    if (isSame) return;
    const at = bytes.findIndex((byte, i) => byte !== before[i] && (i < start || i >= end));
    throw new Error(`byte ${at} of the memory was written, outside of [${start}, ${end})`);
  }
}
