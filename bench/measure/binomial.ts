/**
 * How surprising a count of errors is, for the self-check of the measuring. Relies on nothing.
 *
 * @module
 */

/**
 * The probability of at least so many successes in independent trials.
 *
 * @param successes At least so many, from 0 to `trials`.
 * @param trials How many trials.
 * @param probability Of a success in one, above 0 and below 1.
 * @returns The probability.
 * @throws {RangeError} If an argument is out of its range.
 */
export function binomialTail(successes: number, trials: number, probability: number): number {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || successes < 0 || successes > trials) {
    throw new RangeError(
      `Cannot compute a binomial tail: successes must be an integer from 0 to ${trials}, current value is ${successes}`,
    );
  }
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(
      `Cannot compute a binomial tail: probability must be between 0 and 1, current value is ${probability}`,
    );
  }
  // By logarithms: the powers underflow from some hundred trials on.
  let log = trials * Math.log1p(-probability);
  let tail = successes === 0 ? Math.exp(log) : 0;
  for (let k = 1; k <= trials; k++) {
    log += Math.log((trials - k + 1) / k) + Math.log(probability) - Math.log1p(-probability);
    if (k >= successes) tail += Math.exp(log);
  }
  return Math.min(1, tail);
}
