/**
 * Counts the events of a replay by category and in time, and the gaps that the rings tell of. A recording is looked into
 * without handlers, while the statistics of a pipe count by handler.
 *
 * @module
 */

import { EVENT } from "../../abi/event.ts";
import type { Event } from "../../pipe/event.ts";
import type { Statistics } from "../../pipe/statistics.ts";
import type { Replay } from "../../record/replay.ts";

/** Categories beyond so many are counted together: what begins with no category at all has as many as events. */
const MAX_CATEGORIES = 1000;

/** What is known of one ring. */
export interface RingCount {
  /** Its CPU; -1 for all. */
  readonly cpu: number;
  /** Events that were delivered. */
  readonly events: number;
  /** Events that were lost, by the last that the recording tells; null if nobody knows. */
  readonly lost: number | null;
  /** Places at which the ring itself tells of losses. */
  readonly gaps: number;
  /** How often its content was unusable. */
  readonly corrupt: number;
  /** How many bytes of it were. */
  readonly corruptBytes: number;
  /** Records that are no events. */
  readonly skipped: number;
  /** Events that were still in it when the recorded pipe was closed. */
  readonly left: number;
}

/** What is known of one category. */
export interface CategoryCount {
  /** The category; null for all beyond the first thousand. */
  readonly category: number | null;
  /** Its name, where the recording knows it. */
  readonly name: string | null;
  /** Events that were delivered. */
  readonly events: number;
  /** Their bytes from the category on, the ring's padding included. */
  readonly bytes: number;
}

/** From when to when events were emitted, in ns. */
export interface Span {
  readonly firstNs: number;
  readonly lastNs: number;
}

/** The counts of one replay. */
export class Tally {
  readonly #replay: Replay;
  readonly #categories = new Map<number, { events: number; bytes: number }>();
  readonly #others = { events: 0, bytes: 0 };
  readonly #gaps = new Map<number, number>();
  #firstNs = Infinity;
  #lastNs = -Infinity;
  #events = 0;

  /** @param replay The replay whose events are counted. */
  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /**
   * Counts an event.
   *
   * @param event The event.
   */
  add(event: Event): void {
    this.#events++;
    const { size } = event;
    const counter = this.#counterOf(categoryOf(this.#replay, event));
    counter.events++;
    counter.bytes += size;
    const time = timeOf(this.#replay, event);
    if (time === null) return;
    this.#firstNs = Math.min(this.#firstNs, time);
    this.#lastNs = Math.max(this.#lastNs, time);
  }

  /**
   * Counts a gap.
   *
   * @param cpu Whose ring tells of it.
   */
  addGap(cpu: number): void {
    this.#gaps.set(cpu, (this.#gaps.get(cpu) ?? 0) + 1);
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** The times of the earliest and the latest event; null where none has one. */
  get span(): Span | null {
    return this.#firstNs === Infinity ? null : { firstNs: this.#firstNs, lastNs: this.#lastNs };
  }

  /**
   * The counts of the rings.
   *
   * @param statistics What the pipe of the replay has counted.
   * @returns A count for each, in the order of the recording.
   */
  rings(statistics: Statistics): RingCount[] {
    const { countsLosses, ring } = this.#replay.header;
    const isKnown = countsLosses || ring === "perf"; // perf rings tell of the losses in front of an event themselves
    return statistics.cpus.map(({ cpu, events, unknown, lost, corrupt, corruptBytes, skipped, left }) => ({
      cpu,
      events: events + unknown,
      lost: isKnown ? lost : null,
      gaps: this.#gaps.get(cpu) ?? 0,
      corrupt,
      corruptBytes,
      skipped,
      left,
    }));
  }

  /**
   * The counts of the categories.
   *
   * @returns A count for each that came, in their order; none where events begin with no category.
   */
  categories(): CategoryCount[] {
    if (this.#replay.header.dispatchBy === "all") return [];
    const counts: CategoryCount[] = [...this.#categories].sort(([a], [b]) => a - b).map((
      [category, count],
    ) => ({
      category,
      name: categoryName(this.#replay, category),
      ...count,
    }));
    if (this.#others.events > 0) counts.push({ category: null, name: null, ...this.#others });
    return counts;
  }

  #counterOf(category: number): { events: number; bytes: number } {
    let counter = this.#categories.get(category);
    if (counter === undefined) {
      if (this.#categories.size >= MAX_CATEGORIES) return this.#others;
      counter = { events: 0, bytes: 0 };
      this.#categories.set(category, counter);
    }
    return counter;
  }
}

/**
 * The category of an event.
 *
 * @param replay The replay.
 * @param event The event.
 * @returns Its category; -1 if it has none.
 */
export function categoryOf({ header }: Replay, event: Event): number {
  return header.dispatchBy === "category" && event.size >= 4 ? event.category : -1;
}

/**
 * The name of a category.
 *
 * @param replay The replay.
 * @param category The category.
 * @returns Its name by the header or by the recorded pipe's handlers; null where neither knows it.
 */
export function categoryName({ header, statistics }: Replay, category: number): string | null {
  return header.categories[category] ?? statistics?.categories[category]?.name ?? null;
}

/**
 * When an event was emitted.
 *
 * @param replay The replay.
 * @param event The event.
 * @returns Its time in ns; null if it has none, being too short or of a program that knows no `struct event`.
 */
export function timeOf({ header }: Replay, event: Event): number | null {
  return header.dispatchBy === "category" && event.size >= EVENT.bytes ? event.time : null;
}
