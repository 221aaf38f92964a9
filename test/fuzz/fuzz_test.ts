/**
 * The fuzzer finds nothing in what parses rings and recordings, and finds it at once when one bound of it is missing: in
 * copies of the source, each without one check. Seeds and numbers of runs are fixed.
 *
 * Some checks have no copy here, since nothing changes without them:
 *
 * - PerfScanner, `limit === end` and `size > firstPart`: where a record passes the limit, it either passes the end too, or
 *   the head, for which `size <= left` is false. They stand against a producer that writes while one looks.
 * - PerfScanner, `batch.count === capacity` in front of other records: a full batch is delivered in any case.
 * - BlockCheck, the number of the ring: there is no size of a ring that is not there, which throws the same kind of error.
 */

import { assert, assertEquals } from "@std/assert";
import * as record from "../../src/record/mod.ts";
import { PerfScanner } from "../../src/ring/perf_scanner.ts";
import { RingbufScanner } from "../../src/ring/ringbuf_scanner.ts";
import { importMutant, type Mutant } from "./_mutants.ts";
import { fuzz, type Outcome, type Target } from "./engine.ts";
import { type PerfScannerClass, perfTarget } from "./perf_target.ts";
import { Random } from "./random.ts";
import { recordingTarget, type RecordModule } from "./recording_target.ts";
import { type RingbufScannerClass, ringbufTarget } from "./ringbuf_target.ts";
import { Scratch } from "./scratch.ts";

const SEED = 1;

/** Runs in which nothing is found; about a second. */
const RING_RUNS = 20_000;
const RECORDING_RUNS = 3000;

/** Runs in which a missing bound has to be found; a long campaign does as many in the first seconds. */
const MUTANT_RUNS = 30_000;

function run<I>(target: Target<I>, count: number, seed = SEED): Outcome<I> {
  return fuzz(target, seed, (runs) => runs < count);
}

function assertNothingFound<I>({ finding }: Outcome<I>): void {
  if (finding !== null) {
    throw new Error(`seed ${finding.seed}: ${JSON.stringify(finding.input)}`, { cause: finding.error });
  }
}

/** Found, and found again by its seed alone, with the same result. */
function assertFound<I>(target: Target<I>): void {
  const { finding } = run(target, MUTANT_RUNS);
  assert(finding !== null, "nothing was found");
  const again = run(target, 1, finding.seed).finding;
  assertEquals(again?.input, finding.input);
  assertEquals(String(again?.error), String(finding.error));
}

Deno.test("the scanner of perf rings does what the oracle says, whatever the producer does", () => {
  assertNothingFound(run(perfTarget(PerfScanner), RING_RUNS));
});

Deno.test("the scanner of BPF ring buffers does what the oracle says, whatever the producers do", () => {
  assertNothingFound(run(ringbufTarget(RingbufScanner), RING_RUNS));
});

Deno.test("the reader of recordings does what the oracle says, whatever the file holds", () => {
  using scratch = new Scratch();
  assertNothingFound(run(recordingTarget(record, scratch.path), RECORDING_RUNS));
});

