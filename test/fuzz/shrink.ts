/**
 * Makes an input that fails smaller: leaves out parts of its lists and lowers its numbers, as long as it still fails. It
 * knows nothing of what the input means.
 *
 * @module
 */

/** What an input is made of. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A long way for any input; ends those of which every try costs much. */
const MAX_TRIES = 20_000;

/**
 * Shrinks an input.
 *
 * @param input An input that fails.
 * @param fails Whether another one fails too.
 * @returns One that fails; nothing can be left out or lowered in it alone, unless that took too many tries to find out.
 */
export function shrink<I>(input: I, fails: (candidate: I) => boolean): I {
  let smallest = input;
  let tries = 0;
  search: for (;;) {
    for (const candidate of smaller(smallest as Json)) {
      if (++tries > MAX_TRIES) return smallest;
      if (!fails(candidate as I)) continue;
      smallest = candidate as I;
      continue search;
    }
    return smallest;
  }
}

/** All that differ from a value by one simplification, the greatest first. */
function* smaller(value: Json): Generator<Json> {
  if (typeof value === "number") yield* lower(value);
  else if (Array.isArray(value)) yield* shorter(value);
  else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      for (const candidate of smaller(member)) yield { ...value, [key]: candidate };
    }
  }
}

/** Nearer to 0: by all of it, by half, by a quarter and so on. */
function* lower(value: number): Generator<number> {
  for (let step = value; step !== 0; step = Math.trunc(step / 2)) yield value - step;
}

function* shorter(list: readonly Json[]): Generator<Json> {
  for (let length = list.length; length > 0; length >>= 1) {
    for (let start = 0; start + length <= list.length; start += length) {
      yield [...list.slice(0, start), ...list.slice(start + length)];
    }
  }
  for (const [index, element] of list.entries()) {
    for (const candidate of smaller(element)) yield list.with(index, candidate);
  }
}
