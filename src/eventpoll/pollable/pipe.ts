/**
 * Pipes after fs/pipe.c. A pipe holds pages, not bytes: a write adds to the last page if what goes beyond whole pages
 * fits there, and takes new pages otherwise. What a pipe has room for, and so EPOLLOUT, follows from the pages in use.
 *
 * @module
 */

import type { Errno } from "../errors.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM } from "../events.ts";
import { type FileOperations, poll_wait, type PollTable } from "../structs.ts";
import { WaitQueueHead, wake_up_all, wake_up_poll } from "../wait_queue.ts";

const PAGE_SIZE = 4096;

/** How many pages a pipe holds unless asked for: PIPE_DEF_BUFFERS. */
const PIPE_DEF_BUFFERS = 16;

/** The most pages that a pipe can be asked for: 2^31 bytes. */
const MAX_BUFFERS = 2 ** 19;

/** `struct pipe_buffer`: the bytes of one page from `offset` on. */
interface PipeBuffer {
  readonly page: Uint8Array<ArrayBuffer>;
  offset: number;
  len: number;
}

/** `struct pipe_inode_info`: what both ends of a pipe share. */
class PipeInode {
  readonly rd_wait = new WaitQueueHead();
  readonly wr_wait = new WaitQueueHead();
  readonly bufs: PipeBuffer[] = [];
  readonly max_usage: number;
  readers = 1;
  writers = 1;
  /** Set by the first poll, and for ever: from then on each write wakes the readers, not only one into an empty pipe. */
  poll_usage = false;
  readonly #pages: Uint8Array<ArrayBuffer>[] = [];

  constructor(max_usage: number) {
    this.max_usage = max_usage;
  }

  get isFull(): boolean {
    return this.bufs.length >= this.max_usage;
  }

  /** Pages that were read empty are used again. */
  takePage(): Uint8Array<ArrayBuffer> {
    return this.#pages.pop() ?? new Uint8Array(PAGE_SIZE);
  }

  /** Gives the page of the first buffer back. */
  dropFirst(): void {
    const { page } = this.bufs.shift()!;
    if (this.#pages.length < 2) this.#pages.push(page);
  }

  /** One end is gone. If it was not the last one, those at the other end hear of it, whatever they wait for. */
  release(): void {
    if ((this.readers === 0) === (this.writers === 0)) return;
    wake_up_all(this.rd_wait);
    wake_up_all(this.wr_wait);
  }
}

class PipeReader implements FileOperations {
  readonly name = "pipe";
  readonly #pipe: PipeInode;

  constructor(pipe: PipeInode) {
    this.#pipe = pipe;
  }

  poll(pt: PollTable | null): number {
    const pipe = this.#pipe;
    pipe.poll_usage = true;
    poll_wait(pipe.rd_wait, pt);
    const readable = pipe.bufs.length > 0 ? EPOLLIN | EPOLLRDNORM : 0;
    return pipe.writers === 0 ? readable | EPOLLHUP : readable;
  }

  read(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    const pipe = this.#pipe;
    if (buffer.length === 0) return 0;
    if (pipe.bufs.length === 0) return pipe.writers === 0 ? 0 : "EAGAIN";
    let done = 0;
    let isWriterWoken = false;
    while (done < buffer.length && pipe.bufs.length > 0) {
      const buf = pipe.bufs[0]!;
      const chars = Math.min(buf.len, buffer.length - done);
      buffer.set(buf.page.subarray(buf.offset, buf.offset + chars), done);
      done += chars;
      buf.offset += chars;
      buf.len -= chars;
      if (buf.len > 0) break;
      // Writers can go on once a page of a full pipe is free, and not before.
      isWriterWoken ||= pipe.isFull;
      pipe.dropFirst();
    }
    if (isWriterWoken) wake_up_poll(pipe.wr_wait, EPOLLOUT | EPOLLWRNORM);
    return done;
  }

  write(): Errno {
    return "EBADF";
  }

  release(): void {
    this.#pipe.readers--;
    this.#pipe.release();
  }
}

class PipeWriter implements FileOperations {
  readonly name = "pipe";
  readonly #pipe: PipeInode;

  constructor(pipe: PipeInode) {
    this.#pipe = pipe;
  }

  poll(pt: PollTable | null): number {
    const pipe = this.#pipe;
    pipe.poll_usage = true;
    poll_wait(pipe.wr_wait, pt);
    const writable = pipe.isFull ? 0 : EPOLLOUT | EPOLLWRNORM;
    return pipe.readers === 0 ? writable | EPOLLERR : writable;
  }

  write(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    const pipe = this.#pipe;
    if (buffer.length === 0) return 0;
    if (pipe.readers === 0) return "EPIPE";
    const wasEmpty = pipe.bufs.length === 0;
    let done = wasEmpty ? 0 : this.#merge(buffer);
    while (done < buffer.length && !pipe.isFull) {
      const page = pipe.takePage();
      const len = Math.min(PAGE_SIZE, buffer.length - done);
      page.set(buffer.subarray(done, done + len));
      pipe.bufs.push({ page, offset: 0, len });
      done += len;
    }
    // Even where nothing could be written: edge-triggered readers came to rely on it.
    if (wasEmpty || pipe.poll_usage) wake_up_poll(pipe.rd_wait, EPOLLIN | EPOLLRDNORM);
    return done === 0 ? "EAGAIN" : done;
  }

  read(): Errno {
    return "EBADF";
  }

  release(): void {
    this.#pipe.writers--;
    this.#pipe.release();
  }

  /** Puts what goes beyond whole pages behind the last bytes, if it fits there as a whole. */
  #merge(buffer: Uint8Array<ArrayBuffer>): number {
    const chars = buffer.length & (PAGE_SIZE - 1);
    const last = this.#pipe.bufs.at(-1)!;
    const end = last.offset + last.len;
    if (chars === 0 || end + chars > PAGE_SIZE) return 0;
    last.page.set(buffer.subarray(0, chars), end);
    last.len += chars;
    return chars;
  }
}

/**
 * Makes a pipe.
 *
 * @param slots How many pages it holds, rounded up to a power of two; 16 unless given.
 * @returns Its reader and its writer, or what is wrong.
 */
export function create_pipe_files(
  slots: number = PIPE_DEF_BUFFERS,
): [reader: FileOperations, writer: FileOperations] | "EINVAL" {
  if (!(slots >= 0 && slots <= MAX_BUFFERS)) return "EINVAL";
  let buffers = 1;
  while (buffers < slots) buffers *= 2;
  const pipe = new PipeInode(buffers);
  return [new PipeReader(pipe), new PipeWriter(pipe)];
}