for (
  const [name, from, to] of [
    ["takes sizes that are no multiple of 8", "BAD_SIZE_BITS = 0xffff0007", "BAD_SIZE_BITS = 0xffff0000"],
    ["takes a size of 0", "BAD_SIZE_BITS = 0xffff0007", "BAD_SIZE_BITS = 0x00000007"],
    ["takes any size", "if (((candidate - 8) & BAD_SIZE_BITS) !== 0) break;", ""],
    ["skips records of any size but 0", "((size - 8) & BAD_SIZE_BITS) !== 0 ||", "size === 0 ||"],
    ["takes a header of zeros for a record of 8 bytes", "let seen = 8 << 16;", "let seen = 0;"],
    ["takes records that pass the head", "next > limit || ", ""],
    ["takes a distance beyond the ring", "unread > ringBytes", "false"],
    ["takes positions that are no multiple of 8", "(position & 7) !== 0", "false"],
    ["takes any raw size", "rawBytes > size - RAW_DATA_AT", "false"],
    [
      "takes a raw size 4 bytes too large",
      "rawBytes > size - RAW_DATA_AT",
      "rawBytes > size - RAW_SIZE_AT",
    ],
    ["reads a category out of less than 4 bytes", "rawBytes >= 4 ?", "rawBytes >= 0 ?"],
    ["takes any size in a row", "((size - 8) & BAD_SIZE_BITS) === 0 && rawBytes", "rawBytes"],
    ["takes any raw size in a row", "rawBytes <= size - RAW_DATA_AT;", "true;"],
    ["reads a category out of less than 4 bytes in a row", "rawBytes >= CATEGORY_BYTES", "true"],
    [
      "takes records of any size in a row",
      "        if (view.getInt32(offset + 4, true) !== sizeWord) break;\n        if (view",
      "        if (view",
    ],
    [
      "takes records of any type in a row",
      "        if (view.getInt32(offset, true) !== PERF_RECORD_SAMPLE) break;\n" +
      "        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;\n" +
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count =",
      "        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;\n" +
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count =",
    ],
    [
      "takes raw data of any size in a row",
      "        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;\n" +
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count =",
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count =",
    ],
    [
      "takes a straddler of any size into a row",
      "        if (view.getInt32(offset + 4, true) !== sizeWord) break;\n        const",
      "        const",
    ],
    [
      "takes a straddler of any type into a row",
      "        if (view.getInt32(offset, true) !== PERF_RECORD_SAMPLE) break;\n" +
      "        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;\n" +
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count++",
      "        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;\n" +
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count++",
    ],
    [
      "takes a straddler with raw data of any size into a row",
      "        if (view.getInt32(offset + RAW_SIZE_AT, true) !== rawBytes) break;\n" +
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count++",
      "        categories[count] = view.getInt32(offset + RAW_DATA_AT, true);\n        count++",
    ],
    [
      "forgets to copy a straddler in a row",
      "        this.#bytes.copyWithin(end, data, data + size - firstPart);\n        if",
      "        if",
    ],
    ["takes a row that passes the head", "Math.floor(unread / size)", "Math.ceil(unread / size)"],
    ["takes a row beyond a batch", "Math.min(categories.length, Math.floor", "Math.max(0, Math.floor"],
    ["tells a row to be at the header", "data + RAW_DATA_AT;", "data;"],
    ["forgets a row that others follow", "        batch.list();\n", "        batch.clear();\n"],
    ["takes LOST records of any size", "size < LOST_RECORD.bytes", "false"],
    ["puts a loss among events", "if (batch.count > 0) break segment;", ""],
    ["takes straddlers that pass the head", " && size <= left", ""],
    [
      "looks for the head behind the ring's end",
      "Math.min(offset + ((head - position) >>> 0), end)",
      "offset + ((head - position) >>> 0)",
    ],
    [
      "copies the straddler's second part but for 4 bytes",
      "          this.#bytes.copyWithin(end, data, data + size - firstPart)",
      "          this.#bytes.copyWithin(end, data, data + size - firstPart - 4)",
    ],
    [
      "copies more than the spare memory holds",
      "          this.#bytes.copyWithin(end, data, data + size - firstPart)",
      "          this.#bytes.copyWithin(end, data, data + 65536)",
    ],
    ["looks 8 bytes beyond the straddler", "limit = offset + size;", "limit = offset + size + 8;"],
    ["fills a batch beyond its end", "offset < limit && count < capacity", "offset < limit"],
    ["gives up good records with the bad ones", "!healthy && count === 0", "!healthy"],
    [
      "gives up more bytes than the ring has",
      "Math.min((head - position) >>> 0, ringBytes)",
      "(head - position) >>> 0",
    ],
    ["looks for what vanished at heads that are no multiple of 8", "(head & 7) === 0 && this", "this"],
    [
      "tells of what vanished among other things",
      "if (begun === head && ",
      "if (count === 0 && position === head && ",
    ],
    ["tells of what vanished again and again", "this.#vanishedAt[ring] = head;", ""],
    ["forgets the tail's high word", "if (position < tail) {", "if (false) {"],
  ] as const
) {
  Deno.test(`a scanner of perf rings is found that ${name}`, async () => {
    const mutant = { name, file: "perf_scanner.ts", from, to };
    const module = await importMutant("ring", mutant.file, mutant) as { PerfScanner: PerfScannerClass };
    assertFound(perfTarget(module.PerfScanner));
  });
}

