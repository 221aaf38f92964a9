/** Tests of the units parser and its formatters: tables of accepted and refused texts, and the round trip. */

import { assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  formatBytes,
  formatCount,
  formatNs,
  parseBytes,
  parseCount,
  parseDurationMs,
  parseRate,
} from "../../../src/cli/units.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("parseDurationMs reads every unit as milliseconds and a bare number as seconds", () => {
  const table: [string, number][] = [
    ["10s", 10_000],
    ["250ms", 250],
    ["500us", 0.5],
    ["100ns", 1e-4],
    ["2m", 120_000],
    ["2min", 120_000],
    ["1h", 3_600_000],
    ["1.5", 1500],
    [".5s", 500],
    ["0", 0],
    [" 3 s ", 3000],
  ];
  for (const [text, ms] of table) assertEquals(parseDurationMs(text), ms, text);
});

Deno.test("parseBytes reads binary units in either case and a bare number as bytes", () => {
  const table: [string, number][] = [
    ["65536", 65536],
    ["0", 0],
    ["12B", 12],
    ["256KiB", 256 * KIB],
    ["16Ki", 16 * KIB],
    ["64k", 64 * KIB],
    ["64K", 64 * KIB],
    ["1MiB", MIB],
    ["8m", 8 * MIB],
    ["1.5KiB", 1536],
    ["1 GiB", 1024 * MIB],
  ];
  for (const [text, bytes] of table) assertEquals(parseBytes(text), bytes, text);
});

Deno.test("parseRate reads powers of 1000 per second", () => {
  const table: [string, number][] = [
    ["500", 500],
    ["200k", 200_000],
    ["200K", 200_000],
    ["1M", 1_000_000],
    ["1.5M/s", 1_500_000],
    ["2G", 2e9],
    ["0.5", 0.5],
  ];
  for (const [text, rate] of table) assertEquals(parseRate(text), rate, text);
});

Deno.test("parseCount reads digits alone", () => {
  assertEquals(parseCount("512"), 512);
  assertEquals(parseCount("9007199254740991"), Number.MAX_SAFE_INTEGER);
  for (const text of ["", "-1", "1.5", "1e3", "0x10", "1k", " 1", "9007199254740992"]) {
    assertThrows(() => parseCount(text), RangeError, `Cannot parse count: ${JSON.stringify(text)}, expected`);
  }
});

Deno.test("parseDurationMs, parseBytes and parseRate refuse what they do not know, and quote it", () => {
  const common = ["", "x", "-1", "+1", "1e3", "0x10", "1,5", "1.", "NaN", "Infinity", "10 10", "10__proto__"];
  const table: [(text: string) => number, string, string[]][] = [
    [parseDurationMs, "time", [...common, "10sec", "1d", "5M", "10KiB", "10constructor"]],
    [parseBytes, "size", [...common, "64KB", "64kb", "1MB", "0.5", "1.0001KiB", "10s", "9007199254740992"]],
    [parseRate, "rate", [...common, "5m", "10s", "1KiB", "10/m", `${"9".repeat(320)}`]],
  ];
  for (const [parse, what, texts] of table) {
    for (const text of texts) {
      assertThrows(() => parse(text), RangeError, `Cannot parse ${what}: ${JSON.stringify(text)}, expected`);
    }
  }
});

Deno.test("formatBytes, formatCount and formatNs write three digits and the largest unit reached", () => {
  const table: [(value: number) => string, number, string][] = [
    [formatBytes, 0, "0 B"],
    [formatBytes, 1000, "1000 B"],
    [formatBytes, 1536, "1.5 KiB"],
    [formatBytes, 256 * KIB, "256 KiB"],
    [formatBytes, MIB - 1, "1 MiB"],
    [formatBytes, 1010 * MIB, "1010 MiB"],
    [formatCount, 0, "0"],
    [formatCount, 999, "999"],
    [formatCount, 999.6, "1k"],
    [formatCount, 200_000, "200k"],
    [formatCount, 1_234_567, "1.23M"],
    [formatNs, 0.25, "0.25 ns"],
    [formatNs, 999, "999 ns"],
    [formatNs, 1234, "1.23 us"],
    [formatNs, 45_600_000, "45.6 ms"],
    [formatNs, 12e9, "12 s"],
    [formatNs, -1500, "-1.5 us"],
  ];
  for (const [format, value, text] of table) assertEquals(format(value), text);
});

Deno.test("parse(format(x)) is x within half a unit of the third digit", () => {
  const table: [(text: string) => number, (value: number) => string, number, number][] = [
    [parseRate, formatCount, 1, 1e12],
    [(text) => parseDurationMs(text) * 1e6, formatNs, 1, 1e13],
  ];
  for (const [parse, format, min, max] of table) {
    fc.assert(fc.property(fc.double({ min, max, noNaN: true }), (value) => {
      assertLess(Math.abs(parse(format(value)) - value), 0.0051 * value);
    }));
  }
});

Deno.test("parseBytes(formatBytes(x)) is x for every power of two", () => {
  for (let exponent = 0; exponent < 40; exponent++) {
    assertEquals(parseBytes(formatBytes(2 ** exponent)), 2 ** exponent);
  }
});
