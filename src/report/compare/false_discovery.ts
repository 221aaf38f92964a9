/**
 * Many cells are many chances to be wrong. This holds the expected share of false ones among what is reported: Benjamini and
 * Hochberg, 1995. Relies on nothing.
 *
 * @module
 */

/**
 * Adjusts probabilities: what is reported at an adjusted 0.05 is wrong in at most 5 % of the reports on average, however many
 * cells there are.
 *
 * @param probabilities Of each test, in any order.
 * @returns The adjusted ones, in the same order.
 */
export function adjusted(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, index) => index).sort((one, other) =>
    probabilities[one]! - probabilities[other]!
  );
  const result = probabilities.map(() => 1);
  let least = 1;
  for (let rank = order.length; rank >= 1; rank--) {
    const index = order[rank - 1]!;
    least = Math.min(least, probabilities[index]! * order.length / rank);
    result[index] = least;
  }
  return result;
}
