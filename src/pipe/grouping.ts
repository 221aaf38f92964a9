/**
 * Groups the records of a batch by category, for handlers of batches: a list of indices for each. Its loop calls nothing
 * and looks at no object, since that is done for each event.
 *
 * @module
 */

import { RecordBatch } from "../ring/record_batch.ts";

/** Which records of a batch belong to which category. */
export class Grouping {
  /** For each category room for the indices of a whole batch; an index is below 256. */
  #lists = new Uint8Array(0);
  /** How many of them there are, by category. */
  #counts = new Int32Array(0);
  /** 1 for categories that are grouped. */
  #isGrouped = new Uint8Array(0);
  /** The categories that have any, in the order of their first record. */
  readonly #categories = new Int32Array(RecordBatch.CAPACITY);
  #length = 0;

  /**
   * Says whether a category is grouped; none is at first.
   *
   * @param category The category.
   * @param isGrouped Whether it is.
   */
  set(category: number, isGrouped: boolean): void {
    if (category >= this.#counts.length) this.#grow(Math.max(16, 2 * category));
    this.#isGrouped[category] = isGrouped ? 1 : 0;
  }

  /** How many categories have records. */
  get length(): number {
    return this.#length;
  }

  /** The categories that have records, the first `length` of them. */
  get categories(): Int32Array {
    return this.#categories;
  }

  /**
   * Groups records, up to the first whose category is not grouped.
   *
   * @param batch The records.
   * @param first The first of them.
   * @param bits What is looked at of a category.
   * @returns The first that was not grouped.
   */
  group({ categories, count }: RecordBatch, first: number, bits: number): number {
    const lists = this.#lists;
    const counts = this.#counts;
    const isGrouped = this.#isGrouped;
    const found = this.#categories;
    let length = 0;
    let index = first;
    for (; index < count; index++) {
      const category = categories[index]! & bits;
      if ((category >>> 0) >= isGrouped.length || isGrouped[category] !== 1) break;
      const size = counts[category]!;
      if (size === 0) found[length++] = category;
      lists[(category << 8) + size] = index;
      counts[category] = size + 1;
    }
    this.#length = length;
    return index;
  }

  /** The indices of all categories: those of one begin at its number times 256. */
  get lists(): Uint8Array {
    return this.#lists;
  }

  /**
   * How many records a category has. They are forgotten.
   *
   * @param category The category.
   * @returns The count.
   */
  take(category: number): number {
    const count = this.#counts[category]!;
    this.#counts[category] = 0;
    return count;
  }

  #grow(categories: number): void {
    const [lists, counts, isGrouped] = [this.#lists, this.#counts, this.#isGrouped];
    this.#lists = new Uint8Array(categories << 8);
    this.#counts = new Int32Array(categories);
    this.#isGrouped = new Uint8Array(categories);
    this.#lists.set(lists);
    this.#counts.set(counts);
    this.#isGrouped.set(isGrouped);
  }
}
