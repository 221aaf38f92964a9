/**
 * The search for the highest rate at which a program loses nothing: rates that double, for all programs alike and in
 * random order, then for each the middle between the highest without loss and the next one with it, several times. A rate
 * counts if no block of it lost an event. Relies on nothing but random numbers.
 *
 * @module
 */

import { median } from "../measure/median.ts";
import { randomSeed, shuffled } from "../measure/random.ts";

/** What a block at a rate came to. */
export interface RateBlock {
  /** Events that were refused. */
  readonly lost: number;
  /** Events per second that were offered. */
  readonly offered: number;
}

/** A program whose rate is searched for. */
export interface RateArm {
  /** Its name, of which there is one in a search. */
  readonly name: string;
  /**
   * Offers events at a rate.
   *
   * @param rate Events per second.
   * @param seed What is made of random numbers.
   * @returns What came of it.
   */
  block(rate: number, seed: number): Promise<RateBlock>;
}

/** How a search goes. */
export interface SearchOptions {
  /** Rates to begin with, each above the one before. */
  readonly rates: readonly number[];
  /** Blocks of each rate. */
  readonly blocks: number;
  /** How often the distance between a rate without loss and one with it is halved. */
  readonly halvings: number;
  /** Draws orders and seeds. */
  readonly random: () => number;
  /** Whether the search is to end. */
  readonly isInterrupted: () => boolean;
}

/** What was found of a program. */
export interface FoundRate {
  /** The highest rate without loss; null if each lost something. */
  readonly rate: number | null;
  /** Whether no higher one could be offered. */
  readonly isLimited: boolean;
}

/** Less than this share of a rate, and it was not offered. */
const OFFERED = 0.9;

/** So many rates with loss one behind the other, and higher ones are not tried. */
const LOSSY_RATES = 2;

/**
 * Searches.
 *
 * @param arms The programs.
 * @param options How.
 * @returns What was found, by name.
 * @throws What an arm throws.
 */
export async function findLossFreeRates(
  arms: readonly RateArm[],
  { rates, blocks, halvings, random, isInterrupted }: SearchOptions,
): Promise<ReadonlyMap<string, FoundRate>> {
  const searches = arms.map((arm) => new Search(arm));
  const round = async (next: (search: Search) => number | null): Promise<void> => {
    const trials = searches.flatMap((search) => {
      const rate = next(search);
      return rate === null ? [] : [new Trial(search, rate)];
    });
    for (let block = 0; block < blocks; block++) {
      for (const trial of shuffled(trials, random)) {
        if (!isInterrupted()) await trial.block(randomSeed(random));
      }
    }
    if (!isInterrupted()) { for (const trial of trials) trial.end(); }
  };
  for (const rate of rates) await round((search) => search.isEnded ? null : rate);
  for (let i = 0; i < halvings; i++) await round((search) => search.middle);
  return new Map(searches.map((search) => [search.arm.name, search.found]));
}

/** One rate of one program, block by block. */
class Trial {
  readonly #search: Search;
  readonly #rate: number;
  #hasLost = false;
  readonly #offered: number[] = [];

  constructor(search: Search, rate: number) {
    this.#search = search;
    this.#rate = rate;
  }

  /** A loss decides; further blocks would only take their time. */
  async block(seed: number): Promise<void> {
    if (this.#hasLost) return;
    const { lost, offered } = await this.#search.arm.block(this.#rate, seed);
    this.#hasLost = lost > 0;
    this.#offered.push(offered);
  }

  end(): void {
    // One block in which the emitter was kept from its CPU says nothing of what it can offer.
    const offered = median(this.#offered);
    const isOffered = offered >= OFFERED * this.#rate;
    if (this.#hasLost) this.#search.lose(this.#rate);
    else this.#search.keep(isOffered ? this.#rate : offered, isOffered);
  }
}

/** What is known of one program. */
class Search {
  readonly arm: RateArm;
  #highest: number | null = null;
  /** The lowest rate above it with a loss. */
  #lossy = Infinity;
  /** How many rates in a row had one. */
  #lossyInRow = 0;
  #isLimited = false;

  constructor(arm: RateArm) {
    this.arm = arm;
  }

  /** Whether no higher rate is worth a try. */
  get isEnded(): boolean {
    return this.#isLimited || this.#lossyInRow === LOSSY_RATES;
  }

  /** Between what it kept and what it did not, by factors; null if there is nothing between. */
  get middle(): number | null {
    return this.#highest === null || this.#lossy === Infinity ? null : Math.sqrt(this.#highest * this.#lossy);
  }

  get found(): FoundRate {
    return { rate: this.#highest, isLimited: this.#isLimited };
  }

  lose(rate: number): void {
    this.#lossyInRow++;
    this.#lossy = Math.min(this.#lossy, rate);
  }

  /** A spell of the machine may have cost events at a lower rate. */
  keep(rate: number, isOffered: boolean): void {
    this.#lossyInRow = 0;
    if (!isOffered) this.#isLimited = true;
    if (this.#highest !== null && rate <= this.#highest) return;
    this.#highest = rate;
    if (this.#lossy <= rate) this.#lossy = Infinity;
  }
}
