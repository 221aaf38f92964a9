/**
 * The one place where text with a unit becomes a number and back: times, sizes, rates. Option declarations pass
 * these parsers to `args.ts`, reports use the formatters, and every text a formatter writes its parser reads.
 * Relies on nothing.
 */

const NS_PER_MS = 1e6;

/** In nanoseconds, so that every factor is a whole number and 100ns is exactly 0.0001 ms. */
const NS_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1e9,
  ns: 1,
  us: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
};

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  ki: 2 ** 10,
  kib: 2 ** 10,
  m: 2 ** 20,
  mi: 2 ** 20,
  mib: 2 ** 20,
  g: 2 ** 30,
  gi: 2 ** 30,
  gib: 2 ** 30,
};

const COUNT_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
};

const QUANTITY = /^(\d+(?:\.\d+)?|\.\d+) ?([A-Za-z]*)$/;

/**
 * Parse a time: `10s`, `250ms`, `500us`, `100ns`, `2m` or `2min`, `1h`; a bare number is seconds.
 *
 * @returns milliseconds, zero or more, fractions kept.
 * @throws {RangeError} when the text is no time.
 */
export function parseDurationMs(text: string): number {
  const ns = quantity(text, NS_PER_UNIT);
  if (ns === undefined) throw unparsable("time", text, "a number with ns, us, ms, s, m or h, such as 250ms");
  return ns / NS_PER_MS;
}

/**
 * Parse a size: `256KiB`, `256Ki` and `256k` are all 262,144, likewise M and G, in upper or lower case; a bare
 * number is bytes. `KB`, `MB` and `GB` are refused: half of their users mean 1000, and no ring has such a size.
 *
 * @returns a whole number of bytes, zero or more.
 * @throws {RangeError} when the text is no size, or no whole number of bytes.
 */
export function parseBytes(text: string): number {
  const value = quantity(text.toLowerCase(), BYTES_PER_UNIT);
  if (value === undefined || !Number.isSafeInteger(value)) {
    throw unparsable("size", text, "whole bytes, or a number with KiB, MiB or GiB, such as 256KiB");
  }
  return value;
}

/**
 * Parse a rate: `500`, `200k`, `1.5M`, `2G`, in powers of 1000, with or without `/s`. `m` is refused, since it
 * means milli wherever case matters.
 *
 * @returns events per second, zero or more, fractions kept.
 * @throws {RangeError} when the text is no rate.
 */
export function parseRate(text: string): number {
  const value = quantity(text.replace(/\/s$/, ""), COUNT_PER_UNIT);
  if (value === undefined) throw unparsable("rate", text, "events per second, such as 500, 200k or 1.5M");
  return value;
}

/**
 * Parse a whole number, written in digits alone.
 *
 * @throws {RangeError} when the text is no whole number from 0 to 2^53 - 1.
 */
export function parseCount(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw unparsable("count", text, "a whole number, such as 512");
  return value;
}

/** Write `bytes` with the largest fitting binary unit and three digits: `4 KiB`, `1.5 MiB`, `1000 B`. */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, 1024, ["B", "KiB", "MiB", "GiB"]);
}

/** Write a count or a rate with three digits in powers of 1000: `999`, `1.23M`, `200k`. */
export function formatCount(count: number): string {
  return withUnit(count, 1000, ["", "k", "M", "G"]);
}

/** Write `ns` nanoseconds with three digits: `999 ns`, `1.23 us`, `45.6 ms`, `12 s`. */
export function formatNs(ns: number): string {
  return withUnit(ns, 1000, ["ns", "us", "ms", "s"]);
}

/** The number in base units, or undefined when the text or its unit is unknown or the value is not finite. */
function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = QUANTITY.exec(text.trim());
  const scale = match && Object.hasOwn(units, match[2] ?? "") ? units[match[2] ?? ""] : undefined;
  if (match === null || scale === undefined) return undefined;
  const value = Number(match[1]) * scale;
  return Number.isFinite(value) ? value : undefined;
}

/** `value` with three significant digits, or all digits of its whole part, in the largest unit it reaches. */
function withUnit(value: number, step: number, units: readonly string[]): string {
  let rest = Math.abs(value);
  let index = 0;
  // 999.9 rounds to 1000, which belongs to the next unit.
  while (index < units.length - 1 && Number(digits(rest)) >= step) {
    rest /= step;
    index += 1;
  }
  const unit = units[index] ?? "";
  const space = unit.length > 1 || unit === "B" || unit === "s" ? " " : "";
  return `${value < 0 ? "-" : ""}${digits(rest)}${space}${unit}`;
}

/** Three significant digits without trailing zeros after the point: `1.5`, `12.3`, `123`, `1010`. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
}

function unparsable(what: string, text: string, expected: string): RangeError {
  return new RangeError(`Cannot parse ${what}: ${JSON.stringify(text)}, expected ${expected}`);
}
