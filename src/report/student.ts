/**
 * Student's distribution, for intervals and probabilities of few samples. Relies on nothing.
 *
 * @module
 */

/**
 * How probable a t at least as far from 0 is, in either direction, where there is no difference.
 *
 * @param t The statistic.
 * @param freedom Degrees of freedom, above 0; they need not be whole.
 * @returns A probability.
 */
export function twoSided(t: number, freedom: number): number {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/**
 * The t that is not exceeded in either direction with a probability.
 *
 * @param level Such as 0.95.
 * @param freedom Degrees of freedom, above 0.
 * @returns The t, found by halving.
 */
export function criticalT(level: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (twoSided(high, freedom) > 1 - level) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (twoSided(middle, freedom) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularised incomplete beta function I_x(a, b); its continued fraction converges fast below the mean. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b),
  );
  // The fraction 1 / (1 + d1 / (1 + d2 / (1 + ...))), from the inside out; 200 terms are more than enough below the mean.
  let fraction = 1;
  for (let m = 100; m >= 1; m--) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1));
    fraction = 1 + odd / (1 + even / fraction);
  }
  return front / (a * fraction);
}

/** Stirling's series above 8, where its error is below 1e-12; below it, the recurrence leads there. */
function logGamma(x: number): number {
  let shift = 0;
  while (x < 8) shift += Math.log(x++);
  const square = 1 / (x * x);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) /
    x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
