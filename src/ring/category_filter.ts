/**
 * The filter by category of a WASM scanner: events of categories that nobody handles are counted where they lie and skipped,
 * so that only those a handler must see come into a batch. It stands in the linear memory, behind the rings.
 *
 * @module
 */

import { wrongArgument } from "../errors.ts";
import type { DispatchBy } from "./scanner.ts";
import { FILTER_BYTES, FILTER_CATEGORIES, FILTER_COUNTS, FILTER_PASSES } from "./wasm/state.ts";
import { filterOf } from "./wasm_memory.ts";

/** Which categories are handed on, and how many events of the others were not. */
export class CategoryFilter {
  /** Where it stands, in bytes from the memory's start. */
  readonly address: number;
  /** Low and high words of the counts. */
  readonly #counts: Uint32Array;

  /**
   * @param memory The memory of the scanner.
   * @param categories The categories to hand on, checked by {@linkcode checkFilter}.
   */
  constructor(memory: WebAssembly.Memory, categories: readonly number[]) {
    this.address = filterOf(memory);
    const passes = new Uint8Array(memory.buffer, this.address, FILTER_BYTES).fill(0);
    for (const category of categories) passes[FILTER_PASSES + category] = 1;
    this.#counts = new Uint32Array(memory.buffer, this.address + FILTER_COUNTS, 2 * (FILTER_CATEGORIES + 1));
  }

  /**
   * How many events were not handed on.
   *
   * @param category Of which category; of all together, those without a category too, unless given.
   * @returns The count.
   */
  filtered(category?: number): number {
    if (category !== undefined) return this.#count(category);
    let sum = 0;
    for (let slot = 0; slot <= FILTER_CATEGORIES; slot++) sum += this.#count(slot);
    return sum;
  }

  #count(slot: number): number {
    return this.#counts[2 * slot]! + this.#counts[2 * slot + 1]! * 2 ** 32;
  }
}

/**
 * Checks the option `filter`.
 *
 * @param filter The categories to hand on.
 * @param scanner The option `scanner`.
 * @throws {TypeError} If it is no list, or the scanner cannot filter.
 * @throws {RangeError} If a category cannot be filtered.
 */
export function checkFilter(filter: readonly number[] | undefined, scanner: string): void {
  if (filter === undefined) return;
  if (!Array.isArray(filter)) throw wrongArgument("open rings", "filter", "a list of categories", filter);
  if (scanner !== "wasm") {
    throw new TypeError(
      `Cannot open rings with a filter: scanner must be "wasm", current value is ${JSON.stringify(scanner)}`,
    );
  }
  for (const category of filter) checkCategory(category, "open rings with a filter");
}

/**
 * How many events of a source were not handed on.
 *
 * @param filter The source's filter, if it has one.
 * @param category Of which category; of all together unless given.
 * @returns The count; 0 without a filter.
 * @throws {RangeError} If events of this category are not counted on their own.
 */
export function filteredBy(filter: CategoryFilter | undefined, category: number | undefined): number {
  if (category !== undefined) checkCategory(category, "tell what was filtered");
  return filter === undefined ? 0 : filter.filtered(category);
}

/**
 * Checks that there are categories to filter by.
 *
 * @param filter The filter.
 * @param dispatchBy Whom events are given to.
 * @throws {TypeError} If events have no category.
 */
export function checkFiltered(filter: CategoryFilter | undefined, dispatchBy: DispatchBy): void {
  if (filter === undefined || dispatchBy === "category") return;
  throw new TypeError(
    `Cannot filter by category: dispatchBy must be "category", current value is ${
      JSON.stringify(dispatchBy)
    }`,
  );
}

function checkCategory(category: number, action: string): void {
  if (!Number.isInteger(category) || category < 0 || category >= FILTER_CATEGORIES) {
    throw new RangeError(
      `Cannot ${action}: a category must be an integer from 0 to ${
        FILTER_CATEGORIES - 1
      }, current value is ${category}`,
    );
  }
}
