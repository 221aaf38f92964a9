/**
 * The stages of an event's road, for the cells that measure latency: when the waiter returned, when the scanner had taken
 * the event's batch out of its ring, when the handler was called. The first two are read from the clock where the drain meets
 * its scanner, so the pipe knows nothing of it and cells that saturate pay nothing for it.
 *
 * @module
 */

import { LOAD_EVENT } from "../../src/abi/event.ts";
import { monotonicNs } from "../../src/ffi/clock.ts";
import type { Event } from "../../src/pipe/event.ts";
import { latencyStage } from "../../src/report/percentiles.ts";
import type { LatencyStage } from "../../src/report/schema.ts";
import type { RecordBatch } from "../../src/ring/record_batch.ts";
import type { ScannedRange, Scanner } from "../../src/ring/scanner.ts";
import type { Source } from "../../src/source/source.ts";

/** The times of the drain under way, in ns. */
export class Stamps {
  /** When the waiter returned. */
  wakeNs = 0;
  /** When the last batch had been taken out of its ring. */
  readNs = 0;
  #isWaiting = false;

  /** Call it in front of each `poll`: the drain that follows is a new one. */
  beforePoll(): void {
    this.#isWaiting = true;
  }

  /** Called by the scanner at the beginning of each pass; the first one of a drain follows the waiter's return. */
  pass(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.wakeNs = monotonicNs();
  }

  /** Called by the scanner behind each scan. */
  scanned(): void {
    this.readNs = monotonicNs();
  }
}

/**
 * Lets the scanner of a source take the times.
 *
 * @param source A source that no pipe has taken over yet.
 * @param stamps Where the times go.
 */
export function stampScanner(source: Source, stamps: Stamps): void {
  const open = source.openScanner.bind(source);
  source.openScanner = (dispatchBy): Scanner => new StampedScanner(open(dispatchBy), stamps);
}

/** Passes everything on. A drain begins with `beginNext`; waiters that spin look at rings with `begin`. */
class StampedScanner implements Scanner {
  readonly #scanner: Scanner;
  readonly #stamps: Stamps;

  constructor(scanner: Scanner, stamps: Stamps) {
    this.#scanner = scanner;
    this.#stamps = stamps;
  }

  begin(ring: number): boolean {
    return this.#scanner.begin(ring);
  }

  beginNext(first: number, end: number): number {
    this.#stamps.pass();
    return this.#scanner.beginNext(first, end);
  }

  scan(ring: number, batch: RecordBatch): boolean {
    const moved = this.#scanner.scan(ring, batch);
    this.#stamps.scanned();
    return moved;
  }

  scanned(ring: number): ScannedRange {
    return this.#scanner.scanned(ring);
  }

  copyScanned(ring: number, target: Uint8Array): void {
    this.#scanner.copyScanned(ring, target);
  }

  commit(ring: number): void {
    this.#scanner.commit(ring);
  }

  commitThrough(ring: number, batch: RecordBatch, index: number): void {
    this.#scanner.commitThrough(ring, batch, index);
  }

  rewind(ring: number, batch: RecordBatch, index: number): void {
    this.#scanner.rewind(ring, batch, index);
  }

  position(ring: number): number {
    return this.#scanner.position(ring);
  }

  isCrowded(ring: number): boolean {
    return this.#scanner.isCrowded(ring);
  }

  head(ring: number): number {
    return this.#scanner.head(ring);
  }
}

/** Where the clock of the whole road starts: at the time planned for an event, or at the request for it. */
export type Origin = "planned" | "asked";

/** The stages of each event, in arrays that were touched before: recording neither allocates nor faults. */
export class StageSamples {
  /** From the planned or asked time to the output. */
  readonly lag: Float64Array;
  /** From the output to the waiter's return; below 0 where it had returned already. */
  readonly wake: Float64Array;
  /** From there until the batch was taken out of the ring. */
  readonly read: Float64Array;
  /** From there to the handler. */
  readonly handled: Float64Array;
  readonly #origin: Origin;
  #count = 0;

  /**
   * @param capacity How many events have room; more than come, since what finds none is not recorded.
   * @param origin Where the whole road begins.
   */
  constructor(capacity: number, origin: Origin) {
    const samples = (): Float64Array => new Float64Array(capacity).fill(1);
    this.#origin = origin;
    this.lag = samples();
    this.wake = samples();
    this.read = samples();
    this.handled = samples();
  }

  /** How many events were recorded. */
  get count(): number {
    return this.#count;
  }

  /**
   * Records an event in all stages.
   *
   * @param event The event.
   * @param stamps The times of its drain.
   */
  record(event: Event, { wakeNs, readNs }: Stamps): void {
    const now = monotonicNs();
    const at = this.#count;
    if (at === this.handled.length) return;
    const emittedNs = event.time;
    // By halves: u64() refuses what lies above 2^53, which the clock reaches after 104 days of uptime.
    const plannedNs = event.u32(LOAD_EVENT.planned_ns) + event.u32(LOAD_EVENT.planned_ns + 4) * 2 ** 32;
    this.lag[at] = emittedNs - plannedNs;
    this.wake[at] = wakeNs - emittedNs;
    this.read[at] = readNs - wakeNs;
    this.handled[at] = now - readNs;
    this.#count = at + 1;
  }

  /** From the output to the handler: the sum of the stages in between, for each event. */
  fromEmitted(): Float64Array {
    return this.wake.slice(0, this.#count).map((wake, at) => wake + this.read[at]! + this.handled[at]!);
  }

  /**
   * Makes the stages of a cell: the whole road first, then what it consists of.
   *
   * @param lost Events that never came.
   * @returns The stages.
   */
  stages(lost: number): LatencyStage[] {
    const origin = this.#origin;
    const fromEmitted = this.fromEmitted();
    const fromOrigin = fromEmitted.map((latency, at) => latency + this.lag[at]!);
    const count = this.#count;
    const stage = (name: string, from: LatencyStage["from"], samples: Float64Array): LatencyStage =>
      latencyStage({ stage: name, from, samples, count, lost });
    return [
      stage("handled", origin, fromOrigin),
      stage("handled", "emitted", fromEmitted),
      stage("emitted", origin, this.lag),
      stage("wake", "emitted", this.wake),
      stage("read", "wake", this.read),
      stage("handled", "read", this.handled),
    ];
  }
}
