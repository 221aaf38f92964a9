/**
 * The perf scanner as a target: a producer that now and then breaks every rule, a reader in any step with it.
 *
 * @module
 */

import type { RingRegion } from "../../src/ring/geometry.ts";
import type { Scanner } from "../../src/ring/scanner.ts";
import type { Target } from "./engine.ts";
import { PerfRing, STALE_KINDS } from "./perf_ring.ts";
import { type Random, weigh } from "./random.ts";
import { Reader, type ReaderStep } from "./reader.ts";
import { position, readerStep } from "./steps.ts";

/** What a producer does. */
type ProducerStep =
  /** Samples as the kernel writes them; those that find no room are lost. */
  | { readonly do: "samples"; readonly count: number; readonly bytes: number }
  /** A sample, whether there is room or not. */
  | { readonly do: "overrun"; readonly bytes: number }
  | { readonly do: "lost"; readonly low: number; readonly high: number }
  /** A record of any type, whose header may say anything. */
  | {
    readonly do: "record";
    readonly type: number;
    readonly size: number;
    readonly bytes: number;
    readonly raw: number;
  }
  /** A sample that is longer than its header can say. */
  | { readonly do: "oversize"; readonly bytes: number }
  | {
    readonly do: "spoil";
    readonly at: number;
    readonly field: "type" | "size" | "raw";
    readonly value: number;
  }
  | { readonly do: "scribble"; readonly at: number; readonly value: number }
  | { readonly do: "head"; readonly by: number; readonly high: number };

type Step = ProducerStep | ReaderStep;

/** A ring and what happens to it. */
export interface PerfInput {
  /** The size of its data. */
  readonly ringBytes: number;
  /** Where head and tail begin, in two words. */
  readonly high: number;
  readonly low: number;
  /** What stood in the ring before. */
  readonly stale: number;
  readonly samples: "raw" | "whole";
  readonly steps: readonly Step[];
}

/** Small rings mostly: they wrap often and are checked fast. The greatest hold the longest record that there is. */
const RING_SIZES = weigh([60, 64], [60, 128], [60, 256], [40, 512], [40, 1024], [8, 4096], [2, 16384], [
  1,
  131072,
]);

/** The longest payload that a header can tell, and beyond. */
const MAX_PAYLOAD_BYTES = 65516;

const SIZES = [0, 4, 8, 12, 16, 20, 24, 32, 65528, 65535];
const RAW_SIZES = [0, 1, 3, 4, 5, 8, 12, 20, 0x7fffffff, 0x80000000, 0xfffffff4, 0xffffffff];
const TYPES = [0, 1, 2, 3, 5, 9, 13, 0x80000009];

/** The scanner under test, or a broken one. */
export type PerfScannerClass = new (
  buffer: ArrayBuffer,
  regions: readonly RingRegion[],
  samples: "raw" | "whole",
) => Scanner;

/**
 * Makes the target.
 *
 * @param Scanner The scanner to be tested.
 * @returns The target.
 */
export function perfTarget(Scanner: PerfScannerClass): Target<PerfInput> {
  const tables = new Map<number, { readonly ring: PerfRing; readonly reader: Reader }>();
  return {
    generate: (random: Random): PerfInput => {
      const ringBytes = random.pick(RING_SIZES);
      return {
        ringBytes,
        ...position(random, ringBytes),
        stale: random.below(STALE_KINDS),
        samples: random.oneIn(4) ? "whole" : "raw",
        steps: Array.from(
          { length: random.between(1, 24) },
          () => random.oneIn(2) ? readerStep(random) : random.pick(PRODUCER_STEPS)(random, ringBytes),
        ),
      };
    },
    accepts: ({ ringBytes, low }: PerfInput): boolean =>
      ringBytes >= 64 && (ringBytes & (ringBytes - 1)) === 0 && low % 8 === 0,
    run: ({ ringBytes, high, low, stale, samples, steps }: PerfInput): void => {
      let table = tables.get(ringBytes);
      if (table === undefined) {
        const ring = new PerfRing(ringBytes);
        tables.set(ringBytes, table = { ring, reader: new Reader(ring) });
      }
      const { ring, reader } = table;
      ring.reset({ high, low }, stale, samples === "whole");
      reader.attach(new Scanner(ring.memory.buffer, [ring.region], samples));
      for (const step of steps) if (!produce(ring, step)) reader.do(step as ReaderStep);
      // Whatever has happened: all is read or given up, and what comes then is read.
      reader.do({ do: "pass", commit: "batch" });
      ring.alignHead();
      reader.do({ do: "pass", commit: "batch" });
      ring.sample(20);
      reader.do({ do: "pass", commit: "record" });
    },
  };
}

