/**
 * What the suites `consume` and `backends` measure: which work on which ring, beside which peers, and what each comparison
 * is to reach.
 *
 * @module
 */

import type { ScannerKind } from "../../src/ring/scanner.ts";
import type { Delivery } from "../peers/eventpipe_readers.ts";
import type { PeerName } from "../peers/programs.ts";
import type { PairedSize } from "./paired.ts";

/** Sizes of events. */
export interface PayloadPlan {
  /** As a report tells it. */
  readonly label: string;
  /** Bytes of the shortest from their category on. */
  readonly payloadBytes: number;
  /** How many sizes, each 8 bytes above the one before. */
  readonly payloadSteps: number;
}

/** One configuration, measured beside each of its peers. */
export interface ConsumePlan {
  readonly suite: "consume" | "backends";
  readonly ring: "perf" | "ringbuf";
  /** eventpipe's; others have their own. */
  readonly scanner: ScannerKind;
  readonly delivery: Delivery;
  /** 0 where nothing is delivered. */
  readonly handlers: number;
  readonly ringBytes: number;
  /** How many rings of that size there are, of which one is filled. */
  readonly rings: number;
  readonly payload: PayloadPlan;
  /** Events in the ring when it is read; null for all that fit. */
  readonly events: number | null;
  readonly peers: readonly PeerName[];
}

/** How much is measured. */
export interface ConsumeSize extends PairedSize {
  /** Whether deliveries are measured on small rings only. */
  readonly isQuick: boolean;
}

/** A plain run: 200 pairs. */
export const FULL: ConsumeSize = { launches: 10, rounds: 20, warmUpRounds: 30, isQuick: false };

/** A look: 40 pairs. */
export const QUICK: ConsumeSize = { launches: 5, rounds: 8, warmUpRounds: 24, isQuick: true };

const KIB = 1024;
const MIB = 1024 * KIB;
const RINGS = [256 * KIB, 2 * MIB] as const;

const SMALL: PayloadPlan = { label: "32 B", payloadBytes: 32, payloadSteps: 1 };
const MIDDLE: PayloadPlan = { label: "128 B", payloadBytes: 128, payloadSteps: 1 };
const LARGE: PayloadPlan = { label: "1024 B", payloadBytes: 1024, payloadSteps: 1 };
const MIXED: PayloadPlan = { label: "28 to 140 B", payloadBytes: 28, payloadSteps: 15 };

/** So many that looking at each of them is what a drain costs. */
const MANY_RINGS = 256;

/** What most plans have in common. */
const PERF = {
  suite: "consume",
  ring: "perf",
  scanner: "ts",
  rings: 1,
  payload: SMALL,
  events: null,
} as const;

/**
 * Lists what the suite `consume` measures.
 *
 * @param size How much.
 * @param scanner eventpipe's scanner; many rings are measured with `ts` only.
 * @returns The plans in the order they are measured.
 */
export function planConsume(
  { isQuick }: Pick<ConsumeSize, "isQuick">,
  scanner: ScannerKind,
): ConsumePlan[] {
  const deliveryRings = isQuick ? RINGS.slice(0, 1) : RINGS;
  const scans = RINGS.flatMap((ringBytes) =>
    [SMALL, MIDDLE, LARGE, MIXED].map((payload): ConsumePlan => ({
      ...PERF,
      delivery: "scan",
      handlers: 0,
      ringBytes,
      payload,
      peers: ["perf_buffer", "perf_walk"],
    }))
  );
  const deliveries = deliveryRings.flatMap((ringBytes): ConsumePlan[] => [
    ...[1, 4, 16].map((handlers): ConsumePlan => ({
      ...PERF,
      delivery: "each",
      handlers,
      ringBytes,
      peers: ["perf_buffer", "go_perf"],
    })),
    ...[4, 16].map((handlers): ConsumePlan => ({
      ...PERF,
      delivery: "batch",
      handlers,
      ringBytes,
      peers: ["perf_buffer"],
    })),
    { ...PERF, delivery: "words", handlers: 1, ringBytes, payload: LARGE, peers: ["perf_buffer_words"] },
  ]);
  const drains = [1, 100].map((events): ConsumePlan => ({
    ...PERF,
    delivery: "each",
    handlers: 1,
    ringBytes: 32 * KIB,
    rings: MANY_RINGS,
    events,
    peers: ["perf_buffer"],
  }));
  const ringbufs = ([["scan", 0, ["ring_buffer"]], ["each", 4, ["ring_buffer", "go_ringbuf"]]] as const).map((
    [delivery, handlers, peers],
  ): ConsumePlan => ({ ...PERF, ring: "ringbuf", delivery, handlers, ringBytes: MIB, peers }));
  const plans = [...scans, ...deliveries, ...drains, ...ringbufs].map((plan) => ({ ...plan, scanner }));
  return scanner === "ts" ? plans : plans.filter(({ rings }) => rings === 1);
}