for (
  const [name, from, to] of [
    ["takes a distance beyond the ring", "if (unread > ringBytes) return this.#giveUp(ring, batch);", ""],
    ["takes positions that are no multiple of 8", "let healthy = (begun & 7) === 0;", "let healthy = true;"],
    [
      "takes records that pass the producer's position",
      "LENGTH_BITS || next > limit",
      "LENGTH_BITS",
    ],
    ["skips records that pass the producer's position", "healthy = next <= limit;", "healthy = true;"],
    [
      "takes a row that passes the producer's position",
      "length * stride) - stride) >> 2",
      "length * stride)) >> 2",
    ],
    ["takes records of any length in a row", " && words[at] === word", ""],
    ["reads categories of a row out of less than 4 bytes", "batch.sizeOf(0) < CATEGORY_BYTES", "false"],
    ["forgets a row that others follow", "        batch.list();\n", "        batch.count = 0;\n"],
    ["takes records that are busy", "if (!healthy || word < 0) break;", "if (!healthy) break;"],
    ["takes records that were discarded", "(word & BPF_RINGBUF_DISCARD_BIT) !== 0", "false"],
    ["sees a part of a length", "LENGTH_BITS = 0x3fffffff", "LENGTH_BITS = 0x3fffff"],
    ["takes the discard bit for length", "LENGTH_BITS = 0x3fffffff", "LENGTH_BITS = 0x7fffffff"],
    ["tells sizes below 0", "(size >>> 0) > LENGTH_BITS ||", "(word >>> 0) > LENGTH_BITS ||"],
    ["tells sizes below 0 in a row", "(size >>> 0) > LENGTH_BITS)", "(word >>> 0) > LENGTH_BITS)"],
    ["takes the bits of a length for its bytes", "(size >>> 0) > LENGTH_BITS ||", "size < 0 ||"],
    [
      "points behind a record without a payload",
      "word < this.#leadBytes ? 0 : this.#leadBytes;",
      "this.#leadBytes;",
    ],
    ["reads a category out of less than 4 bytes", "sizes[i]! >= CATEGORY_BYTES ?", "sizes[i]! >= 0 ?"],
    ["fills a batch beyond its end", "offset < limit && count < capacity", "offset < limit"],
    ["fills a full batch with what is short", " || batch.count === capacity", ""],
    ["gives up good records with the bad ones", "!healthy && batch.count === 0", "!healthy"],
    ["believes any high word", "(high ^ expected) === 0 ? head : this.#loadHead(ring)", "head"],
    ["believes a distance of 4 GiB", "distance <= BigInt(bytes) ? low", "true ? low"],
    ["tells of more bytes than the ring has", "Math.min(distance, this.#regions[ring]!.bytes)", "distance"],
    ["stores a wrong high word behind a leap", "low < 8 ? high - 1 : high", "high"],
    ["forgets the high word", "if (position < tail) this.#tailHigh[ring] = this.#tailHigh[ring]! + 1;", ""],
  ] as const
) {
  Deno.test(`a scanner of BPF ring buffers is found that ${name}`, async () => {
    const mutant = { name, file: "ringbuf_scanner.ts", from, to };
    const module = await importMutant("ring", mutant.file, mutant) as { RingbufScanner: RingbufScannerClass };
    assertFound(ringbufTarget(module.RingbufScanner));
  });
}

