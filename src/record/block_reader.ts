/**
 * Reads the blocks of a recording one after the other and checks each before it is used. A length is believed only as far
 * as the file goes and a block of its type may, so damage costs no memory.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { closedError, EventPipeError } from "../errors.ts";
import { fileFailed } from "./file_error.ts";
import { BLOCK, BLOCK_HEAD, FILE_HEAD, MAGIC, MAX_CONTENT_BYTES, VERSION } from "./format.ts";

/** The file is read in pieces of at least this size. */
const READ_BYTES = 256 * 1024;

/** A block as it stands in the file. */
export interface RawBlock {
  /** One of `BLOCK`, or what a later version adds. */
  readonly type: number;
  /** Where it begins in the file. */
  readonly offset: number;
  /** Its content, in memory that is used again for the next block. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/** How a file ends: behind its last block, inside of a block, or at one that is damaged. */
export type RecordingEnd =
  | { readonly state: "complete" }
  | { readonly state: "cut"; readonly offset: number }
  | { readonly state: "corrupt"; readonly offset: number; readonly reason: string };

/** Reads one file. */
export class BlockReader implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** The length of the file when it was opened. */
  readonly #fileBytes: number;
  #buffer = new Uint8Array(READ_BYTES);
  /** What was read and not used yet: [start, end) of the buffer, which begins at `offset` in the file. */
  #start = 0;
  #end = 0;
  #offset = 0;
  #closed = false;

  private constructor(path: string, file: Deno.FsFile, fileBytes: number) {
    this.#path = path;
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  /**
   * Opens a file.
   *
   * @param path Its name.
   * @returns The reader, at the beginning.
   * @throws {EventPipeError} If it cannot be opened, or is no file that can be read twice.
   */
  static open(path: string): BlockReader {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path);
    } catch (error) {
      throw fileFailed(`open ${path}`, "open", error);
    }
    const { isFile, size } = file.statSync();
    if (isFile) return new BlockReader(path, file, size);
    file.close();
    throw new EventPipeError(`Cannot read ${path}: it is no regular file`, "NOT_SUPPORTED");
  }

  /**
   * Goes to the beginning of the file and reads its head.
   *
   * @returns Null if it is in order; else how the file ends.
   * @throws {EventPipeError} `NOT_SUPPORTED`, if the file is no recording, or one of another version; `CLOSED`.
   */
  begin(): RecordingEnd | null {
    this.#checkOpen();
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#start = this.#end = this.#offset = 0;
    const head = this.#take(Math.min(FILE_HEAD.bytes, this.#fileBytes));
    if (head === null || head.length < MAGIC.length || MAGIC.some((byte, i) => byte !== head[i])) {
      throw new EventPipeError(`Cannot read ${this.#path}: it is no recording`, "NOT_SUPPORTED");
    }
    if (head.length < FILE_HEAD.bytes) return { state: "cut", offset: 0 };
    const view = viewOf(head);
    if (view.getUint32(FILE_HEAD.crc, true) !== crc32(head.subarray(0, FILE_HEAD.crc))) {
      return corrupt(0, "the head of the file is damaged");
    }
    const version = view.getUint32(FILE_HEAD.version, true);
    if (version === VERSION) return null;
    throw new EventPipeError(
      `Cannot read ${this.#path}: it is a recording of version ${version}, this program reads version ${VERSION}`,
      "NOT_SUPPORTED",
    );
  }

  /** Where in the file the next block begins. */
  get position(): number {
    return this.#offset + this.#start;
  }

  /** Whether all of the file was read. */
  get isAtEnd(): boolean {
    return this.position === this.#fileBytes;
  }

  /**
   * Reads the next block.
   *
   * @param maxDataBytes The longest content that a DATA block may have.
   * @returns The block, valid until the next call; or how the file ends, where no whole block follows.
   * @throws {EventPipeError} If the file cannot be read; `CLOSED`.
   */
  next(maxDataBytes: number): RawBlock | RecordingEnd {
    this.#checkOpen();
    const offset = this.position;
    const head = this.#take(BLOCK_HEAD.bytes);
    if (head === null) return { state: "cut", offset };
    const view = viewOf(head);
    if (view.getUint32(BLOCK_HEAD.headCrc, true) !== crc32(head.subarray(0, BLOCK_HEAD.headCrc))) {
      return corrupt(offset, "the head of the block is damaged");
    }
    const type = view.getUint32(BLOCK_HEAD.type, true);
    const length = view.getUint32(BLOCK_HEAD.length, true);
    const contentCrc = view.getUint32(BLOCK_HEAD.contentCrc, true);
    if (length > (type === BLOCK.DATA ? maxDataBytes : MAX_CONTENT_BYTES)) {
      return corrupt(offset, `the block claims ${length} bytes, more than one of its type can have`);
    }
    const content = this.#take(length);
    if (content === null) return { state: "cut", offset };
    if (contentCrc !== crc32(content)) return corrupt(offset, "the content of the block is damaged");
    return { type, offset, content };
  }

  /** Closes the file. Safe to call again. */
  [Symbol.dispose](): void {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(`read ${this.#path}`, "the recording");
  }

  /** The next bytes of the file in one piece; null if there are not as many. */
  #take(length: number): Uint8Array<ArrayBuffer> | null {
    if (length > this.#fileBytes - this.position) return null;
    while (this.#end - this.#start < length) {
      if (!this.#fill(length)) return null;
    }
    const bytes = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return bytes;
  }

  /** Reads on, in a buffer with room for so many bytes from its beginning; false at an end that has come nearer. */
  #fill(length: number): boolean {
    if (this.#start > 0 && this.#buffer.length - this.#start < length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#offset += this.#start;
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#buffer.length < length) {
      const larger = new Uint8Array(length);
      larger.set(this.#buffer.subarray(0, this.#end));
      this.#buffer = larger;
    }
    try {
      const count = this.#file.readSync(this.#buffer.subarray(this.#end));
      this.#end += count ?? 0;
      return count !== null;
    } catch (error) {
      throw fileFailed(`read ${this.#path}`, "read", error);
    }
  }
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function corrupt(offset: number, reason: string): RecordingEnd {
  return { state: "corrupt", offset, reason };
}
