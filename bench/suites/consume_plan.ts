/**
 * What the suite `consume` measures: which work on which ring, beside which peers, and what each comparison is to reach.
 * Relies on nothing that runs.
 *
 * @module
 */

import type { Delivery } from "../peers/eventpipe_readers.ts";
import type { CPeer } from "../peers/programs.ts";

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
  readonly ring: "perf" | "ringbuf";
  readonly delivery: Delivery;
  /** 0 where nothing is delivered. */
  readonly handlers: number;
  readonly ringBytes: number;
  readonly payload: PayloadPlan;
  readonly peers: readonly CPeer[];
}

/** How much is measured. */
export interface ConsumeSize {
  /** How often the programs are started anew for each plan. */
  readonly launches: number;
  /** Rounds per launch: a block of each program. */
  readonly rounds: number;
  /** Blocks in front of them that are thrown away, while the just-in-time compiler is at work. */
  readonly warmUpRounds: number;
  /** Whether deliveries are measured on small rings only. */
  readonly isQuick: boolean;
}

/** A plain run: 200 pairs. */
export const FULL: ConsumeSize = { launches: 10, rounds: 20, warmUpRounds: 40, isQuick: false };

/** A look: 40 pairs, in less than 3 minutes. */
export const QUICK: ConsumeSize = { launches: 5, rounds: 8, warmUpRounds: 24, isQuick: true };

const KIB = 1024;
const MIB = 1024 * KIB;
const RINGS = [256 * KIB, 2 * MIB] as const;

const SMALL: PayloadPlan = { label: "32 B", payloadBytes: 32, payloadSteps: 1 };
const PAYLOADS: readonly PayloadPlan[] = [
  SMALL,
  { label: "128 B", payloadBytes: 128, payloadSteps: 1 },
  { label: "1024 B", payloadBytes: 1024, payloadSteps: 1 },
  { label: "28 to 140 B", payloadBytes: 28, payloadSteps: 15 },
];

/**
 * Lists what is measured.
 *
 * @param size How much.
 * @returns The plans in the order they are measured.
 */
export function planConsume({ isQuick }: Pick<ConsumeSize, "isQuick">): ConsumePlan[] {
  const deliveryRings = isQuick ? RINGS.slice(0, 1) : RINGS;
  const scans = RINGS.flatMap((ringBytes) =>
    PAYLOADS.map((payload): ConsumePlan => ({
      ring: "perf",
      delivery: "scan",
      handlers: 0,
      ringBytes,
      payload,
      peers: ["perf_buffer", "perf_walk"],
    }))
  );
  const deliveries = deliveryRings.flatMap((ringBytes) =>
    ([["each", 1], ["each", 4], ["each", 16], ["batch", 4], ["batch", 16]] as const).map((
      [delivery, handlers],
    ): ConsumePlan => ({
      ring: "perf",
      delivery,
      handlers,
      ringBytes,
      payload: SMALL,
      peers: ["perf_buffer"],
    }))
  );
  const ringbufs = ([["scan", 0], ["each", 4]] as const).map(([delivery, handlers]): ConsumePlan => ({
    ring: "ringbuf",
    delivery,
    handlers,
    ringBytes: MIB,
    payload: SMALL,
    peers: ["ring_buffer"],
  }));
  return [...scans, ...deliveries, ...ringbufs];
}

/** A row of the table of goals: the worst of its comparisons counts. */
export interface Goal {
  /** What is compared. */
  readonly what: string;
  /** Over which peer. */
  readonly peer: CPeer;
  /** The ratio it must not be above. */
  readonly atMost: number;
  /** The ratio it is to reach. */
  readonly goal: number;
  /** Whether a plan is one of its comparisons. */
  covers(plan: ConsumePlan): boolean;
}

/** What the suite is to reach, as ratios of time per event. */
export const GOALS: readonly Goal[] = [
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
];

function isPerf(delivery: Delivery): (plan: ConsumePlan) => boolean {
  return (plan) => plan.ring === "perf" && plan.delivery === delivery;
}
