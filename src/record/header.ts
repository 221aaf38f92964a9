/**
 * The first block of a recording: what it is of, and all that is needed to read it on another machine. It is JSON, in
 * which readers ignore what they do not know.
 *
 * @module
 */

import { checkRingBytes, layOutRings } from "../ring/geometry.ts";
import { checkRingbufBytes, layOutRingbufs } from "../ring/ringbuf_geometry.ts";
import type { DispatchBy } from "../ring/scanner.ts";
import { arrayOf, integerOf, type Json, objectOf, oneOf, textOf } from "./json.ts";

/** One of the rings that were recorded. */
export interface RecordedRing {
  /** Its CPU; -1 for a ring that all CPUs wrote into. */
  readonly cpu: number;
  /** The size of its data, a power of two. */
  readonly bytes: number;
}

/** What a recording is of. */
export interface RecordingHeader {
  /** Whether the kernel or a program wrote the rings. */
  readonly source: "kernel" | "memory";
  /** The kind of the rings. */
  readonly ring: "perf" | "ringbuf";
  /** The rings by their index in the source. */
  readonly rings: readonly RecordedRing[];
  /** Whether a sample of a perf ring is raw data alone, or a whole of several fields. */
  readonly samples: "raw" | "whole";
  /** Whether events begin with a category. */
  readonly dispatchBy: DispatchBy;
  /** Names of the categories 0, 1, 2, ..., as far as they were known when the recording began. */
  readonly categories: readonly string[];
  /** Whether the source knew every loss. */
  readonly countsLosses: boolean;
  /** The page size of the machine. */
  readonly pageBytes: number;
  /** The release of the kernel; null if the rings are not the kernel's. */
  readonly kernel: string | null;
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC in ns, which makes times of events times of day; null as above. */
  readonly wallOffsetNs: bigint | null;
  /** When the recording began. */
  readonly started: Date;
  /** The command that recorded; empty if a program did. */
  readonly command: readonly string[];
}

/** The page size of rings in plain memory, where no hardware asks for another one. */
export const PAGE_BYTES = 4096;

/**
 * Writes a header.
 *
 * @param header The header.
 * @returns The content of its block.
 */
export function encodeHeader(header: RecordingHeader): Uint8Array<ArrayBuffer> {
  const { wallOffsetNs, started } = header;
  return new TextEncoder().encode(JSON.stringify({
    ...header,
    wallOffsetNs: wallOffsetNs === null ? null : String(wallOffsetNs),
    started: started.toISOString(),
  }));
}

/**
 * Reads a header. Nothing in it is trusted: rings that no memory could hold are refused.
 *
 * @param json The parsed content of its block.
 * @returns The header.
 * @throws {TypeError} If something is missing or of the wrong kind.
 * @throws {RangeError} If a ring is of a size that no ring can have, or all together are too large.
 */
export function decodeHeader(json: Json): RecordingHeader {
  const header = objectOf(json, "the header");
  const ring = oneOf(header.ring, "ring", ["perf", "ringbuf"]);
  const wallOffset = header.wallOffsetNs === null ? null : textOf(header.wallOffsetNs, "wallOffsetNs");
  const started = new Date(textOf(header.started, "started"));
  if (wallOffset !== null && !/^-?\d{1,20}$/.test(wallOffset)) {
    throw new TypeError("wallOffsetNs is no number");
  }
  if (Number.isNaN(started.getTime())) throw new TypeError("started is no time");
  const rings = arrayOf(header.rings, "rings").map((each) => {
    const { cpu, bytes } = objectOf(each, "rings");
    return { cpu: integerOf(cpu, "rings.cpu", -1), bytes: integerOf(bytes, "rings.bytes", 0) };
  });
  checkRings(ring, rings.map(({ bytes }) => bytes));
  return {
    source: oneOf(header.source, "source", ["kernel", "memory"]),
    ring,
    rings,
    samples: oneOf(header.samples, "samples", ["raw", "whole"]),
    dispatchBy: oneOf(header.dispatchBy, "dispatchBy", ["category", "all"]),
    categories: arrayOf(header.categories, "categories").map((name) => textOf(name, "categories")),
    countsLosses: header.countsLosses === true,
    pageBytes: integerOf(header.pageBytes, "pageBytes", 1),
    kernel: header.kernel === null ? null : textOf(header.kernel, "kernel"),
    wallOffsetNs: wallOffset === null ? null : BigInt(wallOffset),
    started,
    command: arrayOf(header.command, "command").map((word) => textOf(word, "command")),
  };
}

/**
 * Checks the sizes of rings that are to be recorded or replayed.
 *
 * @param ring The kind of the rings.
 * @param sizes The size of each.
 * @throws {RangeError} If there is none, one is of a size that no ring can have, the perf rings of a source differ, or
 * all together are too large.
 */
export function checkRings(ring: "perf" | "ringbuf", sizes: readonly number[]): void {
  const [first] = sizes;
  if (first === undefined) throw new RangeError("there is no ring");
  if (ring === "ringbuf") {
    for (const bytes of sizes) checkRingbufBytes(bytes, PAGE_BYTES);
    layOutRingbufs(sizes, PAGE_BYTES);
    return;
  }
  checkRingBytes(first, PAGE_BYTES);
  if (sizes.some((bytes) => bytes !== first)) {
    throw new RangeError("the perf rings of a source have one size");
  }
  layOutRings(sizes.length, first, PAGE_BYTES);
}
