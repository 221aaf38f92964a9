/**
 * Pairs of connected stream sockets, after net/unix/af_unix.c. What one end writes lies at the other until it is read,
 * and the memory it takes there counts for the writer, with what the kernel needs around it. That decides when EPOLLOUT
 * is over.
 *
 * @module
 */

import type { Errno } from "../errors.ts";
import {
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDBAND,
  EPOLLRDHUP,
  EPOLLRDNORM,
  EPOLLWRBAND,
  EPOLLWRNORM,
  SHUT_RD,
  SHUT_WR,
} from "../events.ts";
import { type FileOperations, poll_wait, type PollTable } from "../structs.ts";
import { WaitQueueHead, wake_up_all, wake_up_poll } from "../wait_queue.ts";

/** /proc/sys/net/core/wmem_default. */
const SK_SNDBUF = 212_992;
const PAGE_SIZE = 4096;
/** SKB_TRUESIZE's parts: `struct sk_buff` and, behind the bytes, `struct skb_shared_info`, both in whole cache lines. */
const SK_BUFF_BYTES = 256;
const SHARED_INFO_BYTES = 320;
/** The smallest block in which bytes lie: SKB_SMALL_HEAD_SIZE is below it. */
const SMALLEST_BLOCK = 512;
/** SKB_MAX_HEAD(0): what fits into one page beside the shared info. What goes beyond lies in pages. */
const SKB_MAX_HEAD = PAGE_SIZE - SHARED_INFO_BYTES;
/** UNIX_SKB_FRAGS_SZ: the most that lies in pages; more makes another buffer. */
const UNIX_SKB_FRAGS_SZ = 32_768;

const RCV_SHUTDOWN = 1;
const SEND_SHUTDOWN = 2;
const SHUTDOWN_MASK = RCV_SHUTDOWN | SEND_SHUTDOWN;

/** `struct sk_buff`: bytes of one write that were not read yet. */
interface SkBuff {
  data: Uint8Array<ArrayBuffer>;
  readonly truesize: number;
}

/** `struct unix_sock`: one end. */
class UnixSock implements FileOperations {
  readonly name = "socket";
  readonly #wait = new WaitQueueHead();
  readonly #receiveQueue: SkBuff[] = [];
  #peer: UnixSock | null = null;
  #shutdown = 0;
  /** The peer was closed and had not read everything. */
  #hasError = false;
  /** Bytes that lie at the peer. */
  #wmemAlloc = 0;

  static connect(a: UnixSock, b: UnixSock): void {
    a.#peer = b;
    b.#peer = a;
  }

  /** unix_poll() */
  poll(pt: PollTable | null): number {
    poll_wait(this.#wait, pt);
    let mask = 0;
    if (this.#hasError) mask |= EPOLLERR;
    if (this.#shutdown === SHUTDOWN_MASK) mask |= EPOLLHUP;
    if ((this.#shutdown & RCV_SHUTDOWN) !== 0) mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
    if (this.#receiveQueue.length > 0) mask |= EPOLLIN | EPOLLRDNORM;
    if (this.#isWritable) mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
    return mask;
  }

  /** unix_stream_read_generic() */
  read(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    if (buffer.length === 0) return 0;
    if (this.#receiveQueue.length === 0) {
      if (this.#hasError) {
        this.#hasError = false;
        return "ECONNRESET";
      }
      return (this.#shutdown & RCV_SHUTDOWN) === 0 ? "EAGAIN" : 0;
    }
    let done = 0;
    while (done < buffer.length && this.#receiveQueue.length > 0) {
      const skb = this.#receiveQueue[0]!;
      const part = skb.data.subarray(0, buffer.length - done);
      buffer.set(part, done);
      done += part.length;
      skb.data = skb.data.subarray(part.length);
      if (skb.data.length === 0) this.#free();
    }
    return done;
  }

  /** unix_stream_sendmsg() */
  write(buffer: Uint8Array<ArrayBuffer>): number | Errno {
    if ((this.#shutdown & SEND_SHUTDOWN) !== 0) return "EPIPE";
    const peer = this.#peer!;
    let done = 0;
    while (done < buffer.length && this.#wmemAlloc < SK_SNDBUF) {
      const size = Math.min(buffer.length - done, SKB_MAX_HEAD + UNIX_SKB_FRAGS_SZ);
      const skb = { data: buffer.slice(done, done + size), truesize: truesizeOf(size) };
      done += size;
      this.#wmemAlloc += skb.truesize;
      peer.#receiveQueue.push(skb);
      wake_up_poll(peer.#wait, EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND); // sock_def_readable()
    }
    return done === 0 && buffer.length > 0 ? "EAGAIN" : done;
  }

  /** unix_shutdown() */
  shutdown(how: number): void {
    const mode = how === SHUT_RD ? RCV_SHUTDOWN : how === SHUT_WR ? SEND_SHUTDOWN : SHUTDOWN_MASK;
    this.#shutdown |= mode;
    wake_up_all(this.#wait);
    const peer = this.#peer;
    if (peer === null) return;
    if ((mode & RCV_SHUTDOWN) !== 0) peer.#shutdown |= SEND_SHUTDOWN;
    if ((mode & SEND_SHUTDOWN) !== 0) peer.#shutdown |= RCV_SHUTDOWN;
    wake_up_all(peer.#wait);
  }

  /** unix_release_sock() */
  release(): void {
    const peer = this.#peer;
    if (peer !== null) {
      peer.#shutdown = SHUTDOWN_MASK;
      if (this.#receiveQueue.length > 0) peer.#hasError = true;
      wake_up_all(peer.#wait);
    }
    while (this.#receiveQueue.length > 0) this.#free();
    if (peer !== null) peer.#peer = null;
    this.#peer = null;
  }

  /** unix_writable() */
  get #isWritable(): boolean {
    return this.#wmemAlloc * 4 < SK_SNDBUF;
  }

  /** Frees the first buffer; its sender has room again, and hears of it each time if that is enough: unix_write_space(). */
  #free(): void {
    const { truesize } = this.#receiveQueue.shift()!;
    const peer = this.#peer;
    if (peer === null) return; // closed, and with it the count
    peer.#wmemAlloc -= truesize;
    if (peer.#isWritable) wake_up_poll(peer.#wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
  }
}

/** What a buffer of so many bytes takes: sock_alloc_send_pskb() as unix_stream_sendmsg() asks for it. */
function truesizeOf(size: number): number {
  const inPages = Math.max(0, size - SKB_MAX_HEAD);
  const pageBytes = Math.ceil(inPages / PAGE_SIZE) * PAGE_SIZE;
  const linear = size - Math.min(size, pageBytes);
  let block = SMALLEST_BLOCK;
  while (block < linear + SHARED_INFO_BYTES) block *= 2;
  return SK_BUFF_BYTES + block + pageBytes;
}

/**
 * Makes two sockets, connected to one another.
 *
 * @returns Both.
 */
export function unix_socketpair(): [FileOperations, FileOperations] {
  const a = new UnixSock();
  const b = new UnixSock();
  UnixSock.connect(a, b);
  return [a, b];
}
