/**
 * The linear memory that the WASM scanners read: the rings of a source from its start on, and behind them what the scanner
 * knows of each, and the filter by category. It is shared, so nobody can detach its buffer, and it never grows.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import { FILTER_BYTES, STATE_BYTES } from "./wasm/state.ts";

/** The page of WebAssembly, which is not the machine's. */
const WASM_PAGE_BYTES = 65536;

/**
 * Makes the memory.
 *
 * @param ringsBytes The size of the buffer that the rings are laid out in.
 * @param rings How many they are.
 * @returns The memory, with zeros.
 * @throws {EventPipeError} `NOT_SUPPORTED`, if the addresses cannot be had.
 */
export function openWasmMemory(ringsBytes: number, rings: number): WebAssembly.Memory {
  const pages = Math.ceil((ringsBytes + rings * STATE_BYTES + FILTER_BYTES) / WASM_PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new EventPipeError(
      `Cannot make a WebAssembly.Memory of ${pages * WASM_PAGE_BYTES} bytes for the rings: ${
        (error as Error).message
      }; choose smaller rings, or scanner "ts"`,
      "NOT_SUPPORTED",
      error,
    );
  }
}

/**
 * Where the filter by category stands: at the end.
 *
 * @param memory The memory.
 * @returns Bytes from the memory's start, a multiple of 8.
 */
export function filterOf(memory: WebAssembly.Memory): number {
  return memory.buffer.byteLength - FILTER_BYTES;
}

/**
 * Where the states of the rings begin: they end where the filter begins.
 *
 * @param memory The memory.
 * @param rings How many rings lie in it.
 * @returns Bytes from the memory's start, a multiple of 8.
 */
export function statesOf(memory: WebAssembly.Memory, rings: number): number {
  return filterOf(memory) - rings * STATE_BYTES;
}
