/**
 * Recordings are replayed: the rings that a pipe reads then are checked against what the file says.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { EventPipe } from "../../src/pipe/event_pipe.ts";
import type { EventHandler } from "../../src/pipe/handlers.ts";
import type { RingTap } from "../../src/pipe/tap.ts";
import type { Replay } from "../../src/record/mod.ts";
import { layOutRings } from "../../src/ring/geometry.ts";
import { layOutRingbufs } from "../../src/ring/ringbuf_geometry.ts";
import { type Expected, type ExpectedBlock, expectEnd } from "./recording_oracle.ts";

const PAGE_BYTES = 4096;

/**
 * Replays a recording and checks that the pipe is shown all that was read of each ring, in one piece.
 *
 * @param replayed The replay.
 * @param expected What was read.
 * @param fileBytes The length of the file.
 * @throws {Error} If the pipe is shown anything else, or anything else is written.
 */
export function checkReplay(replayed: Replay, expected: Expected, fileBytes: number): void {
  const { header } = replayed;
  const sizes = header.rings.map(({ bytes }) => bytes);
  expectEnd(replayed.end, expected, fileBytes);
  const shown = sizes.map(() => ({ distance: 0, bytes: [] as Uint8Array[] }));
  const tap: RingTap = {
    onScanned(ring, { distance }, bytes): void {
      shown[ring]!.distance += distance;
      shown[ring]!.bytes.push(bytes.slice());
    },
  };
  const unknown: EventHandler = { name: "any", process: (event) => void event.bytes(0, event.size) };
  using pipe = EventPipe.open({ source: replayed.source, dispatchBy: header.dispatchBy, unknown, tap });
  try {
    replayed.run(pipe);
  } catch (error) {
    // A record in a BPF ring buffer that is not committed yet; recorders never write one.
    const isStuck = header.ring === "ringbuf" && error instanceof TypeError &&
      error.message.startsWith("Cannot replay: ");
    if (isStuck) return;
    throw error;
  }
  checkPages(header.ring, sizes, new Uint8Array(replayed.source.buffer));
  pipe.close();
  shown.forEach((each, ring) => checkShown(ring, each, sizes[ring]!, expected.blocks));
}

/** Compares what the pipe was shown of a ring with its blocks. */
function checkShown(
  ring: number,
  shown: { readonly distance: number; readonly bytes: readonly Uint8Array[] },
  ringBytes: number,
  blocks: readonly ExpectedBlock[],
): void {
  const data = blocks.filter((block) => block.type === "data").filter((block) => block.ring === ring);
  const moved = data.reduce((sum, block) => sum + block.distance, 0);
  // Low words of positions tell no longer distances.
  if (moved < 2 ** 31 && shown.distance !== moved) {
    throw new Error(`ring ${ring} was shown ${shown.distance} bytes, expected ${moved}`);
  }
  // Bytes are missing where positions were corrupt, and overwritten where more was left than the ring holds.
  const left = blocks.filter((block) => block.type === "left").find((block) => block.ring === ring);
  const rest = left === undefined ? 0 : moved - left.start;
  if (rest > ringBytes || data.some((block) => block.bytes.length < block.distance)) return;
  if (Buffer.compare(Buffer.concat(shown.bytes), Buffer.concat(data.map((block) => block.bytes))) !== 0) {
    throw new Error(`ring ${ring} was shown other bytes`);
  }
}

/** The pages in front of rings hold positions and nothing else. */
function checkPages(ring: "perf" | "ringbuf", sizes: readonly number[], bytes: Uint8Array): void {
  const pages = ring === "perf"
    ? layOutRings(sizes.length, sizes[0]!, PAGE_BYTES).regions.map(({ meta }) => [meta, 1024, 16] as const)
    : layOutRingbufs(sizes, PAGE_BYTES).regions.flatMap(({ consumer, producer }) => [
      [consumer, 0, 8] as const,
      [producer, 0, 8] as const,
    ]);
  for (const [page, at, length] of pages) {
    const copy = bytes.slice(page, page + PAGE_BYTES).fill(0, at, at + length);
    if (copy.some((byte) => byte !== 0)) throw new Error(`the page at ${page} was written`);
  }
}