/**
 * Lists what the suite `backends` measures: the same events and the same work on each kind of ring.
 *
 * @param scanner eventpipe's scanner; memory rings have one only.
 * @returns The plans in the order they are measured.
 */
export function planBackends(scanner: ScannerKind): ConsumePlan[] {
  return [SMALL, MIDDLE, LARGE].flatMap((payload) =>
    ([["scan", 0], ["each", 4], ["batch", 4]] as const).map(([delivery, handlers]): ConsumePlan => ({
      ...PERF,
      suite: "backends",
      scanner,
      delivery,
      handlers,
      ringBytes: MIB,
      payload,
      peers: ["own_ringbuf", "own_memory"],
    }))
  );
}

/** A row of the table of goals: the worst of its comparisons counts. */
export interface ConsumeGoal {
  /** What is compared. */
  readonly what: string;
  /** Over which peer. */
  readonly peer: PeerName;
  /** The ratio it must not be above. */
  readonly atMost: number;
  /** The ratio it is to reach. */
  readonly goal: number;
  /** Whether a plan is one of its comparisons. */
  readonly covers: (plan: ConsumePlan) => boolean;
}

/** What the suite is to reach, as ratios of time per event. */
export const GOALS: readonly ConsumeGoal[] = [
  {
    what: "scan and validate, no handler",
    peer: "perf_buffer",
    atMost: 1.1,
    goal: 0.85,
    covers: isPerf("scan"),
  },
  {
    what: "scan and validate, 256 KiB",
    peer: "perf_walk",
    atMost: 1.4,
    goal: 1.1,
    covers: (plan) => isPerf("scan")(plan) && plan.ringBytes === RINGS[0],
  },
  {
    what: "scan and validate, 2 MiB",
    peer: "perf_walk",
    atMost: 1.2,
    goal: 1.0,
    covers: (plan) => isPerf("scan")(plan) && plan.ringBytes === RINGS[1],
  },
  {
    what: "public API in order; 1, 4, 16 handlers",
    peer: "perf_buffer",
    atMost: 2.9,
    goal: 1.8,
    covers: isPerf("each"),
  },
  {
    what: "public API in batches; 4, 16 handlers",
    peer: "perf_buffer",
    atMost: 1.5,
    goal: 1.2,
    covers: isPerf("batch"),
  },
  {
    what: "1,024 B summed as u32 words in place",
    peer: "perf_buffer_words",
    atMost: 2.5,
    goal: 1.5,
    covers: isPerf("words"),
  },
  {
    what: "BPF ring buffer, scan",
    peer: "ring_buffer",
    atMost: 1.0,
    goal: 0.85,
    covers: ({ ring, delivery }) => ring === "ringbuf" && delivery === "scan",
  },
  {
    what: "BPF ring buffer, public API in order",
    peer: "ring_buffer",
    atMost: 2.9,
    goal: 1.8,
    covers: ({ ring, delivery }) => ring === "ringbuf" && delivery === "each",
  },
  {
    what: "public API in order, against Go",
    peer: "go_perf",
    atMost: 0.5,
    goal: 0.2,
    covers: isPerf("each"),
  },
  {
    what: "BPF ring buffer, public API, against Go",
    peer: "go_ringbuf",
    atMost: 0.5,
    goal: 0.2,
    covers: ({ ring, delivery }) => ring === "ringbuf" && delivery === "each",
  },
  {
    what: "one drain of 256 rings of which one is active",
    peer: "perf_buffer",
    atMost: 1.3,
    goal: 0.5,
    covers: ({ rings }) => rings === MANY_RINGS,
  },
];

function isPerf(delivery: Delivery): (plan: ConsumePlan) => boolean {
  return (plan) => plan.ring === "perf" && plan.delivery === delivery && plan.rings === 1;
}
