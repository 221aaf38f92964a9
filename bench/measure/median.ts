/**
 * The median: what all comparisons are made of, since one stolen time slice moves a mean and not a median. Relies on
 * nothing.
 *
 * @module
 */

/**
 * The middle one of numbers, or the mean of the middle two.
 *
 * @param numbers In any order; not changed.
 * @returns The median.
 * @throws {RangeError} If there are none, or one is no finite number.
 */
export function median(numbers: ArrayLike<number>): number {
  const sorted = Float64Array.from(numbers);
  if (sorted.length === 0) throw new RangeError("Cannot take the median: there are no numbers");
  for (const number of sorted) {
    if (!Number.isFinite(number)) {
      throw new RangeError(
        `Cannot take the median: all numbers must be finite, one of ${sorted.length} is ${number}`,
      );
    }
  }
  return medianInPlace(sorted);
}

/**
 * The same without a copy or a check, for resampling.
 *
 * @param numbers At least one, all finite; sorted by this call.
 * @returns The median.
 */
export function medianInPlace(numbers: Float64Array): number {
  numbers.sort();
  const half = numbers.length >> 1;
  return numbers.length % 2 === 1 ? numbers[half]! : (numbers[half - 1]! + numbers[half]!) / 2;
}