for (
  const [name, file, from, to] of [
    ["reads any file", "block_reader.ts", "MAGIC.some((byte, i) => byte !== head[i])", "false"],
    ["reads any version", "block_reader.ts", "if (version === VERSION) return null;", "return null;"],
    [
      "does not check the head of the file",
      "block_reader.ts",
      "view.getUint32(FILE_HEAD.crc, true) !== crc32(head.subarray(0, FILE_HEAD.crc))",
      "false",
    ],
    [
      "does not check the heads of blocks",
      "block_reader.ts",
      "view.getUint32(BLOCK_HEAD.headCrc, true) !== crc32(head.subarray(0, BLOCK_HEAD.headCrc))",
      "false",
    ],
    ["does not check contents", "block_reader.ts", "if (contentCrc !== crc32(content))", "if (false)"],
    [
      "believes any length",
      "block_reader.ts",
      "length > (type === BLOCK.DATA ? maxDataBytes : MAX_CONTENT_BYTES)",
      "false",
    ],
    [
      "takes memory for what the file does not hold",
      "block_reader.ts",
      "if (length > this.#fileBytes - this.position) return null;",
      "",
    ],
    [
      "loses what it has read of a long block",
      "block_reader.ts",
      "larger.set(this.#buffer.subarray(0, this.#end));",
      "",
    ],
    [
      "takes DATA that is too short",
      "recording.ts",
      'if (content.length < DATA_BLOCK.bytes) throw new TypeError("the block is too short");',
      "",
    ],
    [
      "takes more DATA than the position moved",
      "recording.ts",
      "Math.min(distance, this.#header.rings[ring]!.bytes)",
      "this.#header.rings[ring]!.bytes",
    ],
    [
      "takes more DATA than the ring holds",
      "recording.ts",
      "Math.min(distance, this.#header.rings[ring]!.bytes)",
      "distance",
    ],
    [
      "takes rings that jump",
      "recording.ts",
      "if (expected !== null && position !== expected) {",
      "if (false) {",
    ],
    [
      "takes DATA behind the closing of the pipe",
      "recording.ts",
      "if (this.#left.size > 0 && !this.#left.has(ring)) {",
      "if (false) {",
    ],
    [
      "takes LEFT of any length",
      "recording.ts",
      'if (content.length !== LEFT_BLOCK.bytes) throw new TypeError("the block is of a wrong length");',
      "",
    ],
    [
      "takes rings that are left in front of their beginning",
      "recording.ts",
      "unread > Math.min(moved, this.#header.rings[ring]!.bytes)",
      "unread > this.#header.rings[ring]!.bytes",
    ],
    [
      "takes rings that are left where they were overwritten",
      "recording.ts",
      "unread > Math.min(moved, this.#header.rings[ring]!.bytes)",
      "unread > moved",
    ],
    [
      "throws what JSON.parse does",
      "recording.ts",
      "error instanceof TypeError || error instanceof SyntaxError))",
      "error instanceof TypeError))",
    ],
    [
      "takes what stands behind the end",
      "recording.ts",
      "this.#end = this.#reader.isAtEnd",
      "this.#end = true",
    ],
    ["takes rings of any size", "header.ts", "  checkRings(ring, rings.map(({ bytes }) => bytes));\n", ""],
    [
      "takes rings that fit into no memory",
      "header.ts",
      "  layOutRings(sizes.length, first, PAGE_BYTES);\n",
      "",
    ],
    ["takes any number", "json.ts", "!Number.isSafeInteger(json)", 'typeof json !== "number"'],
    [
      "replays bytes behind the end of the ring",
      "replay_source.ts",
      "Math.min(bytes.length, ringBytes - start)",
      "bytes.length",
    ],
    ["replays at another place", "replay_source.ts", "const start = begun % ringBytes;", "const start = 0;"],
  ] as const
) {
  Deno.test(`a reader of recordings is found that ${name}`, async () => {
    using scratch = new Scratch();
    const mutant: Mutant = { name, file, from, to };
    const module = await importMutant("record", "mod.ts", mutant) as RecordModule;
    assertFound(recordingTarget(module, scratch.path));
  });
}

Deno.test("the same seed gives the same inputs, another one others", () => {
  using scratch = new Scratch();
  const inputs = (seed: number): string => {
    const random = new Random(seed);
    const targets: Target<unknown>[] = [
      perfTarget(PerfScanner),
      ringbufTarget(RingbufScanner),
      recordingTarget(record, scratch.path),
    ];
    return JSON.stringify(targets.map((target) => Array.from({ length: 50 }, () => target.generate(random))));
  };
  assertEquals(inputs(7), inputs(7));
  assert(inputs(7) !== inputs(8));
});
