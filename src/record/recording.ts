/**
 * A recording as one reads it: its header, and its blocks in order. Each block is checked for what it says as well as for
 * its checksums, so that whoever replays it need not trust it.
 *
 * @module
 */

import { EventPipeError, wrongArgument } from "../errors.ts";
import type { Statistics } from "../pipe/statistics.ts";
import { BlockReader, type RawBlock, type RecordingEnd } from "./block_reader.ts";
import { BLOCK, DATA_BLOCK, LEFT_BLOCK, MAX_CONTENT_BYTES } from "./format.ts";
import { decodeHeader, type RecordingHeader } from "./header.ts";
import { arrayOf, integerOf, objectOf, parseJson, textOf } from "./json.ts";

/** What a scan moved over. */
export interface DataBlock {
  /** What it is. */
  readonly type: "data";
  /** The ring's index. */
  readonly ring: number;
  /** The low word of the ring position of its first byte. */
  readonly position: number;
  /** How far the scan moved. */
  readonly distance: number;
  /** How far all scans of this ring had moved before, in this recording. */
  readonly start: number;
  /** What stood there, in memory that is used again for the next block; fewer than the distance if that was corrupt. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What each ring had lost up to here. */
export interface LossesBlock {
  /** What it is. */
  readonly type: "losses";
  /** Events by the ring's index, since the source was opened. */
  readonly lost: readonly number[];
}

/** Up to where a ring's events were delivered when the pipe was closed. All other DATA of the ring was left there. */
export interface LeftBlock {
  /** What it is. */
  readonly type: "left";
  /** The ring's index. */
  readonly ring: number;
  /** The place, in the measure of `DataBlock.start`. */
  readonly start: number;
}

/** What was read from here on is not recorded: the recording had the length it was limited to. */
export interface LimitBlock {
  /** What it is. */
  readonly type: "limit";
  /** The limit. */
  readonly maxBytes: number;
}

/** The end of a recording. */
export interface EndBlock {
  /** What it is. */
  readonly type: "end";
  /** When the recording was finished. */
  readonly finished: Date;
  /** What the pipe had counted. */
  readonly statistics: Statistics;
}

/** A block of a recording behind its header. */
export type RecordedBlock = DataBlock | LossesBlock | LeftBlock | LimitBlock | EndBlock;

/** A file of which nothing can be read, since it is cut or damaged in front of its first block's end. */
export class DamagedRecordingError extends EventPipeError {
  /**
   * Makes the error.
   *
   * @param path The file.
   * @param end How it ends.
   */
  constructor(path: string, end: RecordingEnd) {
    super(`Cannot read ${path}: it is ${endText(end)}, and so has no header`, "NOT_SUPPORTED");
  }
}

/**
 * Tells how a file ends.
 *
 * @param end How it ends.
 * @returns A text such as `cut at offset 1234`.
 */
export function endText(end: RecordingEnd): string {
  if (end.state === "complete") return "complete";
  if (end.state === "cut") return `cut at offset ${end.offset}`;
  return `corrupt at offset ${end.offset} (${end.reason})`;
}

/** A file that holds a recording. */
export class Recording implements Disposable {
  /** What it is of. */
  readonly header: RecordingHeader;
  readonly #reader: BlockReader;
  readonly #maxDataBytes: number;
  #end: RecordingEnd | null = null;

  private constructor(reader: BlockReader, header: RecordingHeader) {
    this.#reader = reader;
    this.header = header;
    this.#maxDataBytes = DATA_BLOCK.bytes +
      header.rings.reduce((most, { bytes }) => Math.max(most, bytes), 0);
  }

  /**
   * Opens a recording.
   *
   * @param path The file.
   * @returns The recording; close it, or declare it with `using`.
   * @throws {TypeError} If the path is no text.
   * @throws {DamagedRecordingError} If not even its header can be read.
   * @throws {EventPipeError} If it cannot be opened, or is no recording of this version.
   */
  static open(path: string): Recording {
    if (typeof path !== "string") throw wrongArgument("open a recording", "path", "the name of a file", path);
    using cleanup = new DisposableStack();
    const reader = cleanup.use(BlockReader.open(path));
    const header = readHeader(reader);
    if ("state" in header) throw new DamagedRecordingError(path, header);
    cleanup.move();
    return new Recording(reader, header);
  }

  /** How the file ends; null until `blocks` has come there. */
  get end(): RecordingEnd | null {
    return this.#end;
  }

