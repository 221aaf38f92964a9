/**
 * Recordings as inputs of the fuzzer describe them: a file of blocks that a recorder could have written or not, and what
 * happens to it afterwards. The layout is that of docs/recordings.md.
 *
 * @module
 */

import { crc32 } from "node:zlib";

const FILE_HEAD_BYTES = 16;
const BLOCK_HEAD_BYTES = 16;

/** Types of blocks, and one that is not known. */
export type BlockType = "HEAD" | "DATA" | "LOST" | "LEFT" | "LIMT" | "END " | "NEXT";

/** A block that is written. */
export type Block =
  /** Records of one ring; `slip` bytes away from where its last ones ended, and moving `more` bytes further than they are. */
  | {
    readonly do: "data";
    readonly ring: number;
    readonly count: number;
    readonly bytes: number;
    readonly slip: number;
    readonly more: number;
  }
  | { readonly do: "left"; readonly ring: number; readonly back: number }
  | { readonly do: "lost"; readonly count: number }
  | { readonly do: "limit"; readonly maxBytes: number }
  | { readonly do: "end" }
  /** Any text as content. */
  | { readonly do: "text"; readonly type: BlockType; readonly text: string }
  /** Any bytes as content. */
  | { readonly do: "noise"; readonly type: BlockType; readonly bytes: number; readonly seed: number };

/** What happens to the file. The first five keep to blocks and make their checksums right again. */
export type Damage =
  | { readonly do: "drop" | "repeat" | "swap"; readonly block: number }
  /** A word of a block's content changes. */
  | { readonly do: "word"; readonly block: number; readonly at: number; readonly value: number }
  /** A field of a block's head changes; its checksum is right nevertheless, unless it is the field. */
  | {
    readonly do: "head";
    readonly block: number;
    readonly field: "type" | "length" | "contentCrc" | "headCrc";
    readonly value: number;
  }
  | { readonly do: "version"; readonly value: number }
  | { readonly do: "flip"; readonly at: number; readonly xor: number }
  | { readonly do: "cut"; readonly bytes: number }
  | { readonly do: "append"; readonly bytes: number };

/** A recording. */
export interface RecordingInput {
  readonly ring: "perf" | "ringbuf";
  /** The size of each ring. */
  readonly rings: readonly number[];
  /** The low word of the position at which all rings begin. */
  readonly low: number;
  /** Members of the header in place of the right ones. */
  readonly header: { readonly [key: string]: unknown };
  readonly blocks: readonly Block[];
  readonly damage: readonly Damage[];
  /** Whether it is replayed too. */
  readonly isReplayed: boolean;
}

const ENCODER = new TextEncoder();

