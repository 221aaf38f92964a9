/**
 * The address space for the rings of a source inside a WebAssembly.Memory: each ring is mapped over its place in the linear
 * memory, so a WASM module reads the kernel's bytes where they are.
 *
 * Such a buffer cannot be detached. In place of that, `close` puts plain memory where the rings were: a view that was kept
 * reads zeros from then on, and lives as long as anything refers to it.
 *
 * @module
 */

import { MMAP } from "../abi/linux.ts";
import { errno, libc } from "../ffi/libc.ts";
import { CategoryFilter } from "../ring/category_filter.ts";
import { openWasmMemory } from "../ring/wasm_memory.ts";
import { failed, type Reservation, type RingSpace } from "./reservation.ts";

const { PROT_READ, PROT_WRITE, MAP_SHARED, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_FIXED } = MMAP;

/**
 * Memories with a hole, because a mapping that cannot be expected to fail has failed. Lifetime: they are never collected.
 * V8 would unmap the whole range, and with it what others have mapped into the hole since.
 */
const damaged: WebAssembly.Memory[] = [];

/** The linear memory of a WASM scanner and the rings that are mapped into it. */
export class WasmReservation implements RingSpace {
  /**
   * The memory. Lifetime: as long as a ring is mapped into it, this refers to it, so that V8 does not unmap it; and a source
   * that is forgotten refers to this until its rings are unmapped.
   */
  readonly memory: WebAssembly.Memory;
  readonly #address: bigint;
  readonly #mapped: { readonly offset: number; readonly bytes: number }[] = [];
  #open = true;

  /**
   * @param bytes The size of the rings' part of it, a multiple of the page size.
   * @param rings How many rings.
   * @throws {EventPipeError} If the memory cannot be had.
   */
  constructor(bytes: number, rings: number) {
    this.memory = openWasmMemory(bytes, rings);
    // The declaration knows ArrayBuffers only; memory that is shared has an address no less.
    const view = new Uint8Array(this.memory.buffer as unknown as ArrayBuffer);
    this.#address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(view));
  }

  /** The buffer over the linear memory, shared, with the rings from its start on; of length 0 after `close`. */
  get buffer(): ArrayBufferLike {
    return this.#open ? this.memory.buffer : new SharedArrayBuffer(0);
  }

  map(fd: number, offset: number, bytes: number, protection: number = PROT_READ | PROT_WRITE): number {
    // The kernel clears the place before it looks whether the file can be mapped there. So it is asked elsewhere first, and
    // what it refuses leaves no hole in the memory.
    const trial = libc().mmap(null, BigInt(bytes), protection, MAP_SHARED, fd, 0n);
    const refused = errno(); // Errno: read before failed() allocates.
    if (failed(trial)) return refused;
    const mapped = libc().mmap(this.#at(offset), BigInt(bytes), protection, MAP_SHARED | MAP_FIXED, fd, 0n);
    const error = errno(); // Errno: read before failed() allocates.
    libc().munmap(trial, BigInt(bytes));
    if (failed(mapped)) {
      damaged.push(this.memory);
      return error;
    }
    this.#mapped.push({ offset, bytes });
    return 0;
  }

  /** Puts plain memory where the rings are. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    for (const { offset, bytes } of this.#mapped) {
      // Lifetime: in one step, so there is no moment at which a view would touch what is not mapped.
      const plain = libc().mmap(this.#at(offset), BigInt(bytes), PROT_READ | PROT_WRITE, flags, -1, 0n);
      if (failed(plain)) damaged.push(this.memory);
    }
  }

  #at(offset: number): Deno.PointerObject {
    return Deno.UnsafePointer.create(this.#address + BigInt(offset))!;
  }
}

/**
 * Makes the filter that the options of a source ask for.
 *
 * @param reservation Where the rings lie.
 * @param categories The categories to hand on, if the option was given.
 * @returns The filter, if so.
 */
export function openFilter(
  reservation: Reservation | WasmReservation,
  categories: readonly number[] | undefined,
): CategoryFilter | undefined {
  if (categories === undefined || !(reservation instanceof WasmReservation)) return undefined;
  return new CategoryFilter(reservation.memory, categories);
}
