/**
 * `deno task bench:self`, the self-check of the measuring: a program compared with itself must not be found different more often than intervals of
 * 95 % allow, and the same program made 5 % slower must be found slower. On real rings, with the peer that needs libbpf
 * only.
 *
 * @module
 */

import { runCommand } from "../../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK } from "../../src/cli/exit.ts";
import { allowedCpus, pinThread } from "../../src/ffi/affinity.ts";
import { binomialTail } from "../measure/binomial.ts";
import { measureRounds, pairRatios } from "../measure/blocks.ts";
import { ratioInterval } from "../measure/bootstrap.ts";
import { randomFrom } from "../measure/random.ts";
import { detectableEffect, type Verdict, verdictOf } from "../measure/verdict.ts";
import { Peer } from "../peers/peer.ts";
import { buildPeers, cPeerCommand } from "../peers/programs.ts";
import { eventsPerFill, type PeerBlock } from "../peers/protocol.ts";

/** How the check runs. */
export interface SelfCheckOptions {
  /** How often the program is compared with itself. */
  readonly comparisons: number;
  /** In how many of these it is compared once more, made slower. */
  readonly slowedComparisons: number;
  /** Repeats orders, events and intervals. */
  readonly seed: number;
}

/** What the check found. */
export interface SelfCheck {
  /** How often the program was found faster or slower than itself. */
  readonly different: number;
  /** How likely so many are, or more, if 5 % is the truth; the check rejects that below 0.05. */
  readonly probability: number;
  /** How often the slowed program was found slower. */
  readonly found: number;
  /** Whether both are as they must be. */
  readonly isPassed: boolean;
  /** The same in words. */
  readonly text: string;
}

const LAUNCHES = 5;
const ROUNDS = 8;
const WARM_UP_ROUNDS = 10;

/** A ring that is filled quickly: each of some ten thousand blocks takes about a millisecond. */
const RING = { ringBytes: 262_144, payloadBytes: 32, payloadSteps: 1 } as const;

/** What an interval of 95 % may be wrong. */
const FALSE_SHARE = 0.05;
/** How much slower the slowed program is, and how often that must be found. */
const SLOWED = 1.05;
const FOUND_SHARE = 0.8;

/** Resampled less often than for a report: it is done some hundred times. */
const RESAMPLES = 1000;

/**
 * Runs the check. The calling thread stays on the producer's CPU from then on.
 *
 * @param options How much.
 * @returns What was found.
 * @throws {Error} If the peer cannot be built or fails.
 */
export async function runSelfCheck(
  { comparisons, slowedComparisons, seed }: SelfCheckOptions,
): Promise<SelfCheck> {
  const random = randomFrom(seed);
  await using cleanup = new AsyncDisposableStack();
  const launches = await startLaunches(cleanup);
  for (const arms of launches) await measureRounds(arms, WARM_UP_ROUNDS, random);
  let different = 0;
  let found = 0;
  for (let i = 0; i < comparisons; i++) {
    const one: number[][] = [];
    const again: number[][] = [];
    const other: number[][] = [];
    for (const arms of launches) {
      const rounds = await measureRounds(arms, ROUNDS, random);
      one.push(rounds.get("one")!.map(nsOf));
      again.push(rounds.get("again")!.map(nsOf));
      other.push(rounds.get("other")!.map(nsOf));
    }
    const judge = (over: number[][], factor: number): Verdict => {
      const interval = (times: number[][], slowedBy: number): ReturnType<typeof ratioInterval> =>
        ratioInterval(
          times.map((launch, index) => pairRatios(launch, one[index]!).map((ratio) => ratio * slowedBy)),
          { seed: seed + i, resamples: RESAMPLES },
        );
      return verdictOf(interval(over, factor), detectableEffect(interval(again, 1)));
    };
    if (["faster", "slower"].includes(judge(other, 1))) different++;
    if (i < slowedComparisons && judge(other, SLOWED) === "slower") found++;
  }
  return describe(different, comparisons, found, slowedComparisons);
}

/** Three processes of one program per launch; all launches stand by while one is measured. */
async function startLaunches(cleanup: AsyncDisposableStack): Promise<Peer[][]> {
  const programs = await buildPeers();
  const allowed = allowedCpus();
  const producerCpu = allowed[0]!;
  const events = eventsPerFill(RING);
  const config = { ...RING, producerCpu, consumerCpu: allowed.at(-1)!, handlers: 0, events };
  const argv = cPeerCommand(programs, "perf_buffer", config);
  if (argv === null) {
    const reasons = programs.absent.map(({ name, reason }) => `${name}: ${reason}`);
    throw new Error(`Cannot check the measuring: its program was not built; ${reasons.join("; ")}`);
  }
  pinThread(producerCpu);
  const launches: Peer[][] = [];
  for (let launch = 0; launch < LAUNCHES; launch++) {
    const arms: Peer[] = [];
    for (const name of ["one", "again", "other"]) {
      arms.push(cleanup.use(await Peer.start({ name, argv, fills: 1 })));
    }
    launches.push(arms);
  }
  return launches;
}

function describe(
  different: number,
  comparisons: number,
  found: number,
  slowedComparisons: number,
): SelfCheck {
  const probability = binomialTail(different, comparisons, FALSE_SHARE);
  const isPassed = probability >= 0.05 && found >= FOUND_SHARE * slowedComparisons;
  return {
    different,
    probability,
    found,
    isPassed,
    text: `A program was found different from itself in ${different} of ${comparisons} comparisons of ${
      LAUNCHES * ROUNDS
    } pairs (if 5 % is the truth, at least so many have a probability of ${
      probability.toFixed(3)
    }), and one ${
      Math.round((SLOWED - 1) * 100)
    } % slower was found slower in ${found} of ${slowedComparisons}: ${isPassed ? "passed" : "failed"}.`,
  };
}

function nsOf({ ns }: PeerBlock): number {
  return ns;
}

const COMMAND = {
  name: "bench:self",
  summary:
    "Compare a program 400 times with itself and 100 times with itself made 5 % slower: the measuring " +
    "must not find the first different and must find the second slower. Takes some minutes, more on a busy machine.",
  options: {},
} as const;

if (import.meta.main) {
  Deno.exitCode = await runCommand(COMMAND, Deno.args, async () => {
    const { text, isPassed } = await runSelfCheck({ comparisons: 400, slowedComparisons: 100, seed: 1 });
    console.log(text);
    return isPassed ? EXIT_OK : EXIT_FAILED;
  });
}