/** Bytes that are no pattern. */
const NOISE = Uint8Array.from({ length: 4096 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);

const HEAD_FIELDS = { type: 0, length: 4, contentCrc: 8, headCrc: 12 } as const;

/**
 * The header of a recording, as JSON.
 *
 * @param input The recording.
 * @returns The text of its HEAD block.
 */
export function headerText({ ring, rings, header }: RecordingInput): string {
  return JSON.stringify({
    source: "memory",
    ring,
    rings: rings.map((bytes, cpu) => ({ cpu: ring === "perf" ? cpu : -1, bytes })),
    samples: "raw",
    dispatchBy: "category",
    categories: ["a", "b"],
    countsLosses: true,
    pageBytes: 4096,
    kernel: null,
    wallOffsetNs: null,
    started: "2026-01-02T03:04:05.678Z",
    command: [],
    ...header,
  });
}

/**
 * Writes a recording and damages it.
 *
 * @param input The recording.
 * @returns The bytes of the file.
 */
export function recordingFile(input: RecordingInput): Uint8Array<ArrayBuffer> {
  const blocks = [block("HEAD", bytesOf(headerText(input))), ...contents(input)];
  for (const each of input.damage) damageBlocks(blocks, each);
  let length = FILE_HEAD_BYTES;
  for (const { byteLength } of blocks) length += byteLength;
  const file = new Uint8Array(length);
  putFileHead(file, 1);
  let at = FILE_HEAD_BYTES;
  for (const each of blocks) {
    file.set(each, at);
    at += each.length;
  }
  return input.damage.reduce(damageFile, file);
}

/** The blocks behind the header. */
function contents({ ring, rings, low, blocks }: RecordingInput): Uint8Array<ArrayBuffer>[] {
  const positions = rings.map(() => low);
  return blocks.map((each) => {
    switch (each.do) {
      case "data": {
        const index = each.ring % rings.length;
        const bytes = ring === "perf" ? perfRecords(each) : ringbufRecords(each);
        const position = (positions[index]! + each.slip) >>> 0;
        const distance = Math.max(0, bytes.length + each.more) >>> 0;
        positions[index] = (position + distance) >>> 0;
        const content = new Uint8Array(12 + bytes.length);
        putWords(content, 0, each.ring, position, distance);
        content.set(bytes, 12);
        return block("DATA", content);
      }
      case "left": {
        const content = new Uint8Array(8);
        putWords(content, 0, each.ring, (positions[each.ring % rings.length]! - each.back) >>> 0);
        return block("LEFT", content);
      }
      case "lost":
        return block("LOST", bytesOf(JSON.stringify({ lost: rings.map(() => each.count) })));
      case "limit":
        return block("LIMT", bytesOf(JSON.stringify({ maxBytes: each.maxBytes })));
      case "end": {
        const statistics = { cpus: rings.map(() => ({ lost: 0 })), categories: [] };
        const finished = "2026-01-02T03:04:06Z";
        return block("END ", bytesOf(JSON.stringify({ finished, later: "x".repeat(30), statistics })));
      }
      case "text":
        return block(each.type, bytesOf(each.text));
      case "noise":
        return block(each.type, noise(each.bytes, each.seed));
    }
  });
}

/** Samples, as they stand in a perf ring. */
function perfRecords({ count, bytes }: { readonly count: number; readonly bytes: number }): Uint8Array {
  const step = (12 + bytes + 7) & ~7;
  const records = noise(count * step, count + bytes);
  for (let at = 0; at < records.length; at += step) {
    putWords(records, at, 9, (step << 16) | 1, step - 12, at % 3);
  }
  return records;
}

/** Records of a BPF ring buffer. */
function ringbufRecords({ count, bytes }: { readonly count: number; readonly bytes: number }): Uint8Array {
  const step = (8 + bytes + 7) & ~7;
  const records = noise(count * step, count + bytes);
  for (let at = 0; at < records.length; at += step) putWords(records, at, bytes, 3);
  return records;
}

function damageBlocks(blocks: Uint8Array<ArrayBuffer>[], damage: Damage): void {
  if (!("block" in damage) || blocks.length === 0) return;
  const index = damage.block % blocks.length;
  const copy = blocks[index]!.slice();
  switch (damage.do) {
    case "drop":
      blocks.splice(index, 1);
      return;
    case "repeat":
      blocks.splice(index, 0, copy);
      return;
    case "swap":
      blocks.splice(index, 1);
      blocks.splice(index + 1, 0, copy);
      return;
    case "word":
      if (copy.length < BLOCK_HEAD_BYTES + 4) return;
      putWord(copy, BLOCK_HEAD_BYTES + damage.at % (copy.length - BLOCK_HEAD_BYTES - 3), damage.value);
      putWord(copy, HEAD_FIELDS.contentCrc, crc32(copy.subarray(BLOCK_HEAD_BYTES)));
      break;
    case "head":
      putWord(copy, HEAD_FIELDS[damage.field], damage.value);
  }
  if (damage.do !== "head" || damage.field !== "headCrc") {
    putWord(copy, HEAD_FIELDS.headCrc, crc32(copy.subarray(0, HEAD_FIELDS.headCrc)));
  }
  blocks[index] = copy;
}

function damageFile(file: Uint8Array<ArrayBuffer>, damage: Damage): Uint8Array<ArrayBuffer> {
  switch (damage.do) {
    case "version":
      if (file.length >= FILE_HEAD_BYTES) putFileHead(file, damage.value);
      return file;
    case "flip":
      if (file.length > 0) file[damage.at % file.length]! ^= damage.xor;
      return file;
    case "cut":
      return file.slice(0, Math.max(0, file.length - damage.bytes));
    case "append": {
      const longer = new Uint8Array(file.length + damage.bytes);
      longer.set(file);
      longer.set(noise(damage.bytes, damage.bytes), file.length);
      return longer;
    }
    default:
      return file;
  }
}

function putFileHead(file: Uint8Array<ArrayBuffer>, version: number): void {
  file.set([0x89, 0x45, 0x56, 0x52, 0x0d, 0x0a, 0x1a, 0x0a]);
  putWord(file, 8, version);
  putWord(file, 12, crc32(file.subarray(0, 12)));
}

/** A block whose checksums are right. */
function block(type: BlockType, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK_HEAD_BYTES + content.length);
  bytes.set(content, BLOCK_HEAD_BYTES);
  for (let i = 0; i < 4; i++) bytes[i] = type.charCodeAt(i);
  putWord(bytes, HEAD_FIELDS.length, content.length);
  putWord(bytes, HEAD_FIELDS.contentCrc, crc32(content));
  putWord(bytes, HEAD_FIELDS.headCrc, crc32(bytes.subarray(0, HEAD_FIELDS.headCrc)));
  return bytes;
}

function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += NOISE.length) bytes.set(NOISE.subarray(0, length - at), at);
  if (length > 0) bytes[0] = seed;
  return bytes;
}

function bytesOf(text: string): Uint8Array {
  return ENCODER.encode(text);
}

function putWords(bytes: Uint8Array, at: number, ...words: readonly number[]): void {
  for (const [i, word] of words.entries()) putWord(bytes, at + 4 * i, word);
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = word >>> 8 * i;
}
