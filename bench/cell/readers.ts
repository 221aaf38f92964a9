/**
 * The handlers of cells: one that reads a word and counts, for cells that saturate, and one that takes times, for cells of
 * latency. The pipe calls `process`; the cell asks for the rest.
 *
 * @module
 */

import { LOAD_EVENT } from "../../src/abi/event.ts";
import type { Event } from "../../src/pipe/event.ts";
import type { Cell } from "../../src/report/schema.ts";
import type { Load } from "../plan/cell_plan.ts";
import { hasSteadyMedian, isSteady } from "./steady.ts";
import { StageSamples, type Stamps } from "./stages.ts";

/** What a cell's handlers have in common. */
export interface Reader {
  readonly name: string;
  process(event: Event): void;
  /** Half of the cell's time is over, after so many ns. */
  atHalf(elapsedNs: number): void;
  /** Events delivered from now on were flushed at the end, not waited for; the cell took so many ns. */
  closeWindow(elapsedNs: number): void;
  /** Whether the halves of the cell are alike; true where that cannot be told. */
  readonly isSteady: boolean;
  /** The stages of the events, with so many that never came; null where none are taken. */
  latency(lost: number): Cell["latency"];
}

/** The handler that saturates: it reads one u64 of each event. */
export class CountingReader implements Reader {
  readonly name = "count";
  #sequence = 0;
  #events = 0;
  #firstHalf = { events: 0, ns: 0 };
  #secondHalf = { events: 0, ns: 0 };

  process(event: Event): void {
    this.#sequence = event.u64(LOAD_EVENT.sequence);
    this.#events++;
  }

  atHalf(elapsedNs: number): void {
    this.#firstHalf = { events: this.#events, ns: elapsedNs };
  }

  closeWindow(elapsedNs: number): void {
    const { events, ns } = this.#firstHalf;
    this.#secondHalf = { events: this.#events - events, ns: elapsedNs - ns };
  }

  get isSteady(): boolean {
    const [first, second] = [this.#firstHalf, this.#secondHalf];
    if (first.events === 0) return true;
    return isSteady(first.events / first.ns, second.events / second.ns);
  }

  latency(): null {
    return null;
  }
}

/** No event of a ping-pong takes less than a microsecond. */
const MAX_ANSWERS_PER_MS = 1000;

/** Events that come behind the end of a cell, until its producer has heard of it. */
const LATE_EVENTS = 10_000;

/** The handler that takes times. */
export class StageReader implements Reader {
  readonly name: string = "stages";
  readonly #samples: StageSamples;
  readonly #stamps: Stamps;
  #isOpen = true;

  /**
   * @param load How events are offered, not without end.
   * @param durationMs For how long.
   * @param stamps The times of each drain.
   */
  constructor(load: Exclude<Load, { kind: "saturating" }>, durationMs: number, stamps: Stamps) {
    const perMs = load.kind === "rate" ? load.rate / 1000 : MAX_ANSWERS_PER_MS;
    const origin = load.kind === "rate" ? "planned" : "asked";
    this.#samples = new StageSamples(Math.ceil(perMs * durationMs) + LATE_EVENTS, origin);
    this.#stamps = stamps;
  }

  process(event: Event): void {
    if (this.#isOpen) this.#samples.record(event, this.#stamps);
  }

  atHalf(): void {}

  closeWindow(): void {
    this.#isOpen = false;
  }

  get isSteady(): boolean {
    return hasSteadyMedian(this.#samples.fromEmitted());
  }

  latency(lost: number): Cell["latency"] {
    return this.#samples.stages(lost);
  }
}

/** The handler of a ping-pong: it takes times, and answers. */
export class AnsweringReader extends StageReader {
  override readonly name = "answer";
  readonly #answer: () => void;

  /**
   * @param durationMs For how long.
   * @param stamps The times of each drain.
   * @param answer Asks for the next event.
   */
  constructor(durationMs: number, stamps: Stamps, answer: () => void) {
    super({ kind: "pingpong" }, durationMs, stamps);
    this.#answer = answer;
  }

  override process(event: Event): void {
    super.process(event);
    this.#answer();
  }
}
