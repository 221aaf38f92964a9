// @ts-nocheck AssemblyScript, compiled by `deno task build`: u32, usize, load and store are its own.
/**
 * The filter by category, in AssemblyScript: which categories are handed on, and how many events of each are not. All rings
 * of a memory share it.
 *
 * @module
 */

import { FILTER_CATEGORIES, FILTER_COUNTS, FILTER_PASSES } from "./state.ts";

/**
 * Whether events of a category are handed on. One that is not is counted.
 *
 * @param filter The filter.
 * @param category The category.
 * @returns True if it is handed on.
 */
export function passes(filter: usize, category: u32): bool {
  const slot: usize = min<u32>(category, FILTER_CATEGORIES);
  if (load<u8>(filter + slot, FILTER_PASSES) !== 0) return true;
  const count: usize = filter + 8 * slot;
  store<u64>(count, load<u64>(count, FILTER_COUNTS) + 1, FILTER_COUNTS);
  return false;
}

/**
 * Takes an event back that was scanned, and will be again.
 *
 * @param filter The filter.
 * @param category Its category.
 */
export function takeBack(filter: usize, category: u32): void {
  const slot: usize = min<u32>(category, FILTER_CATEGORIES);
  if (load<u8>(filter + slot, FILTER_PASSES) !== 0) return;
  const count: usize = filter + 8 * slot;
  store<u64>(count, load<u64>(count, FILTER_COUNTS) - 1, FILTER_COUNTS);
}
