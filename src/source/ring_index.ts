/**
 * The index of a ring, as callers of a source give it.
 *
 * @module
 */

/**
 * Checks a ring's index.
 *
 * @param ring The index.
 * @param rings How many rings the source has.
 * @param action What is tried, as the end of "Cannot ...".
 * @throws {RangeError} If there is no such ring.
 */
export function checkRing(ring: number, rings: number, action: string): void {
  if (Number.isInteger(ring) && ring >= 0 && ring < rings) return;
  throw new RangeError(`Cannot ${action}: there is no ring ${ring}, the source has ${rings}, counted from 0`);
}
