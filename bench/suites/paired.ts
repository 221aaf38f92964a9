/**
 * What all suites beside other programs do alike: programs are started anew for each launch, warmed up, and measured block
 * by block in random order; eventpipe is one arm, the same program once more is another, and each peer is one. Relies on
 * bench/measure for order and intervals.
 *
 * @module
 */

import type { Cell } from "../../src/report/schema.ts";
import { type Arm, measureRounds, pairRatios } from "../measure/blocks.ts";
import { type RatioInterval, ratioInterval } from "../measure/bootstrap.ts";
import { median } from "../measure/median.ts";
import { detectableEffect, type Verdict, verdictOf } from "../measure/verdict.ts";

/** The arm that is compared, and the same program once more. */
export const OURS = "eventpipe";
export const AGAIN = "eventpipe again";

/** Launches whose halves differ by more, and by more than can be told from none, had not warmed up. */
const STEADY = 0.05;

/** How much is measured. */
export interface PairedSize {
  /** How often the programs are started anew for each plan. */
  readonly launches: number;
  /** Rounds per launch: a block of each program. */
  readonly rounds: number;
  /** Blocks in front of them that are thrown away, while the just-in-time compiler is at work. */
  readonly warmUpRounds: number;
}

/** The blocks of each arm, by launch. */
export type Launches<Block> = ReadonlyMap<string, readonly (readonly Block[])[]>;

/**
 * Measures all launches.
 *
 * @param size How much.
 * @param random Draws orders and seeds.
 * @param start Starts the programs; they end with the launch.
 * @param isWarmedUp Whether a program compiles while it runs. Others are warm after a block.
 * @returns The blocks that count.
 * @throws {Error} If a program fails.
 */
export async function measureLaunches<Block>(
  { launches, rounds, warmUpRounds }: PairedSize,
  random: () => number,
  start: (cleanup: AsyncDisposableStack) => Promise<readonly Arm<Block>[]>,
  isWarmedUp: (name: string) => boolean,
): Promise<Launches<Block>> {
  const blocks = new Map<string, (readonly Block[])[]>();
  for (let launch = 0; launch < launches; launch++) {
    await using cleanup = new AsyncDisposableStack();
    const arms = await start(cleanup);
    await measureRounds(arms.filter(({ name }) => isWarmedUp(name)), warmUpRounds, random);
    await measureRounds(arms, 1, random);
    for (const [name, measured] of await measureRounds(arms, rounds, random)) {
      blocks.set(name, [...blocks.get(name) ?? [], measured]);
    }
  }
  return blocks;
}

/**
 * Starts all programs of a launch at once.
 *
 * @param starting Their starts.
 * @param cleanup Ends them.
 * @returns The programs.
 * @throws What the first that failed threw, after all have started or failed.
 */
export async function startAll<T extends AsyncDisposable>(
  starting: readonly Promise<T>[],
  cleanup: AsyncDisposableStack,
): Promise<T[]> {
  await Promise.allSettled(starting.map(async (each) => cleanup.use(await each)));
  return await Promise.all(starting);
}

/** What the blocks say of one arm over another. */
export interface PairedRatio {
  readonly ratio: RatioInterval;
  /** The ratios of the pairs, by launch. */
  readonly pairs: readonly (readonly number[])[];
}

/** The same, judged. */
export interface JudgedRatio extends PairedRatio {
  readonly verdict: Verdict;
}

/** What the blocks say. */
export interface PairedOutcome {
  /** eventpipe over itself. */
  readonly same: PairedRatio;
  /** The smallest effect that this run can tell from none, as a share. */
  readonly detectable: number;
  /** eventpipe over each peer, by its name. */
  readonly over: ReadonlyMap<string, JudgedRatio>;
  /** Whether launches were not getting faster or slower any more. */
  readonly isSteady: boolean;
}

/**
 * Compares the arms.
 *
 * @param blocks The blocks.
 * @param valueOf What of a block is compared: the smaller, the better.
 * @param seed Of the bootstrap.
 * @returns The comparisons with all arms but the first two.
 */
export function compareArms<Block>(
  blocks: Launches<Block>,
  valueOf: (block: Block) => number,
  seed: number,
): PairedOutcome {
  const values = (name: string): number[][] => blocks.get(name)!.map((launch) => launch.map(valueOf));
  const ours = values(OURS);
  const over = (name: string): PairedRatio => {
    const theirs = values(name);
    const pairs = ours.map((launch, index) => pairRatios(launch, theirs[index]!));
    return { pairs, ratio: ratioInterval(pairs, { seed }) };
  };
  const same = over(AGAIN);
  const detectable = detectableEffect(same.ratio);
  const peers = [...blocks.keys()].filter((name) => name !== OURS && name !== AGAIN);
  return {
    same,
    detectable,
    over: new Map(peers.map((name) => {
      const compared = over(name);
      return [name, { ...compared, verdict: verdictOf(compared.ratio, detectable) }];
    })),
    isSteady: Math.abs(median(ours.map(changeWithin)) - 1) <= Math.max(STEADY, detectable),
  };
}

/** The second half of a launch over the first. */
function changeWithin(values: readonly number[]): number {
  const half = values.length >> 1;
  return half === 0 ? 1 : median(values.slice(half)) / median(values.slice(0, half));
}

/**
 * Makes cells of a comparison with one peer: eventpipe over itself, eventpipe over the peer, and the peer.
 *
 * @param ours eventpipe's cell.
 * @param theirs The peer's.
 * @param compared eventpipe over the peer.
 * @param outcome What the blocks say of eventpipe over itself.
 * @returns The cells.
 */
export function pairedCells(
  ours: Cell,
  theirs: Cell & { readonly peer: string },
  compared: JudgedRatio,
  outcome: PairedOutcome,
): Cell[] {
  return [
    comparedCell(ours, OURS, outcome.same, outcome),
    comparedCell(ours, theirs.peer, compared, outcome),
    theirs,
  ];
}

/**
 * Puts a comparison into eventpipe's cell.
 *
 * @param ours The cell.
 * @param to What is divided by.
 * @param compared The comparison; without a verdict if it is that of eventpipe with itself.
 * @param outcome What the run can tell, where eventpipe was measured against itself, and whether it was steady.
 * @returns The cell with its ratio.
 */
export function comparedCell(
  ours: Cell,
  to: string,
  { ratio: { median, low, high, pairs, launchMedians, isWithinLaunch }, pairs: ratios, verdict }:
    & PairedRatio
    & Partial<JudgedRatio>,
  { detectable, isSteady }: Pick<PairedOutcome, "isSteady"> & Partial<Pick<PairedOutcome, "detectable">>,
): Cell {
  return {
    ...ours,
    flags: [
      ...ours.flags,
      ...isSteady ? [] : ["not-steady"],
      ...isWithinLaunch ? ["within-launch"] : [],
    ],
    ratio: { to, median, low, high, pairs },
    verdict: verdict ?? null,
    ...(detectable === undefined ? {} : { detectable }),
    launchMedians: [...launchMedians],
    pairRatios: ratios.map((launch) => launch.map((each) => Number(each.toPrecision(4)))),
  };
}
