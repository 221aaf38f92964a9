/**
 * Writes the blocks of a recording: collects them in memory that is used again and writes it out when it is full, since a
 * write costs more than a block. It never throws while it writes blocks, because a pipe is in the middle of its rings
 * then: the first failure is kept, nothing is written behind it, and whoever flushes or asks is told.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { closedError, type EventPipeError } from "../errors.ts";
import { fileFailed } from "./file_error.ts";
import { BLOCK_HEAD, fileHead, putBlockHead } from "./format.ts";

/** Where bytes go; a `Deno.FsFile`. */
export interface RecordingFile {
  /** Writes some of the bytes and returns how many; throws Deno's errors. */
  writeSync(bytes: Uint8Array): number;
  /** Called once. */
  close(): void;
}

/** Blocks are written out when so many bytes have come together. */
const BUFFER_BYTES = 256 * 1024;

const NOTHING = new Uint8Array(0);

/** Collects blocks and writes them to a file. */
export class BlockWriter {
  readonly #path: string;
  readonly #file: RecordingFile;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  /** Bytes of the buffer that are not in the file yet. */
  #pending = 0;
  #bytes = 0;
  #failure: EventPipeError | null = null;
  #closed = false;

  /**
   * Begins a recording with the file head.
   *
   * @param path The file's name, for messages.
   * @param file The file; closed by the writer.
   */
  constructor(path: string, file: RecordingFile) {
    this.#path = path;
    this.#file = file;
    this.#put(fileHead());
  }

  /**
   * Makes a file; one of that name is emptied first.
   *
   * @param path Its name.
   * @returns The writer.
   * @throws {EventPipeError} If it cannot be opened.
   */
  static create(path: string): BlockWriter {
    try {
      return new BlockWriter(path, Deno.openSync(path, { write: true, create: true, truncate: true }));
    } catch (error) {
      throw fileFailed(`open ${path} for writing`, "open", error);
    }
  }

  /** The length of the recording so far, what is not written out yet included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Why nothing is written any more; null while all is well. */
  get failure(): EventPipeError | null {
    return this.#failure;
  }

  /**
   * Takes a block. Without effect once a write has failed or the file is closed.
   *
   * @param type One of `BLOCK`.
   * @param content Its content.
   * @param head A short part of the content that goes in front of the rest; none unless given.
   */
  write(type: number, content: Uint8Array, head: Uint8Array = NOTHING): void {
    if (this.#closed) return;
    const headBytes = BLOCK_HEAD.bytes + head.length;
    if (this.#pending + headBytes + content.length > BUFFER_BYTES) this.#writeOut();
    const at = this.#pending;
    const contentCrc = crc32(content, crc32(head));
    putBlockHead(this.#view, this.#buffer, at, type, head.length + content.length, contentCrc);
    this.#buffer.set(head, at + BLOCK_HEAD.bytes);
    this.#advance(headBytes);
    this.#put(content);
  }

  /**
   * Throws if the file is closed: what is taken then is lost.
   *
   * @param action What was tried, as the end of "Cannot ...".
   */
  checkOpen(action: string): void {
    if (this.#closed) throw closedError(action, "it");
  }

  /**
   * Writes out all that was taken.
   *
   * @throws {EventPipeError} What failed, now or before: the disk is full, say.
   */
  flush(): void {
    this.#writeOut();
    if (this.#failure !== null) throw this.#failure;
  }

  /**
   * Writes out all that was taken and closes the file. Safe to call again.
   *
   * @throws {EventPipeError} What failed, now or before; the file is closed nevertheless.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.flush();
    } finally {
      this.#file.close();
    }
  }

  /** Appends bytes to the buffer; those that do not fit into an empty one go past it. */
  #put(bytes: Uint8Array): void {
    if (bytes.length <= BUFFER_BYTES - this.#pending) {
      this.#buffer.set(bytes, this.#pending);
      this.#advance(bytes.length);
    } else {
      this.#writeOut();
      this.#writeAll(bytes);
      this.#bytes += bytes.length;
    }
  }

  #advance(bytes: number): void {
    this.#pending += bytes;
    this.#bytes += bytes;
  }

  #writeOut(): void {
    this.#writeAll(this.#buffer.subarray(0, this.#pending));
    this.#pending = 0;
  }

  /** A write may take a part only. What is in the file behind a failure is the beginning of a block at most. */
  #writeAll(bytes: Uint8Array): void {
    if (this.#failure !== null) return;
    let written = 0;
    while (written < bytes.length) {
      try {
        written += this.#file.writeSync(bytes.subarray(written));
      } catch (error) {
        if (error instanceof Deno.errors.Interrupted) continue;
        this.#failure = fileFailed(`write to ${this.#path}`, "write", error);
        return;
      }
    }
  }
}
