/**
 * The reader of recordings as a target: files as recorders write them and others, whole and damaged. What is read is held
 * against an oracle, and now and then replayed through a pipe.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { EventPipeError } from "../../src/errors.ts";
import type * as record from "../../src/record/mod.ts";
import { countAllocated } from "./allocations.ts";
import type { Target } from "./engine.ts";
import { headerText, recordingFile, type RecordingInput } from "./recording_file.ts";
import { makeRecording } from "./recording_inputs.ts";
import {
  type Expected,
  type ExpectedBlock,
  expectEnd,
  readBeginning,
  readExpected,
} from "./recording_oracle.ts";
import { checkReplay } from "./recording_replay.ts";

/** The module under test, or a broken one. */
export type RecordModule = Pick<typeof record, "DamagedRecordingError" | "Recording" | "Replay">;

const PAGE_BYTES = 4096;

/** Reading a file may take this much memory, beside the file itself, whatever it claims. */
const MAX_MEMORY_BYTES = 1024 * 1024;

/**
 * Makes the target.
 *
 * @param module What is to be tested.
 * @param path A file to write recordings to.
 * @returns The target.
 */
export function recordingTarget(module: RecordModule, path: string): Target<RecordingInput> {
  return {
    generate: makeRecording,
    accepts: ({ ring, rings, blocks }: RecordingInput): boolean =>
      (ring === "ringbuf" || new Set(rings).size === 1) &&
      rings.length > 0 && rings.every((bytes) => bytes >= 4096 && (bytes & (bytes - 1)) === 0) &&
      blocks.every((each) => each.do !== "data" || each.bytes >= 4),
    run: (input: RecordingInput): void => {
      const file = recordingFile(input);
      Deno.writeFileSync(path, file);
      const intended = Object.keys(input.header).length === 0 ? headerText(input) : null;
      const { bytes, result: read } = countAllocated(() => readFile(module, path, file, intended));
      if (bytes > MAX_MEMORY_BYTES + 4 * file.length) {
        throw new Error(`reading a file of ${file.length} bytes took ${bytes} bytes of memory`);
      }
      if (read === null || !input.isReplayed || sum(read.rings) > MAX_REPLAYED_BYTES) return;
      using replay = module.Replay.open(path);
      checkReplay(replay, read.expected, file.length);
    },
  };
}

/** Rings of a replay are made and thrown away each time. */
const MAX_REPLAYED_BYTES = 128 * 1024;

/** A recording that could be opened. */
interface Read {
  /** The size of each ring. */
  readonly rings: readonly number[];
  /** The rest of it. */
  readonly expected: Expected;
}

/**
 * Reads the file as users do and compares.
 *
 * @param intended The header with which it can be opened for sure; null if that is not known.
 * @returns Null if the file is refused.
 */
function readFile(
  module: RecordModule,
  path: string,
  file: Uint8Array,
  intended: string | null,
): Read | null {
  const beginning = readBeginning(file);
  let recording: record.Recording;
  try {
    recording = module.Recording.open(path);
  } catch (error) {
    if (!(error instanceof EventPipeError)) throw error;
    const isDamaged = error instanceof module.DamagedRecordingError;
    const isRight = isDamaged === (beginning.state !== "foreign") && beginning.header !== intended;
    if (!isRight || error.code !== "NOT_SUPPORTED") {
      throw new Error("the file can be opened", { cause: error });
    }
    return null;
  }
  try {
    if (beginning.state !== "header") throw new Error(`a file is opened that is ${beginning.state}`);
    const { header } = recording;
    const rings = header.rings.map(({ bytes }) => bytes);
    checkSizes(header.ring, rings);
    const expected = readExpected(file, beginning.next, rings);
    let index = 0;
    for (const block of recording.blocks()) compare(block, expected.blocks[index++]);
    if (index < expected.blocks.length) throw new Error(`block ${index} is missing`);
    expectEnd(recording.end, expected, file.length);
    return { rings, expected };
  } finally {
    recording.close();
  }
}

/** Rings that a header must not have make trouble everywhere else. */
function checkSizes(ring: "perf" | "ringbuf", sizes: readonly number[]): void {
  const copies = ring === "perf" ? 1 : 2;
  const isRight = sizes.length > 0 && (ring === "ringbuf" || new Set(sizes).size === 1) &&
    sizes.every((bytes) => Number.isInteger(Math.log2(bytes)) && bytes >= PAGE_BYTES) &&
    copies * sum(sizes) < 2 ** 31;
  if (!isRight) throw new Error(`a header is taken with rings of ${sizes}`);
}

function compare(found: record.RecordedBlock, expected: ExpectedBlock | undefined): void {
  const isSame = expected !== undefined && textOf(found) === textOf(expected) &&
    (found.type !== "data" || expected.type !== "data" || Buffer.compare(found.bytes, expected.bytes) === 0);
  if (!isSame) {
    throw new Error(
      `a block is ${textOf(found)}, expected ${expected === undefined ? "none" : textOf(expected)}`,
    );
  }
}

function textOf(block: record.RecordedBlock | ExpectedBlock): string {
  switch (block.type) {
    case "data":
      return `data ${block.ring} ${block.position} ${block.distance} ${block.start} ${block.bytes.length}`;
    case "losses":
      return `losses ${block.lost}`;
    case "left":
      return `left ${block.ring} ${block.start}`;
    case "limit":
      return `limit ${block.maxBytes}`;
    case "end":
      return `end ${Number(new Date(block.finished))}`;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
