/**
 * Collects what a pipe delivers, puts it in the order of time, and counts it. Rings are per CPU and each is in order; what
 * was delivered up to a moment at which all rings were read only has to be sorted.
 *
 * @module
 */

import type { Statistics } from "../pipe/statistics.ts";
import type { BackendAccounts } from "./backend.ts";
import type { TraceEvent, TraceLoss, TraceSummary } from "./model.ts";
import { resultError } from "./result_error.ts";

interface CallCounts {
  count: number;
  errors: number;
  totalNs: bigint;
  maxNs: bigint;
}

/** Between handlers and output. */
export class Collector {
  readonly #limit: number;
  #events: TraceEvent[] = [];
  /** Each with the time of the event in front of it. */
  #losses: { readonly loss: TraceLoss; readonly at: bigint }[] = [];
  /** The time of the last event of each CPU. */
  readonly #latest = new Map<number | null, bigint>();
  #taken = 0;
  #dropped = 0;
  #firstNs: bigint | null = null;
  #lastNs = 0n;
  readonly #perEvent = new Map<string, number>();
  readonly #perCpu = new Map<number, number>();
  readonly #calls = new Map<string, CallCounts>();

  /** @param limit Events to let through; null for no limit. */
  constructor(limit: number | null) {
    this.#limit = limit ?? Infinity;
  }

  /** Whether the limit is reached. */
  get isFull(): boolean {
    return this.#taken >= this.#limit;
  }

  /**
   * Takes an event.
   *
   * @param event The event.
   */
  add(event: TraceEvent): void {
    this.#events.push(event);
    if (event.time > (this.#latest.get(event.cpu) ?? 0n)) this.#latest.set(event.cpu, event.time);
  }

  /**
   * Takes a gap. Its place is behind the last event of its CPU, whenever it was noticed.
   *
   * @param loss The gap.
   */
  addLoss(loss: TraceLoss): void {
    this.#losses.push({ loss, at: this.#latest.get(loss.cpu) ?? 0n });
  }

  /**
   * Gives out what was taken, in the order of time, up to the limit.
   *
   * @param until What is later stays for the next call, as something earlier may still come; all unless given.
   * @returns Events and gaps.
   */
  take(until: bigint | null = null): (TraceEvent | TraceLoss)[] {
    const events = this.#events.sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
    const losses = this.#losses.sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0);
    this.#events = [];
    this.#losses = [];
    const items: (TraceEvent | TraceLoss)[] = [];
    let next = 0;
    const passLosses = (before: bigint): void => {
      for (; next < losses.length && losses[next]!.at < before; next++) items.push(losses[next]!.loss);
    };
    for (const event of events) {
      if (until !== null && event.time > until) {
        this.#events.push(event);
        continue;
      }
      passLosses(event.time);
      if (this.isFull) {
        this.#dropped++;
        continue;
      }
      this.#taken++;
      this.#count(event);
      items.push(event);
    }
    for (; next < losses.length; next++) {
      const { loss, at } = losses[next]!;
      if (until !== null && at > until) this.#losses.push(losses[next]!);
      else items.push(loss);
    }
    return items;
  }

  /**
   * The whole, at the end.
   *
   * @param statistics Of the closed pipe.
   * @param accounts Of the finished backend.
   * @returns The summary.
   */
  summary(statistics: Statistics, { missed, unfinished, exact }: BackendAccounts): TraceSummary {
    return {
      events: this.#taken,
      lost: statistics.lost,
      missed,
      left: this.#dropped + statistics.left,
      unfinished,
      exact,
      durationNs: this.#firstNs === null ? 0n : this.#lastNs - this.#firstNs,
      perEvent: this.#perEvent,
      perCpu: statistics.cpus.map(({ cpu, lost }) => ({ cpu, lost, events: this.#perCpu.get(cpu) ?? 0 })),
      calls: this.#calls,
    };
  }

  #count({ event, cpu, time, call }: TraceEvent): void {
    this.#firstNs ??= time;
    if (time > this.#lastNs) this.#lastNs = time;
    this.#perEvent.set(event, (this.#perEvent.get(event) ?? 0) + 1);
    this.#perCpu.set(cpu, (this.#perCpu.get(cpu) ?? 0) + 1);
    if (call !== undefined) this.#countCall(event, call);
  }

  #countCall(name: string, { ret, durationNs }: NonNullable<TraceEvent["call"]>): void {
    let counts = this.#calls.get(name);
    if (counts === undefined) {
      counts = { count: 0, errors: 0, totalNs: 0n, maxNs: 0n };
      this.#calls.set(name, counts);
    }
    counts.count++;
    if (ret !== null && resultError(ret) !== null) counts.errors++;
    if (durationNs === null) return;
    counts.totalNs += durationNs;
    if (durationNs > counts.maxNs) counts.maxNs = durationNs;
  }
}
