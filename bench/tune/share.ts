/**
 * Reads shares of a whole on a command line.
 *
 * @module
 */

/**
 * Parses a share: `5%`, `0.1 %`, or `0.05` without a sign, and 0 and 1 either way.
 *
 * @param text The text.
 * @returns A number from 0 to 1.
 * @throws {RangeError} If it is none. `5` without a sign is none: it would be 500 %.
 */
export function parseShare(text: string): number {
  const [, digits, sign] = /^(\d+(?:\.\d+)?|\.\d+) ?(%?)$/.exec(text.trim()) ?? [];
  const share = sign === "%" ? Number(digits) / 100 : Number(digits);
  if (digits === undefined || !(share >= 0 && share <= 1)) {
    throw new RangeError(
      `Cannot parse share: ${
        JSON.stringify(text)
      }, expected a percentage such as 5%, or a number from 0 to 1`,
    );
  }
  return share;
}
