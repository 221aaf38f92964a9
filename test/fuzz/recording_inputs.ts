/**
 * Recordings that the fuzzer makes up: as recorders write them and others, whole and damaged.
 *
 * @module
 */

import { type Random, weigh } from "./random.ts";
import type { Block, BlockType, Damage, RecordingInput } from "./recording_file.ts";

/** Headers with something else in them. */
const HEADERS: readonly RecordingInput["header"][] = [
  { ring: "other" },
  { rings: [] },
  { rings: 1 },
  { rings: [{ cpu: 0, bytes: 4095 }] },
  { rings: [{ cpu: 0, bytes: 6144 }] },
  { rings: [{ cpu: -2, bytes: 4096 }] },
  { rings: [{ cpu: 0, bytes: 4096 }, { cpu: 1, bytes: 8192 }] },
  { rings: [{ cpu: 0, bytes: 2 ** 30 }] },
  { rings: [{ cpu: 0, bytes: 2 ** 29 }] },
  { rings: [{ cpu: 0, bytes: 2 ** 31 }] },
  { rings: [{ cpu: 0, bytes: 2 ** 30 }, { cpu: 1, bytes: 2 ** 30 }] },
  { rings: [null] },
  { samples: "whole" },
  { samples: "none" },
  { dispatchBy: "all" },
  { categories: [1] },
  { countsLosses: false },
  { pageBytes: 0 },
  { kernel: 6 },
  { wallOffsetNs: "-123456789012" },
  { wallOffsetNs: "1.5" },
  { started: "never" },
  { command: null },
  { later: [1, { two: 2 }] },
];

const TEXTS = [
  "",
  "{}",
  "null",
  "[1]",
  '{"lost":[0]}',
  '{"lost":[-1]}',
  '{"lost":[1e400]}',
  '{"lost":["1"]}',
  '{"maxBytes":0}',
  '{"maxBytes":9007199254740993}',
  '{"finished":"never","statistics":{"cpus":[{"lost":0}],"categories":[]}}',
  '{"finished":"2026-01-02","statistics":{"cpus":[{"lost":0}],"categories":[{"name":"a"}]}}',
  '{"finished":"2026-01-02","statistics":{"cpus":[0],"categories":[]}}',
  '{"finished":"2026-01-02","statistics":{"cpus":[{"lost":0}],"categories":[{}]}}',
  '{"finished":"2026-01-02","statistics":[]}',
  "[".repeat(3000),
];

const TYPES: readonly BlockType[] = ["HEAD", "DATA", "LOST", "LEFT", "LIMT", "END ", "NEXT"];

const FIELDS = ["type", "length", "contentCrc", "headCrc"] as const;

/** Lengths at the bounds of what a block may have. */
const LENGTHS = [0, 8, 11, 12, 4096, 4108, 4109, 2 ** 24, 2 ** 24 + 1, 2 ** 30 + 12, 2 ** 32 - 1];

/**
 * Makes up a recording.
 *
 * @param random Where all its chances come from.
 * @returns The recording.
 */
export function makeRecording(random: Random): RecordingInput {
  const ring = random.pick(["perf", "ringbuf"] as const);
  const isLarge = random.oneIn(2000);
  const rings = isLarge ? [2 ** 20] : random.pick<readonly number[]>(RINGS[ring]);
  const blocks = Array.from({ length: random.below(8) }, () => random.pick(BLOCKS)(random, rings.length));
  // More than is read from the file at once.
  const large: Block[] = [300, 600].map((count) => ({
    do: "data",
    ring: 0,
    count,
    bytes: 1000,
    slip: 0,
    more: 0,
  }));
  if (isLarge) blocks.unshift(...large);
  if (random.oneIn(2)) blocks.push({ do: "end" });
  return {
    ring,
    rings,
    low: 8 * random.below(64) + (random.oneIn(2) ? 0 : 2 ** 32 - 512),
    header: random.oneIn(12) ? random.pick(HEADERS) : {},
    blocks,
    damage: Array.from({ length: random.below(3) }, () => random.pick(DAMAGES)(random)),
    isReplayed: random.oneIn(16),
  };
}

const RINGS = {
  perf: [[4096], [4096], [4096, 4096], [8192, 8192, 8192]],
  ringbuf: [[4096], [4096], [4096, 8192], [8192, 4096, 4096]],
} as const;

const BLOCKS = weigh<(random: Random, rings: number) => Block>(
  [10, (random, rings) => ({
    do: "data",
    ring: ringOf(random, rings),
    count: random.below(6),
    bytes: random.between(4, 80),
    slip: random.oneIn(20) ? random.between(-8, 8) : 0,
    more: random.oneIn(12) ? random.between(-16, random.oneIn(4) ? 2 ** 31 : 64) : 0,
  })],
  [2, (random) => ({ do: "data", ring: 0, count: random.between(40, 60), bytes: 60, slip: 0, more: 0 })],
  [
    2,
    (random, rings) => ({
      do: "left",
      ring: ringOf(random, rings),
      back: random.oneIn(2) ? 0 : random.below(random.oneIn(3) ? 6000 : 300),
    }),
  ],
  [2, (random) => ({ do: "lost", count: random.below(10) })],
  [1, (random) => ({ do: "limit", maxBytes: random.below(1000) })],
  [1, () => ({ do: "end" })],
  [1, (random) => ({ do: "text", type: random.pick(TYPES), text: random.pick(TEXTS) })],
  [
    1,
    (random) => ({ do: "noise", type: random.pick(TYPES), bytes: random.below(40), seed: random.below(256) }),
  ],
);

/** One that there is, nearly always. */
function ringOf(random: Random, rings: number): number {
  return random.below(random.oneIn(40) ? rings + 1 : rings);
}

const DAMAGES = weigh<(random: Random) => Damage>(
  [4, (random) => ({ do: "flip", at: random.below(2000), xor: random.between(1, 255) })],
  [3, (random) => ({ do: "cut", bytes: random.below(random.pick([20, 400, 2000])) })],
  [1, (random) => ({ do: "append", bytes: random.between(1, 40) })],
  [1, (random) => ({ do: "version", value: random.below(4) })],
  [
    4,
    (random) => ({
      do: "word",
      block: random.below(9),
      at: random.below(90),
      value: random.oneIn(2) ? random.word() : random.below(9),
    }),
  ],
  [
    4,
    (random) => ({
      do: "head",
      block: random.below(9),
      field: random.pick(FIELDS),
      value: random.oneIn(2) ? random.pick(LENGTHS) : random.word(),
    }),
  ],
  [3, (random) => ({ do: random.pick(["drop", "repeat", "swap"] as const), block: random.below(9) })],
);
