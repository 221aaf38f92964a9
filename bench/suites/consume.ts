/**
 * The suite `consume`: what it costs to take events out of a full ring, beside other programs in the same run. Needs two
 * things of the machine: the permission to load BPF programs, and clang with bpftool for the generator.
 *
 * @module
 */

import { allowedCpus, pinThread } from "../../src/ffi/affinity.ts";
import { measureNoiseFloor, type NoiseFloor } from "../measure/noise_floor.ts";
import { randomFrom } from "../measure/random.ts";
import { type AbsentPeer, buildPeers } from "../peers/programs.ts";
import {
  type ConsumeCell,
  consumeCells,
  judgeGoals,
  renderComparisons,
  renderGoals,
} from "./consume_cells.ts";
import { type ConsumeOutcome, measurePlan } from "./consume_measure.ts";
import { type ConsumePlan, type ConsumeSize, planConsume } from "./consume_plan.ts";

/** How the suite runs. */
export interface ConsumeOptions {
  /** How much is measured. */
  readonly size: ConsumeSize;
  /** Repeats orders, events and intervals; goes into the environment's `seeds`. */
  readonly seed: number;
  /** What is measured; all plans of the size unless given. */
  readonly plans?: readonly ConsumePlan[];
  /** Called behind each plan. */
  readonly onMeasured: (outcome: ConsumeOutcome, done: number, total: number) => void;
  /** Asked in front of each plan. */
  readonly isInterrupted: () => boolean;
}

/** What the suite measured. */
export interface ConsumeRun {
  readonly cells: readonly ConsumeCell[];
  readonly absent: readonly AbsentPeer[];
  /** Of the consumer's CPU, in front of the first plan. */
  readonly noiseFloor: NoiseFloor;
  /** What ended the run before its last plan, if that was a failure; null if not. */
  readonly failure: unknown;
  /** The tables in Markdown, with what is absent behind them. */
  readonly text: string;
}

/** How long the noise floor is measured. */
const NOISE_FLOOR_MS = 1000;

/**
 * Measures the suite. The calling thread stays on the producer's CPU from then on.
 *
 * @param options How.
 * @returns Cells and tables; fewer cells if it was interrupted or failed behind the first plan.
 * @throws {MissingToolError} If the generator cannot be built here.
 * @throws {Error} If a program fails in the first plan, or programs did not read the same events there.
 */
export async function runConsume(options: ConsumeOptions): Promise<ConsumeRun> {
  const { size, seed, plans = planConsume(size), onMeasured, isInterrupted } = options;
  const programs = await buildPeers();
  const allowed = allowedCpus();
  const producerCpu = allowed[0]!;
  const consumerCpu = allowed.at(-1)!;
  pinThread(consumerCpu);
  const noiseFloor = measureNoiseFloor(NOISE_FLOOR_MS);
  // Between blocks this thread only waits; the programs inherit the CPU and leave it for the consumer's.
  pinThread(producerCpu);
  const random = randomFrom(seed);
  const parties = { programs, producerCpu, consumerCpu, random, seed };
  const outcomes: ConsumeOutcome[] = [];
  let failure: unknown = null;
  for (const plan of plans) {
    if (isInterrupted()) break;
    try {
      outcomes.push(await measurePlan(plan, size, parties));
    } catch (error) {
      // Ctrl-C ends the programs too. What was measured before is published all the same.
      if (isInterrupted()) break;
      if (outcomes.length === 0) throw error;
      failure = error;
      break;
    }
    onMeasured(outcomes.at(-1)!, outcomes.length, plans.length);
  }
  return {
    cells: outcomes.flatMap(consumeCells),
    absent: programs.absent,
    noiseFloor,
    failure,
    text: [
      renderGoals(judgeGoals(outcomes)),
      renderComparisons(outcomes),
      ...programs.absent.map(({ name, reason }) => `Not measured: ${name}: ${reason}.`),
      noiseText(noiseFloor),
    ].join("\n\n"),
  };
}

function noiseText({ spanNs, lostShare, longestNs, readingNs }: NoiseFloor): string {
  return `Noise floor of the consumer's CPU: a loop that only reads the clock (${
    readingNs.toFixed(0)
  } ns each) lost ${(lostShare * 100).toFixed(1)} % of ${
    (spanNs / 1e9).toFixed(1)
  } s in gaps above 5 us, the longest ${(longestNs / 1e6).toFixed(2)} ms.`;
}
