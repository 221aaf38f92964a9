/**
 * The BPF ring buffer scanner as a target: producers that now and then break every rule, a reader in any step with them.
 *
 * @module
 */

import type { RingbufRegion } from "../../src/ring/ringbuf_geometry.ts";
import type { DispatchBy, Scanner } from "../../src/ring/scanner.ts";
import type { Target } from "./engine.ts";
import { type Random, weigh } from "./random.ts";
import { Reader, type ReaderStep } from "./reader.ts";
import { BUSY, DISCARD, RingbufRing, STALE_KINDS, steps } from "./ringbuf_ring.ts";
import { position, readerStep } from "./steps.ts";

/** What producers do. */
type ProducerStep =
  /** Records as the kernel writes them, with a bit in their length words or none; those that find no room are lost. */
  | { readonly do: "records"; readonly count: number; readonly bytes: number; readonly bit: number }
  /** A record, whether there is room or not. */
  | { readonly do: "overrun"; readonly bytes: number; readonly bit: number }
  /** A record whose length word may say anything. */
  | { readonly do: "record"; readonly word: number; readonly bytes: number }
  /** Bits of a length word go and come: a record is committed, discarded, or of another length. */
  | { readonly do: "spoil"; readonly at: number; readonly keep: number; readonly put: number }
  | { readonly do: "scribble"; readonly at: number; readonly value: number }
  | { readonly do: "producer"; readonly by: number; readonly high: number };

type Step = ProducerStep | ReaderStep;

/** A ring and what happens to it. */
export interface RingbufInput {
  /** The size of its data. */
  readonly ringBytes: number;
  /** Where both positions begin, in two words. */
  readonly high: number;
  readonly low: number;
  /** What stood in the ring before. */
  readonly stale: number;
  readonly dispatchBy: DispatchBy;
  readonly steps: readonly Step[];
}

/** Small rings mostly: they wrap often and are checked fast. */
const RING_SIZES = weigh([60, 64], [60, 128], [60, 256], [40, 512], [40, 1024], [8, 4096], [2, 16384]);

const BITS = weigh([8, 0], [2, DISCARD], [2, BUSY], [1, BUSY + DISCARD]);

const LENGTHS = [0, 1, 3, 4, 7, 8, 9, 16, 56, 64, 0x10000, 0x1fffffff, 0x3ffffff0, 0x3fffffff];

/** The scanner under test, or a broken one. */
export type RingbufScannerClass = new (
  buffer: ArrayBuffer,
  regions: readonly RingbufRegion[],
  dispatchBy: DispatchBy,
) => Scanner;

/**
 * Makes the target.
 *
 * @param Scanner The scanner to be tested.
 * @returns The target.
 */
export function ringbufTarget(Scanner: RingbufScannerClass): Target<RingbufInput> {
  const tables = new Map<number, { readonly ring: RingbufRing; readonly reader: Reader }>();
  return {
    generate: (random: Random): RingbufInput => {
      const ringBytes = random.pick(RING_SIZES);
      return {
        ringBytes,
        ...position(random, ringBytes),
        stale: random.below(STALE_KINDS),
        dispatchBy: random.oneIn(3) ? "all" : "category",
        steps: Array.from(
          { length: random.between(1, 24) },
          () => random.oneIn(2) ? readerStep(random) : random.pick(PRODUCER_STEPS)(random, ringBytes),
        ),
      };
    },
    accepts: ({ ringBytes, low }: RingbufInput): boolean =>
      ringBytes >= 64 && (ringBytes & (ringBytes - 1)) === 0 && low % 8 === 0,
    run: ({ ringBytes, high, low, stale, dispatchBy, steps }: RingbufInput): void => {
      let table = tables.get(ringBytes);
      if (table === undefined) {
        const ring = new RingbufRing(ringBytes);
        tables.set(ringBytes, table = { ring, reader: new Reader(ring) });
      }
      const { ring, reader } = table;
      ring.reset({ high, low }, stale, dispatchBy === "category");
      reader.attach(new Scanner(ring.memory.buffer, [ring.region], dispatchBy));
      for (const step of steps) if (!produce(ring, step)) reader.do(step as ReaderStep);
      // Whatever has happened: all up to a busy record is read or given up, and what comes behind a leap is read.
      reader.do({ do: "pass", commit: "batch" });
      ring.leap();
      reader.do({ do: "pass", commit: "batch" });
      ring.record(20, 32);
      reader.do({ do: "pass", commit: "record" });
    },
  };
}

const PRODUCER_STEPS = weigh<(random: Random, ringBytes: number) => ProducerStep>(
  [12, (random, ringBytes) => ({
    do: "records",
    count: recordCount(random),
    bytes: dataBytes(random, ringBytes),
    bit: random.pick(BITS),
  })],
  [
    1,
    (random, ringBytes) => ({ do: "overrun", bytes: dataBytes(random, ringBytes), bit: random.pick(BITS) }),
  ],
  [3, (random) => ({ do: "record", word: lengthWord(random), bytes: 8 * random.between(1, 12) })],
  [4, (random) => ({ do: "spoil", at: random.below(16), keep: DISCARD - 1, put: random.pick(BITS) })],
  [3, (random) => ({ do: "spoil", at: random.below(16), keep: 0, put: lengthWord(random) })],
  [2, (random, ringBytes) => ({ do: "scribble", at: 4 * random.below(ringBytes / 4), value: random.word() })],
  [
    2,
    (random, ringBytes) => ({
      do: "producer",
      by: 8 * random.between(-ringBytes / 4, ringBytes / 4),
      high: 0,
    }),
  ],
  [1, (random) => ({ do: "producer", by: random.word(), high: random.below(4) })],
  [1, (random, ringBytes) => ({ do: "producer", by: random.below(ringBytes), high: random.below(2) })],
);

function recordCount(random: Random): number {
  if (random.oneIn(40)) return random.between(250, 300); // more than a batch holds
  return random.oneIn(4) ? random.below(30) : 1;
}

function dataBytes(random: Random, ringBytes: number): number {
  // Else what just fits, and what just does not.
  return random.oneIn(12) ? ringBytes - 16 + random.between(-16, 8) : random.below(60);
}

function lengthWord(random: Random): number {
  const length = random.oneIn(2)
    ? random.pick(LENGTHS)
    : random.oneIn(4)
    ? random.below(DISCARD)
    : random.below(200);
  return random.pick(BITS) + length;
}

/** Does a producer's step; false if it is none. */
function produce(ring: RingbufRing, step: Step): boolean {
  switch (step.do) {
    case "records":
      for (let i = 0; i < step.count && ring.hasRoom(step.bytes); i++) {
        ring.record(step.bytes + step.bit, steps(step.bytes));
      }
      return true;
    case "overrun":
      ring.record(step.bytes + step.bit, steps(step.bytes));
      return true;
    case "record":
      ring.record(step.word, step.bytes);
      return true;
    case "spoil":
      ring.spoil(step.at, step.keep, step.put);
      return true;
    case "scribble":
      ring.scribble(step.at, step.value);
      return true;
    case "producer":
      ring.moveProducer(step.by, step.high);
      return true;
    default:
      return false;
  }
}
