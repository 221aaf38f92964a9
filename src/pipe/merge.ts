/**
 * The drain that merges rings by time. Each CPU writes a ring of its own, so events of different CPUs come in no order;
 * here they are dispatched in the order of their times, and nothing is copied: what must wait stays in its ring.
 *
 * An event's time is taken before the event is in its ring. So what is in the rings at one moment may lack events that are
 * older than some of it; but after a window as long as any event takes from its time to its ring, none is missing. The
 * drain notes how far each ring has come, and when the window is over it dispatches up to there, in the order of time,
 * with whatever older events have come meanwhile. No clock is compared with the events' times.
 *
 * @module
 */

import { EVENT } from "../abi/event.ts";
import { RecordBatch } from "../ring/record_batch.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Drain } from "./drain.ts";
import type { RingReader } from "./ring_reader.ts";

/** How rings are merged. */
export interface MergeOptions {
  /** How long events are held back at least, in ms; at most twice as long, and not at all once a ring is half full. */
  readonly windowMs: number;
}

/** One ring in a merge. */
class Lane {
  readonly batch = new RecordBatch();
  /** The first record of the batch that was not dispatched. */
  next = 0;
  /** The time of that record, or of the one before where that is later: a ring's own order is kept. Infinity at the end. */
  time = Infinity;
  /** Whether that record is to be dispatched in this drain. */
  isDue = false;
  /** Low word of the position up to which records are dispatched in this drain. */
  due = 0;
  /** Low word of the head when the window began. */
  noted = 0;
}

/** Drains all rings together, in the order of time. */
export class MergedDrain implements Drain {
  readonly #reader: RingReader;
  readonly #dispatcher: Dispatcher;
  readonly #view: DataView;
  readonly #windowMs: number;
  readonly #lanes: readonly Lane[];
  /** When the window began, by `performance.now()`; null while nothing is held back. */
  #begunMs: number | null = null;
  #isPending = false;
  /** The latest time that was dispatched. */
  #latest = 0;

  /**
   * @param reader Where events come from.
   * @param dispatcher Where they go.
   * @param view A view over the buffer that holds the events.
   * @param options How they are merged.
   */
  constructor(reader: RingReader, dispatcher: Dispatcher, view: DataView, { windowMs }: MergeOptions) {
    this.#reader = reader;
    this.#dispatcher = dispatcher;
    this.#view = view;
    this.#windowMs = windowMs;
    this.#lanes = reader.counters.map(() => new Lane());
  }

  get waitMs(): number {
    if (this.#isPending) return 0;
    if (this.#begunMs === null) return Infinity;
    return Math.max(0, this.#begunMs + this.#windowMs - performance.now());
  }

  drain(isFinal: boolean): number {
    const { scanner } = this.#reader;
    const now = performance.now();
    let isUnread = false;
    let isCrowded = false;
    for (let ring = 0; ring < this.#lanes.length; ring++) {
      if (!scanner.begin(ring)) continue;
      isUnread = true;
      isCrowded ||= scanner.isCrowded(ring);
    }
    if (!isUnread) {
      this.#begunMs = null;
      this.#isPending = false;
      return 0;
    }
    const isRipe = this.#begunMs !== null && now - this.#begunMs >= this.#windowMs;
    const takesAll = isFinal || isCrowded;
    if (!takesAll && !isRipe) {
      this.#isPending = false;
      if (this.#begunMs === null) this.#note(now);
      return 0;
    }
    for (let ring = 0; ring < this.#lanes.length; ring++) {
      const lane = this.#lanes[ring]!;
      lane.due = takesAll ? scanner.head(ring) : lane.noted;
    }
    this.#isPending = true;
    const result = this.#merge();
    if (result !== 0 || this.#dispatcher.isClosing) return result;
    this.#isPending = false;
    this.#note(now);
    return 0;
  }

  drainRing(): number {
    throw new TypeError("Cannot consume one ring: this pipe merges its rings by time");
  }

  /** Begins a window: what is in the rings now is dispatched when it is over. */
  #note(now: number): void {
    const { scanner } = this.#reader;
    let isHeld = false;
    for (let ring = 0; ring < this.#lanes.length; ring++) {
      const head = scanner.head(ring);
      this.#lanes[ring]!.noted = head;
      isHeld ||= head !== scanner.position(ring);
    }
    this.#begunMs = isHeld ? now : null;
  }

  #merge(): number {
    let result = 0;
    try {
      for (let ring = 0; ring < this.#lanes.length; ring++) this.#advance(ring);
      while (result === 0 && !this.#dispatcher.isClosing) {
        const ring = this.#earliest();
        if (ring < 0) break;
        result = this.#deliver(ring);
      }
      return this.#dispatcher.finish(result);
    } catch (error) {
      return this.#dispatcher.fail(error);
    } finally {
      for (let ring = 0; ring < this.#lanes.length; ring++) this.#leave(ring);
    }
  }

  /** The ring with the earliest record; -1 once no ring has one that is due. */
  #earliest(): number {
    let earliest = -1;
    let time = Infinity;
    let isDue = false;
    for (let ring = 0; ring < this.#lanes.length; ring++) {
      const lane = this.#lanes[ring]!;
      isDue ||= lane.isDue;
      if (lane.time < time) {
        time = lane.time;
        earliest = ring;
      }
    }
    return isDue ? earliest : -1;
  }

  #deliver(ring: number): number {
    const lane = this.#lanes[ring]!;
    const { batch } = lane;
    const index = lane.next++;
    const counters = this.#reader.counters[ring]!;
    if (lane.time < this.#latest) counters.late++;
    else this.#latest = lane.time;
    const cpu = this.#reader.cpus[ring]!;
    this.#dispatcher.deliver(batch, index, index + 1, cpu, counters);
    const { result } = this.#dispatcher;
    if (result !== 0 || this.#dispatcher.isClosing) return result;
    return this.#advance(ring);
  }

  /** Makes the next record of a ring known, scanning on where its batch is used up. What handlers of batches returned. */
  #advance(ring: number): number {
    const lane = this.#lanes[ring]!;
    const { scanner } = this.#reader;
    let result = 0;
    while (lane.next >= lane.batch.count) {
      if (lane.batch.count > 0) {
        result = this.#dispatcher.flush(); // before its bytes are given back
        lane.batch.clear();
        lane.next = 0;
        scanner.commit(ring);
      }
      if (result !== 0 || !this.#reader.scan(ring, lane.batch)) {
        lane.time = Infinity;
        lane.isDue = false;
        return result;
      }
    }
    const { batch, next } = lane;
    const isTimed = batch.sizeOf(next) >= EVENT.bytes;
    const time = isTimed ? this.#timeAt(batch.offsetOf(next) + EVENT.time_ns) : 0;
    const before = lane.time === Infinity ? 0 : lane.time;
    lane.time = Math.max(time, before);
    lane.isDue = ((batch.endOf(next) - lane.due) | 0) <= 0;
    return result;
  }

  /** Ends a ring's part in a drain: what was not dispatched is scanned again by the next one. */
  #leave(ring: number): void {
    const lane = this.#lanes[ring]!;
    if (lane.next < lane.batch.count) this.#reader.leaveBehind(ring, lane.batch, lane.next - 1);
    else this.#reader.scanner.commit(ring);
    lane.batch.clear();
    lane.next = 0;
    lane.time = Infinity;
  }

  #timeAt(offset: number): number {
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
  }
}
