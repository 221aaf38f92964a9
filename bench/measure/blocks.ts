/**
 * Blocks of several programs in one run: a round measures each program once, in an order drawn anew, so that whatever the
 * machine does in a minute falls on all of them alike. Ratios are taken within rounds. Relies on nothing but the generator
 * of random numbers.
 *
 * @module
 */

import { randomSeed, shuffled } from "./random.ts";

/** A program that can be measured block by block. */
export interface Arm<Block> {
  /** Its name, of which there is one in a run. */
  readonly name: string;
  /**
   * Does one block.
   *
   * @param seed What is made of random numbers in it; all arms of a round get the same.
   * @returns What was measured.
   */
  block(seed: number): Promise<Block>;
}

/** The blocks of one launch by the arm's name, each list in the order of rounds. */
export type Rounds<Block> = ReadonlyMap<string, readonly Block[]>;

/**
 * Measures rounds.
 *
 * @param arms The programs.
 * @param count How many rounds.
 * @param random Where orders and seeds come from.
 * @returns The blocks.
 * @throws {TypeError} If two arms have one name.
 * @throws What an arm throws; then the launch is void.
 */
export async function measureRounds<Block>(
  arms: readonly Arm<Block>[],
  count: number,
  random: () => number,
): Promise<Rounds<Block>> {
  const rounds = new Map(arms.map(({ name }) => [name, [] as Block[]]));
  if (rounds.size !== arms.length) {
    throw new TypeError(`Cannot measure: each arm needs a name of its own, they are ${arms.map(armName)}`);
  }
  for (let round = 0; round < count; round++) {
    const seed = randomSeed(random);
    for (const arm of shuffled(arms, random)) rounds.get(arm.name)!.push(await arm.block(seed));
  }
  return rounds;
}

/**
 * The ratios of two lists within their rounds.
 *
 * @param over By round.
 * @param under By round.
 * @returns `over / under` of each round.
 * @throws {RangeError} If one list has more rounds.
 */
export function pairRatios(over: readonly number[], under: readonly number[]): number[] {
  if (over.length !== under.length) {
    throw new RangeError(
      `Cannot pair blocks: both must have the same rounds, they have ${over.length} and ${under.length}`,
    );
  }
  return over.map((value, round) => value / under[round]!);
}

function armName({ name }: Arm<unknown>): string {
  return name;
}
