/**
 * `deno task bench:self`, the self-check of the measuring: a program compared with itself must not be found different more
 * often than intervals of 95 % allow, and the same program made 5 % slower must be found slower. On real rings, with the
 * peer that needs libbpf only; the slower one is built to idle for a twentieth of its reading time behind each reading.
 *
 * @module
 */

import { runCommand } from "../../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK } from "../../src/cli/exit.ts";
import { ensurePackages } from "../../src/cli/packages.ts";
import { allowedCpus, pinThread } from "../../src/ffi/affinity.ts";
import { binomialTail } from "../measure/binomial.ts";
import { measureRounds, pairRatios } from "../measure/blocks.ts";
import { type RatioInterval, ratioInterval } from "../measure/bootstrap.ts";
import { randomFrom } from "../measure/random.ts";
import { detectableEffect, verdictOf } from "../measure/verdict.ts";
import { Peer } from "../peers/peer.ts";
import { buildPeers, peerCommand } from "../peers/programs.ts";
import { eventsPerFill, type PeerBlock } from "../peers/protocol.ts";

/** How the check runs. */
export interface SelfCheckOptions {
  /** How often the program is compared with itself. */
  readonly comparisons: number;
  /** In how many of these it is compared with the slower one too. */
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

/** The arms: a program, the same for what can be detected, the same as what is compared, and the slower one. */
const ONE = "one";
const AGAIN = "again";
const OTHER = "other";
const SLOWED = "slowed";
const NAMES = [ONE, AGAIN, OTHER, SLOWED] as const;

const LAUNCHES = 5;
const ROUNDS = 8;
const WARM_UP_ROUNDS = 10;

/**
 * Few long events, all words of which are read: filling takes no more than some times as long as reading then. There are
 * some ten thousand blocks, each of some milliseconds.
 */
const RING = { ringBytes: 262_144, payloadBytes: 1024, payloadSteps: 1 } as const;

/** How often the ring is filled and read in a block. */
const FILLS = 12;

/** The peers in C have a way of their own. */
const WORK = { scanner: "ts", delivery: "scan" } as const;

/** What an interval of 95 % may be wrong. */
const FALSE_SHARE = 0.05;
/** How often the slower program must be found. */
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
    const times = new Map<string, number[][]>(NAMES.map((name) => [name, []]));
    for (const arms of launches) {
      const wanted = arms.filter(({ name }) => name !== SLOWED || i < slowedComparisons);
      const rounds = await measureRounds(wanted, ROUNDS, random);
      for (const [name, blocks] of rounds) times.get(name)!.push(blocks.map(nsOf));
    }
    const over = (name: string): RatioInterval =>
      ratioInterval(
        times.get(name)!.map((launch, index) => pairRatios(launch, times.get(ONE)![index]!)),
        { seed: seed + i, resamples: RESAMPLES },
      );
    const detectable = detectableEffect(over(AGAIN));
    if (["faster", "slower"].includes(verdictOf(over(OTHER), detectable))) different++;
    if (i < slowedComparisons && verdictOf(over(SLOWED), detectable) === "slower") found++;
  }
  return describe(different, comparisons, found, slowedComparisons);
}

/** Three processes of one program per launch and one of the slower; all launches stand by while one is measured. */
async function startLaunches(cleanup: AsyncDisposableStack): Promise<Peer[][]> {
  const programs = await buildPeers();
  const allowed = allowedCpus();
  const producerCpu = allowed[0]!;
  const events = eventsPerFill(RING);
  const config = { ...RING, producerCpu, consumerCpu: allowed.at(-1)!, handlers: 1, events, rings: 1 };
  const commands = NAMES.map((name) =>
    peerCommand(programs, name === SLOWED ? "perf_buffer_slowed" : "perf_buffer_words", config, WORK)
  );
  const built = commands.filter((command) => command !== null);
  if (built.length < commands.length) {
    const reasons = programs.absent.map(({ name, reason }) => `${name}: ${reason}`);
    throw new Error(`Cannot check the measuring: its programs were not built; ${reasons.join("; ")}`);
  }
  pinThread(producerCpu);
  const launches: Peer[][] = [];
  for (let launch = 0; launch < LAUNCHES; launch++) {
    const arms: Peer[] = [];
    for (const [index, argv] of built.entries()) {
      arms.push(cleanup.use(await Peer.start({ name: NAMES[index]!, argv, fills: FILLS })));
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
    }), and one 5 % slower was found slower in ${found} of ${slowedComparisons}: ${
      isPassed ? "passed" : "failed"
    }.`,
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
    ensurePackages("peers");
    const { text, isPassed } = await runSelfCheck({ comparisons: 400, slowedComparisons: 100, seed: 1 });
    console.log(text);
    return isPassed ? EXIT_OK : EXIT_FAILED;
  });
}
