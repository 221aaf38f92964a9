/**
 * Writes the lines of an output to stdout or a file: in batches, since a write costs more than a line, and
 * synchronously, so that what was written before the end is out at the end. A reader that goes away (`| head`) is an
 * orderly end, which the caller sees as false; everything else that fails is an error.
 */

import { errnoName, errnoNumber } from "../abi/errno.ts";
import { POLLFD } from "../abi/linux.ts";
import { EventPipeError, syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";

/** Where bytes go. */
export interface Sink {
  /** For messages: `stdout` or the file's path. */
  readonly name: string;
  /** Writes some of the bytes and returns how many; throws Deno's errors. */
  writeSync(bytes: Uint8Array<ArrayBuffer>): number;
  /** Blocks until bytes can be written again; called after a write would have blocked. */
  waitWritable(): void;
  /** Whether the reader is known to have gone away. */
  isReaderGone(): boolean;
  /** Called once. */
  close(): void;
}

/** Text is written when so much has come together, in UTF-16 units. */
const BATCH = 64 * 1024;

/** A UTF-16 unit takes at most three bytes of UTF-8. */
const MAX_UTF8_BYTES = 3;

/** <poll.h>; POLLERR and POLLHUP are told without being asked for. */
const POLLOUT = 0x004;
const POLLERR = 0x008;
const POLLHUP = 0x010;
const STDOUT_FD = 1;

/** Collects whole lines and writes them. */
export class LineWriter implements Disposable {
  readonly #sink: Sink;
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(BATCH * 2);
  #pending = "";
  #readerGone = false;
  #closed = false;

  /** A writer on any sink; `stdout` and `create` make the usual ones. */
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** A writer on this process's standard output. */
  static stdout(): LineWriter {
    return new LineWriter(new Stdout());
  }

  /**
   * A writer on a new file; a file of that name is emptied first.
   *
   * @throws {EventPipeError} If it cannot be opened: wrong use.
   */
  static create(path: string): LineWriter {
    try {
      const file = Deno.openSync(path, { write: true, create: true, truncate: true });
      return new LineWriter(new FileSink(path, file));
    } catch (error) {
      throw outputFailed(`open ${path} for writing`, "open", error);
    }
  }

  /**
   * Takes whole lines; they are out after the next `flush`.
   *
   * @returns False once the reader has gone away; then text is dropped.
   * @throws {EventPipeError} If a batch was full and could not be written.
   */
  write(text: string): boolean {
    this.#pending += text;
    return this.#pending.length < BATCH ? !this.#readerGone : this.flush();
  }

  /**
   * Writes out all that was taken.
   *
   * @returns False once the reader has gone away.
   * @throws {EventPipeError} If it cannot be written: the disk is full, say.
   */
  flush(): boolean {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "" && !this.#readerGone && !this.#closed) this.#writeAll(this.#encode(text));
    return !this.#readerGone;
  }

  /** Whether the reader has gone away; asks, so that a tracer without events need not wait for a write to fail. */
  isReaderGone(): boolean {
    if (!this.#readerGone && !this.#closed) this.#readerGone = this.#sink.isReaderGone();
    return this.#readerGone;
  }

  /**
   * Writes out all that was taken and closes the file; standard output stays open. The second call does nothing.
   *
   * @throws {EventPipeError} If the rest cannot be written; the file is closed nevertheless.
   */
  close(): void {
    if (this.#closed) return;
    try {
      this.flush();
    } finally {
      this.#closed = true;
      this.#sink.close();
    }
  }

  /** The same as `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #encode(text: string): Uint8Array<ArrayBuffer> {
    const most = text.length * MAX_UTF8_BYTES;
    if (this.#bytes.length < most) this.#bytes = new Uint8Array(most);
    return this.#bytes.subarray(0, this.#encoder.encodeInto(text, this.#bytes).written);
  }

  #writeAll(bytes: Uint8Array<ArrayBuffer>): void {
    let written = 0;
    while (written < bytes.length) {
      try {
        written += this.#sink.writeSync(bytes.subarray(written));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) {
          this.#readerGone = true;
          return;
        }
        if (error instanceof Deno.errors.WouldBlock) this.#sink.waitWritable();
        else if (!(error instanceof Deno.errors.Interrupted)) {
          throw outputFailed(`write to ${this.#sink.name}`, "write", error);
        }
      }
    }
  }
}

/**
 * Standard output through libc: Deno's own goes through a buffer and, where the pipe is full and does not block,
 * fails without telling how much it has written.
 */
class Stdout implements Sink {
  readonly name = "stdout";
  /** `struct pollfd`. */
  readonly #pollfd = new DataView(new ArrayBuffer(POLLFD.size));

  writeSync(bytes: Uint8Array<ArrayBuffer>): number {
    const n = Number(libc().write(STDOUT_FD, bytes, BigInt(bytes.length)));
    const error = errno(); // Errno: read before anything allocates.
    if (n < 0) throw denoError(errnoName(error));
    return n;
  }

  // Whoever shares the pipe may have made it non-blocking.
  waitWritable(): void {
    this.#poll(POLLOUT, -1);
  }

  isReaderGone(): boolean {
    return (this.#poll(0, 0) & (POLLERR | POLLHUP)) !== 0;
  }

  close(): void {}

  /** Waits until stdout has one of the events, or an error, and returns what it has. */
  #poll(events: number, timeoutMs: number): number {
    const view = this.#pollfd;
    view.setInt32(POLLFD.offsets.fd, STDOUT_FD, true);
    view.setInt16(POLLFD.offsets.events, events, true);
    view.setInt16(POLLFD.offsets.revents, 0, true);
    // An interrupted call leaves no events behind; the caller tries again.
    libc().poll(view, 1n, timeoutMs);
    return view.getInt16(POLLFD.offsets.revents, true);
  }
}

class FileSink implements Sink {
  readonly #file: Deno.FsFile;

  constructor(readonly name: string, file: Deno.FsFile) {
    this.#file = file;
  }

  writeSync(bytes: Uint8Array<ArrayBuffer>): number {
    return this.#file.writeSync(bytes);
  }

  /** Deno opens files blocking, and nobody shares this one. */
  waitWritable(): void {}

  /** A FIFO's reader is missed at the next write. */
  isReaderGone(): boolean {
    return false;
  }

  close(): void {
    this.#file.close();
  }
}

/** The error that Deno throws for a failed write. */
function denoError(code: string): Error {
  switch (code) {
    case "EPIPE":
      return new Deno.errors.BrokenPipe();
    case "EAGAIN":
      return new Deno.errors.WouldBlock();
    case "EINTR":
      return new Deno.errors.Interrupted();
    default:
      return Object.assign(new Error(code), { code });
  }
}

/** Deno names the error number of a failed call in `code`; an error without one is a refused permission. */
function outputFailed(action: string, syscall: string, error: unknown): EventPipeError {
  const { code, message } = error as Error & { readonly code?: string };
  if (code !== undefined) {
    const advice = syscall === "open" ? "name a file that can be written, in a folder that exists" : "";
    return syscallFailed(action, syscall, errnoNumber(code), advice);
  }
  return new EventPipeError(`Cannot ${action}: ${message}`, "NOT_PERMITTED", error);
}