  /**
   * Reads all blocks behind the header, up to the end, a cut or the first damage; `end` says which. Each call begins anew;
   * only one iteration may be under way.
   *
   * @returns The blocks, each valid until the next one is asked for. Blocks of unknown types are left out.
   * @throws {EventPipeError} If the file cannot be read; `CLOSED`, after `close`.
   */
  *blocks(): Generator<RecordedBlock, void> {
    const check = new BlockCheck(this.header);
    readHeader(this.#reader);
    for (;;) {
      const raw = this.#reader.next(this.#maxDataBytes);
      if ("state" in raw) {
        this.#end = raw;
        return;
      }
      let block: RecordedBlock | null;
      try {
        block = check.read(raw);
      } catch (error) {
        if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
        this.#end = { state: "corrupt", offset: raw.offset, reason: error.message };
        return;
      }
      if (block?.type === "end") {
        const offset = this.#reader.position;
        this.#end = this.#reader.isAtEnd
          ? { state: "complete" }
          : { state: "corrupt", offset, reason: "something stands behind the end" };
      }
      if (block !== null) yield block;
      if (block?.type === "end") return;
    }
  }

  /** Closes the file. Safe to call again. */
  close(): void {
    this.#reader[Symbol.dispose]();
  }

  /** Closes the file, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Reads the file head and the first block, and leaves the reader behind it. */
function readHeader(reader: BlockReader): RecordingHeader | RecordingEnd {
  const damage = reader.begin();
  if (damage !== null) return damage;
  const raw = reader.next(MAX_CONTENT_BYTES);
  if ("state" in raw) return raw;
  try {
    if (raw.type !== BLOCK.HEAD) throw new TypeError("its first block is no header");
    return decodeHeader(parseJson(raw.content));
  } catch (error) {
    const isUnusable = error instanceof TypeError || error instanceof RangeError ||
      error instanceof SyntaxError;
    if (!isUnusable) throw error;
    return { state: "corrupt", offset: raw.offset, reason: error.message };
  }
}

/** Takes blocks apart; a TypeError says what is wrong with one whose checksums are right. */
class BlockCheck {
  readonly #header: RecordingHeader;
  /** Per ring how far its scans have moved, and the low word of the position that is; null before the first. */
  readonly #moved: number[];
  readonly #position: (number | null)[];
  /** Rings whose LEFT block has come. */
  readonly #left = new Set<number>();

  constructor(header: RecordingHeader) {
    this.#header = header;
    this.#moved = header.rings.map(() => 0);
    this.#position = header.rings.map(() => null);
  }

  read({ type, content }: RawBlock): RecordedBlock | null {
    switch (type) {
      case BLOCK.DATA:
        return this.#data(content);
      case BLOCK.LEFT:
        return this.#leave(content);
      case BLOCK.LOST:
        return { type: "losses", lost: this.#counts(objectOf(parseJson(content), "the block").lost) };
      case BLOCK.LIMT: {
        const { maxBytes } = objectOf(parseJson(content), "the block");
        return { type: "limit", maxBytes: integerOf(maxBytes, "maxBytes", 1) };
      }
      case BLOCK.END:
        return this.#finish(content);
      default:
        return null;
    }
  }

  #data(content: Uint8Array<ArrayBuffer>): DataBlock {
    if (content.length < DATA_BLOCK.bytes) throw new TypeError("the block is too short");
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    const ring = this.#ring(view.getUint32(DATA_BLOCK.ring, true));
    const position = view.getUint32(DATA_BLOCK.position, true);
    const distance = view.getUint32(DATA_BLOCK.distance, true);
    const bytes = content.subarray(DATA_BLOCK.bytes);
    if (bytes.length > Math.min(distance, this.#header.rings[ring]!.bytes)) {
      throw new TypeError(`the block holds more than its distance of ${distance} bytes in ring ${ring}`);
    }
    if (this.#left.size > 0 && !this.#left.has(ring)) {
      throw new TypeError(`ring ${ring} goes on where the pipe was closed`);
    }
    const expected = this.#position[ring];
    if (expected !== null && position !== expected) {
      throw new TypeError(
        `ring ${ring} goes on at position ${position}, its last block ended at ${expected}`,
      );
    }
    const start = this.#moved[ring]!;
    this.#moved[ring] = start + distance;
    this.#position[ring] = (position + distance) >>> 0;
    return { type: "data", ring, position, distance, start, bytes };
  }

  /** A place that the ring still holds: between what was moved over last and as much in front of it as it has bytes. */
  #leave(content: Uint8Array<ArrayBuffer>): LeftBlock {
    if (content.length !== LEFT_BLOCK.bytes) throw new TypeError("the block is of a wrong length");
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    const ring = this.#ring(view.getUint32(LEFT_BLOCK.ring, true));
    const position = view.getUint32(LEFT_BLOCK.position, true);
    const moved = this.#moved[ring]!;
    const unread = ((this.#position[ring] ?? position) - position) >>> 0;
    if (this.#left.has(ring)) throw new TypeError(`ring ${ring} is left twice`);
    if (unread > Math.min(moved, this.#header.rings[ring]!.bytes)) {
      throw new TypeError(`ring ${ring} is left at position ${position}, which it does not hold any more`);
    }
    this.#left.add(ring);
    this.#position[ring] ??= position;
    return { type: "left", ring, start: moved - unread };
  }

  #finish(content: Uint8Array<ArrayBuffer>): EndBlock {
    const { finished, statistics } = objectOf(parseJson(content), "the block");
    const time = new Date(textOf(finished, "finished"));
    if (Number.isNaN(time.getTime())) throw new TypeError("finished is no time");
    const { cpus, categories } = objectOf(statistics, "statistics");
    this.#counts(arrayOf(cpus, "statistics.cpus").map((cpu) => objectOf(cpu, "statistics.cpus").lost));
    for (const category of arrayOf(categories, "statistics.categories")) {
      textOf(objectOf(category, "statistics.categories").name, "statistics.categories.name");
    }
    return { type: "end", finished: time, statistics: statistics as Statistics };
  }

  #ring(ring: number): number {
    if (ring < this.#header.rings.length) return ring;
    throw new TypeError(`there is no ring ${ring}, the recording is of ${this.#header.rings.length}`);
  }

  #counts(json: unknown): number[] {
    const counts = arrayOf(json, "lost").map((count) => integerOf(count, "lost", 0));
    if (counts.length !== this.#header.rings.length) throw new TypeError("lost does not count each ring");
    return counts;
  }
}
