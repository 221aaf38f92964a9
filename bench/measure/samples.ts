/**
 * Numbers that are appended while something is measured, and counted afterwards. Relies on nothing.
 *
 * @module
 */

/** Numbers appended one by one, without allocating and without a page fault. */
export class Samples {
  readonly #values: Float64Array<ArrayBuffer>;
  #count = 0;
  #dropped = 0;

  /**
   * @param capacity How many are kept.
   * @throws {RangeError} If it is no positive integer.
   */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot keep samples: capacity must be an integer of at least 1, current value is ${capacity}`,
      );
    }
    // A fresh array has no pages yet; what it is filled with makes the kernel give them now. Zeros would not.
    this.#values = new Float64Array(capacity).fill(1);
  }

  /**
   * Appends a number; when all places are taken it is counted only.
   *
   * @param value The number.
   */
  add(value: number): void {
    if (this.#count < this.#values.length) this.#values[this.#count++] = value;
    else this.#dropped++;
  }

  /** What was appended, in that order: a view of the places that are taken. */
  get values(): Float64Array<ArrayBuffer> {
    return this.#values.subarray(0, this.#count);
  }

  /** How many found no place. */
  get dropped(): number {
    return this.#dropped;
  }
}

/** One bucket of a histogram. */
export interface Bucket {
  /** The least number in it. */
  readonly from: number;
  /** Where the next one begins; Infinity for the last. */
  readonly to: number;
  /** How many numbers. */
  readonly count: number;
}

/**
 * Counts numbers by size.
 *
 * @param values In any order; those below the first edge are in no bucket.
 * @param edges Where buckets begin, ascending.
 * @returns A bucket per edge.
 * @throws {RangeError} If the edges do not ascend.
 */
export function histogramOf(values: ArrayLike<number>, edges: readonly number[]): Bucket[] {
  if (edges.some((edge, index) => index > 0 && !(edge > edges[index - 1]!))) {
    throw new RangeError(`Cannot make a histogram: edges must ascend, current value is [${edges}]`);
  }
  const counts = edges.map(() => 0);
  for (let i = 0; i < values.length; i++) {
    const above = edges.findIndex((edge) => values[i]! < edge);
    const bucket = (above === -1 ? edges.length : above) - 1;
    if (bucket >= 0) counts[bucket]! += 1;
  }
  return edges.map((from, index) => ({ from, to: edges[index + 1] ?? Infinity, count: counts[index]! }));
}
