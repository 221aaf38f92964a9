/**
 * One piece of address space for all rings of a source: anonymous memory, over which each ring is mapped at its place.
 * So one buffer and one view serve all rings, and plain memory stands behind each of them.
 *
 * @module
 */

import { MAP_FAILED, MMAP } from "../abi/linux.ts";
import { syscallFailed } from "../errors.ts";
import { errno, libc } from "../ffi/libc.ts";
import type { Closable } from "./forgotten.ts";

const { PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_FIXED } = MMAP;

/** Where the rings of a source are mapped: a range of addresses and the buffer over it. */
export interface RingSpace extends Closable {
  /** The buffer over the whole range; its length is 0 after `close`. */
  readonly buffer: ArrayBufferLike;

  /**
   * Maps the start of a file over a part of the range.
   *
   * @param fd The file.
   * @param offset Where in the range, a multiple of the page size.
   * @param bytes How much of the file.
   * @param protection `PROT_*`; reading and writing unless given.
   * @returns 0, or the positive error number; then nothing else may be mapped, and the space is to be closed.
   */
  map(fd: number, offset: number, bytes: number, protection?: number): number;
}

/** A range of addresses of its own, whose buffer is detached. */
export class Reservation implements RingSpace {
  readonly #address: Deno.PointerObject;
  readonly #bytes: number;
  #buffer: ArrayBuffer;
  #open = true;
  /** A part that was lost to a failed mapping: the kernel had cleared it before it refused. Others may have it now. */
  #hole: { readonly offset: number; readonly bytes: number } | null = null;

  /**
   * @param bytes The size, a multiple of the page size.
   * @throws {EventPipeError} If the address space cannot be had.
   */
  constructor(bytes: number) {
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const address = libc().mmap(null, BigInt(bytes), PROT_READ | PROT_WRITE, flags, -1, 0n);
    const error = errno(); // Errno: read before failed() allocates.
    if (failed(address)) throw syscallFailed(`reserve ${bytes} bytes of address space`, "mmap", error);
    this.#address = address!;
    this.#bytes = bytes;
    // Lifetime: the buffer is detached before the addresses are given back, see close().
    this.#buffer = Deno.UnsafePointerView.getArrayBuffer(this.#address, bytes);
  }

  /** The buffer over the whole range; detached, with length 0, after `close`. */
  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  map(fd: number, offset: number, bytes: number, protection: number = PROT_READ | PROT_WRITE): number {
    const target = Deno.UnsafePointer.create(Deno.UnsafePointer.value(this.#address) + BigInt(offset));
    const mapped = libc().mmap(target, BigInt(bytes), protection, MAP_SHARED | MAP_FIXED, fd, 0n);
    const error = errno(); // Errno: read before failed() allocates.
    if (!failed(mapped)) return 0;
    this.#hole = { offset, bytes };
    return error;
  }

  /** Detaches the buffer, so that stale views throw instead of crashing, then gives the addresses back. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    // Lifetime: who has transferred the buffer before, to another isolate for instance, may read there for ever.
    if (this.#buffer.detached) return;
    // Lifetime: transfer() moves the memory into a buffer nobody else holds and detaches all views of the old one.
    this.#buffer.transfer(0);
    const hole = this.#hole ?? { offset: this.#bytes, bytes: 0 };
    this.#unmap(0, hole.offset);
    this.#unmap(hole.offset + hole.bytes, this.#bytes);
  }

  #unmap(start: number, end: number): void {
    if (start >= end) return;
    const address = Deno.UnsafePointer.create(Deno.UnsafePointer.value(this.#address) + BigInt(start));
    libc().munmap(address, BigInt(end - start));
  }
}

/**
 * Whether `mmap` has failed.
 *
 * @param address What it returned.
 * @returns True for MAP_FAILED.
 */
export function failed(address: Deno.PointerValue): boolean {
  return address === null || Deno.UnsafePointer.value(address) === MAP_FAILED;
}