const PRODUCER_STEPS = weigh<(random: Random, ringBytes: number) => ProducerStep>(
  [
    10,
    (random, ringBytes) => ({
      do: "samples",
      count: sampleCount(random),
      bytes: payloadBytes(random, ringBytes),
    }),
  ],
  [1, (random, ringBytes) => ({ do: "overrun", bytes: payloadBytes(random, ringBytes) })],
  [2, (random) => ({ do: "lost", low: random.below(10), high: random.oneIn(4) ? random.below(2 ** 21) : 0 })],
  [4, (random) => ({
    do: "record",
    type: random.pick(TYPES),
    size: recordSize(random),
    bytes: 8 * random.between(1, 12),
    raw: random.pick(RAW_SIZES),
  })],
  [1, (random) => {
    const bytes = 8 * random.between(1, 12);
    return { do: "record", type: random.pick(TYPES), size: bytes, bytes, raw: random.below(bytes) };
  }],
  // One that is longer than a ring of 64 KiB, where it would overwrite itself.
  [1, () => ({ do: "record", type: 9, size: 0, bytes: 0, raw: MAX_PAYLOAD_BYTES + 8 })],
  [1, (random) => ({ do: "oversize", bytes: MAX_PAYLOAD_BYTES + random.below(200) })],
  [4, (random) => ({ do: "spoil", at: random.below(16), field: "size", value: recordSize(random) })],
  [3, (random) => ({ do: "spoil", at: random.below(16), field: "raw", value: rawSize(random) })],
  [2, (random) => ({ do: "spoil", at: random.below(16), field: "type", value: random.pick(TYPES) })],
  [2, (random, ringBytes) => ({ do: "scribble", at: 4 * random.below(ringBytes / 4), value: random.word() })],
  [
    3,
    (random, ringBytes) => ({ do: "head", by: 8 * random.between(-ringBytes / 4, ringBytes / 4), high: 0 }),
  ],
  [1, (random) => ({ do: "head", by: random.word(), high: random.below(4) })],
);

function sampleCount(random: Random): number {
  if (random.oneIn(40)) return random.between(250, 300); // more than a batch holds
  return random.oneIn(4) ? random.below(30) : 1;
}

function payloadBytes(random: Random, ringBytes: number): number {
  if (!random.oneIn(12)) return random.between(1, 60);
  // What just fits, and what just does not.
  return Math.min(MAX_PAYLOAD_BYTES, ringBytes - 20 + random.between(-16, 8));
}

function recordSize(random: Random): number {
  return random.oneIn(2) ? random.pick(SIZES) : random.oneIn(4) ? random.below(65536) : 8 * random.below(40);
}

function rawSize(random: Random): number {
  return random.oneIn(2) ? random.pick(RAW_SIZES) : random.below(100);
}

/** Does a producer's step; false if it is none. */
function produce(ring: PerfRing, step: Step): boolean {
  switch (step.do) {
    case "samples":
      for (let i = 0; i < step.count && ring.hasRoom((12 + step.bytes + 7) & ~7); i++) {
        ring.sample(step.bytes);
      }
      return true;
    case "overrun":
      ring.sample(step.bytes);
      return true;
    case "lost":
      if (ring.hasRoom(24)) ring.lost(step.low, step.high);
      return true;
    case "record":
      ring.record(step.type, step.size, step.bytes, step.raw);
      return true;
    case "oversize":
      ring.oversize(step.bytes);
      return true;
    case "spoil":
      ring.spoil(step.at, step.field, step.value);
      return true;
    case "scribble":
      ring.scribble(step.at, step.value);
      return true;
    case "head":
      ring.moveHead(step.by, step.high);
      return true;
    default:
      return false;
  }
}
