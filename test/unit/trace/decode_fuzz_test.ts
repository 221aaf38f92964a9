/**
 * Random bytes as records of real events, of any length: the decoder never throws, reads nothing beyond the record, and what
 * it says is one line of JSON. Random damage to format files: they parse or are refused. Seeds are fixed.
 */

import { assert, assertEquals } from "@std/assert";
import { makeDecoder } from "../../../src/trace/decode.ts";
import { dataLocations, type EventFormat, parseFormat } from "../../../src/trace/format.ts";
import { symbolText } from "../../../src/trace/symbols.ts";
import { fixture, fixtureNames, fixtureText, jsonLine, location, made, randomWords } from "./_formats.ts";

const ROUNDS = 400;
/** The record stands here, so that reading in front of it would not fail but differ. */
const START = 24;

/** Strings as the kernel side may hand them over: texts with anything in them, errors, too few. */
const STRINGS: readonly (readonly (string | number)[])[] = [
  [],
  [-14],
  ['a"\n\u2028\ufffd\0', -14],
  [-1, ""],
  [-4095, -999999],
];

for (const name of fixtureNames()) {
  Deno.test(`${name} decodes random bytes of every length to one line of JSON`, () => {
    const format = fixture(name);
    const decode = makeDecoder(format);
    const fields = format.fields.map(({ name }) => name).filter((name) => name !== "__syscall_nr");
    const random = randomWords(0x9e3779b9);
    let whole = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = round % 4 === 0 ? format.size - 8 + random() % 64 : random() % (format.size + 16);
      const record = Uint8Array.from({ length: bytes }, () => random() % 3 === 0 ? random() : random() % 128);
      // Random words lead out of the record nearly always.
      if (round % 2 === 0) pointInside(format, record, random);
      const strings = STRINGS[random() % STRINGS.length]!;
      const lines = [0x00, 0xff].map((around) => {
        const memory = new Uint8Array(START + bytes + 128).fill(around);
        memory.set(record, START);
        return jsonLine(decode(new DataView(memory.buffer), START, bytes, strings));
      });
      assertEquals(lines[0], lines[1], "what stands around the record was read");
      assert(!lines[0]!.includes("\n"));
      const { args, reasons = {} } = JSON.parse(lines[0]!);
      assertEquals(Object.keys(args), fields);
      const nulls = fields.filter((field) => args[field] === null);
      assertEquals(Object.keys(reasons), nulls, "null and having a reason are one");
      if (Object.values(reasons).every((reason) => reason !== "outside of the record")) whole++;
    }
    assert(whole > 0, "no record was whole, so nothing was tested");
  });
}

/** Lets the locations of a record lead to places in it, if it is long enough, or a little beyond. */
function pointInside(format: EventFormat, record: Uint8Array, random: () => number): void {
  const view = new DataView(record.buffer);
  for (const offset of dataLocations(format)) {
    const length = random() % 20;
    const from = 8 + random() % Math.max(1, record.length - length + 2);
    if (offset - 8 + 4 <= record.length) view.setUint32(offset - 8, location(from, length), true);
  }
}

Deno.test("locations of any kind decode random words without leaving the record", () => {
  const format = made([["__data_loc char[] a", 4], ["__rel_loc u64[] b", 4], ["__data_loc s16[] c", 4]]);
  const decode = makeDecoder(format);
  const random = randomWords(7);
  let found = 0;
  for (let round = 0; round < 20_000; round++) {
    const view = new DataView(new ArrayBuffer(64));
    for (let i = 0; i < 3; i++) view.setUint32(4 * i, (random() % 40) * 65536 + random() % 80, true);
    const { args } = decode(view, 0, random() % 70, []);
    found += Object.values(args).filter((value) => value !== null).length;
  }
  assert(found > 1000, `${found} values were found`);
});

Deno.test("damaged format files are parsed or refused with a SyntaxError, names of values included", () => {
  const random = randomWords(99);
  const outcomes = { parsed: 0, refused: 0 };
  const texts = fixtureNames().map(fixtureText);
  for (let round = 0; round < 3000; round++) {
    const text = texts[random() % texts.length]!;
    const at = random() % text.length;
    const length = random() % 12;
    const damage = String.fromCharCode(...Array.from({ length: random() % 4 }, () => 9 + random() % 118));
    const damaged = text.slice(0, at) + damage + text.slice(random() % 5 === 0 ? text.length : at + length);
    try {
      const format = parseFormat(damaged);
      for (const symbols of format.symbols.values()) symbolText(symbols, random());
      makeDecoder(format)(new DataView(new ArrayBuffer(64)), 0, 64, []);
      outcomes.parsed++;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw new Error(damaged, { cause: error });
      outcomes.refused++;
    }
  }
  assert(outcomes.parsed > 100 && outcomes.refused > 100, JSON.stringify(outcomes));
});
