/**
 * Gives events to handlers: finds the handler of a category, moves the view over the event, calls, counts.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import type { RecordBatch } from "../ring/record_batch.ts";
import { type Event, EventView } from "./event.ts";
import { Grouping } from "./grouping.ts";
import { callHandler, numberOf } from "./handler_call.ts";
import { type BatchHandler, type EventHandler, HandlerRegistry, Registration } from "./handlers.ts";
import type { RingCounters } from "./statistics.ts";

/** Says a `SuppressedError`. */
const SEVERAL = "Several handlers threw";

/** What a pipe does with events. */
export interface DispatcherOptions {
  /** Whether all events go to the handler registered first. */
  readonly isForAll: boolean;
  /** What is done with events of categories without a handler. */
  readonly unknown: "count" | "throw" | EventHandler<undefined>;
  /** Whether each event gets a view of its own. */
  readonly checkViews: boolean;
}

/** The handlers of a pipe and the view they look through. */
export class Dispatcher {
  /** The number but 0 with which a handler ended the last call of `deliver`; else 0. */
  result = 0;
  #isClosing = false;
  readonly #registry: HandlerRegistry;
  readonly #unknownHandler: Registration | undefined;
  readonly #throwsUnknown: boolean;
  /** What is looked at of a category: all its bits, or none where all events go to the first handler. */
  readonly #categoryBits: number;
  readonly #checkViews: boolean;
  readonly #grouping = new Grouping();
  #hasBatches = false;
  readonly #view: DataView;
  #event: EventView;
  /** The category whose handler is being called for events of a ring; negative for none. A number costs no write barrier. */
  #called = -1;
  /** Whether events of a ring are being given. */
  #isGiving = false;
  /** The records among which these events are, with the counts of their ring. */
  #batch: RecordBatch | null = null;
  #counters: RingCounters | null = null;
  /** The record that the handler is called for, the first that was given, and the first of those given to this handler in a row. */
  #at = 0;
  #first = 0;
  #runFirst = 0;
  /** Whether all of them are counted. */
  #isCounted = false;
  /** Whether a handler did something that the loop which calls it has to take into account. */
  #isDisturbed = false;
  /** Handlers of batches that have events waiting, as many as counted. An array that is emptied would be allocated again. */
  readonly #waiting: Registration[] = [];
  #waitingCount = 0;

  /**
   * @param view A view over the buffer that holds the events.
   * @param options What is done with them.
   */
  constructor(view: DataView, { isForAll, unknown, checkViews }: DispatcherOptions) {
    this.#view = view;
    this.#event = new EventView(view);
    this.#registry = new HandlerRegistry(view);
    this.#categoryBits = isForAll ? 0 : -1;
    this.#checkViews = checkViews;
    this.#throwsUnknown = unknown === "throw";
    this.#unknownHandler = typeof unknown === "object"
      ? new Registration(unknown as EventHandler<unknown>, view)
      : undefined;
  }

  /** Whether the pipe is being closed: a drain ends behind the event that is being handled. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Says that the pipe is being closed. */
  close(): void {
    this.#isClosing = this.#isDisturbed = true;
  }

  /** All handlers ever registered, by category. */
  get registrations(): readonly Registration[] {
    return this.#registry.all;
  }

  /** Whether a handler of batches was ever registered. */
  get hasBatches(): boolean {
    return this.#hasBatches;
  }

  /** See `EventPipe.register`. */
  register(handler: EventHandler<unknown> | BatchHandler<unknown>): number {
    const category = this.#registry.add(handler);
    const isBatch = this.#registry.all[category]!.batch !== null;
    this.#grouping.set(category, isBatch);
    this.#hasBatches ||= isBatch;
    return category;
  }

  /** See `EventPipe.unregister`. */
  unregister(category: number): boolean {
    const isRemoved = this.#registry.remove(category);
    this.#isDisturbed = true;
    if (isRemoved) this.#grouping.set(category, false);
    return isRemoved;
  }

  /**
   * Gives events in a ring to their handlers, from one of a batch on, in order: up to one that waits for a handler of batches or
   * has none, or, where that is the first, this one alone; or up to one whose handler ends the drain.
   *
   * @param batch The records of the ring.
   * @param first The first of them to give.
   * @param end The first of them not to give.
   * @param cpu The CPU whose ring holds them.
   * @param counters The counts of that ring.
   * @returns The first record that was not given; {@linkcode result} says whether a handler ended the drain.
   */
  deliver(batch: RecordBatch, first: number, end: number, cpu: number, counters: RingCounters): number {
    const bits = this.#categoryBits;
    const registry = this.#registry;
    const checksViews = this.#checkViews;
    const { categories, offsets, sizes, stride, start, mask } = batch;
    let category = categories[first]! & bits;
    let registration = registry.find(category);
    this.#isGiving = true;
    this.#at = first;
    if (registration === undefined || registration.batch !== null) {
      this.result = this.#deliverOther(
        registration,
        batch.offsetOf(first),
        batch.sizeOf(first),
        cpu,
        counters,
      );
      this.#isGiving = false;
      return first + 1;
    }
    this.#enter(batch, first, category, counters);
    let event = this.#event;
    let offset = batch.offsetOf(first);
    let size = batch.sizeOf(first);
    // Counted when it is another handler's turn, and not with each event.
    let runFirst = first;
    let runBytes = 0;
    let ended = 0;
    let index = first;
    for (;;) {
      this.#at = index;
      if (checksViews === true) event = this.#renewView();
      event.point(offset, size, cpu);
      // Written so that V8 can inline the call: a function that was stored apart, with `call`, it cannot.
      const result = registration.handler.process(event, registration.context);
      if (result !== undefined) ended = numberOf(result, registration);
      index++;
      runBytes += size;
      if (index === end || ended !== 0 || this.#isDisturbed === true) break;
      const next = categories[index]! & bits;
      if (next !== category) {
        registration.events += index - runFirst;
        registration.bytes += runBytes;
        this.#runFirst = runFirst = index;
        runBytes = 0;
        const following = registry.find(next);
        if (following === undefined || following.batch !== null) break;
        registration = following;
        category = next;
        this.#called = next;
      }
      if (stride !== 0) {
        offset = start + ((offset - start + stride) & mask);
      } else {
        offset = offsets[index]!;
        size = sizes[index]!;
      }
    }
    if (this.#isCounted === false) {
      registration.events += index - runFirst;
      registration.bytes += runBytes;
      counters.events += index - first;
      counters.bytes += batch.bytesOf(first, index);
    }
    this.#called = -1;
    this.#isGiving = false;
    this.result = ended;
    return index;
  }

  #enter(batch: RecordBatch, first: number, category: number, counters: RingCounters): void {
    this.#batch = batch;
    this.#counters = counters;
    this.#first = this.#runFirst = first;
    this.#called = category;
    this.#isCounted = this.#isDisturbed = false;
  }

  /** Gives an event to the handler of unknown ones, or lets it wait for its handler of batches. What a handler returned. */
  #deliverOther(
    registration: Registration | undefined,
    offset: number,
    size: number,
    cpu: number,
    counters: RingCounters,
  ): number {
    if (registration !== undefined) {
      counters.events++;
      counters.bytes += size;
      return this.#collect(registration, offset, size, cpu);
    }
    counters.unknown++;
    if (this.#checkViews === true) this.#renewView();
    this.#event.point(offset, size, cpu);
    const result = this.#dispatchUnknown(this.#event);
    return typeof result === "number" ? result : 0;
  }

  /** Counts the events that were given and are not counted yet, where a handler is being called, with the one it is called for. */
  settle(): void {
    if (this.#called < 0 || this.#isCounted) return;
    this.#isCounted = this.#isDisturbed = true;
    const batch = this.#batch!;
    const end = this.#at + 1;
    const registration = this.#registry.all[this.#called]!;
    registration.events += end - this.#runFirst;
    registration.bytes += batch.bytesOf(this.#runFirst, end);
    const counters = this.#counters!;
    counters.events += end - this.#first;
    counters.bytes += batch.bytesOf(this.#first, end);
  }

  /**
   * Where a drain has stopped that an exception ended.
   *
   * @param index Where it believes to be.
   * @returns The record behind the one that was being given; what it believes, if none was.
   */
  stoppedBehind(index: number): number {
    return this.#isGiving ? this.#at + 1 : index;
  }

  #renewView(): EventView {
    this.#event.release();
    return this.#event = new EventView(this.#view);
  }

  /**
   * Ends a part of a drain: makes the view stale and gives handlers of batches what waits for them.
   *
   * @param result What a handler of single events returned.
   * @returns That, or if it is 0 what a handler of batches returned.
   */
  finish(result: number): number {
    this.#event.release();
    const flushed = this.flush();
    return result === 0 ? flushed : result;
  }

  /**
   * Calls the handlers of batches for the events that wait. All of them are called whatever one does, since their events
   * are given back to the ring together.
   *
   * @returns The first number but 0 that one of them returned; else 0.
   * @throws What the first of them threw; a second exception is told with it as a `SuppressedError`.
   */
  flush(): number {
    return this.#waitingCount === 0 ? 0 : this.#flushWaiting();
  }

  #flushWaiting(): number {
    let first = 0;
    let failure: { readonly error: unknown } | null = null;
    const count = this.#waitingCount;
    this.#waitingCount = 0;
    for (let i = 0; i < count; i++) {
      const registration = this.#waiting[i]!;
      const batch = registration.batch!;
      const { pending, bytes } = batch;
      batch.open();
      try {
        const result = callHandler(registration, batch, pending, bytes);
        if (first === 0 && typeof result === "number") first = result;
      } catch (error) {
        failure = { error: failure === null ? error : new SuppressedError(failure.error, error, SEVERAL) };
      } finally {
        batch.close();
      }
    }
    if (failure !== null) throw failure.error;
    return first;
  }

  /**
   * Ends a drain after an exception of a handler: the handlers of batches get what waits for them all the same.
   *
   * @param error What the handler threw.
   * @throws That; if another handler throws now, a `SuppressedError` with both.
   */
  fail(error: unknown): never {
    this.#event.release();
    this.settle();
    if (this.#called >= 0) this.#registry.all[this.#called]!.errors++;
    this.#called = -1;
    this.#isGiving = false;
    try {
      this.flush();
    } catch (second) {
      throw new SuppressedError(error, second, SEVERAL);
    }
    throw error;
  }

  /** See `EventPipe.dispatch`. */
  dispatch(event: Event | Uint8Array): number | void {
    const view = event instanceof Uint8Array ? EventView.over(event, -1) : event;
    if (!(view instanceof EventView)) {
      throw new TypeError("Cannot dispatch: give an event, or a Uint8Array that begins with a category");
    }
    const category = this.#categoryBits === 0 ? 0 : view.category; // it may be too short for one
    const registration = this.#registry.find(category);
    if (registration === undefined) return this.#dispatchUnknown(view);
    if (registration.batch !== null) {
      throw new TypeError(
        `Cannot dispatch to "${registration.name}": it takes batches, which are made of events in rings only`,
      );
    }
    return callHandler(registration, view, 1, view.size);
  }

  /**
   * Lets events wait for their handlers of batches, up to the first that has another handler or none. Nothing may wait from
   * an earlier batch of records, so that no handler gets more than a batch holds.
   *
   * @param batch The records of a ring.
   * @param first The first of them.
   * @param cpu The ring's CPU.
   * @param counters The counts of that ring.
   * @returns The first that was not taken.
   */
  collect(batch: RecordBatch, first: number, cpu: number, counters: RingCounters): number {
    const grouping = this.#grouping;
    const end = grouping.group(batch, first, this.#categoryBits);
    for (let i = 0; i < grouping.length; i++) {
      const category = grouping.categories[i]!;
      const registration = this.#registry.all[category]!;
      const pending = registration.batch!;
      if (pending.pending === 0) this.#waiting[this.#waitingCount++] = registration;
      pending.addAll(batch, grouping.lists, category << 8, grouping.take(category), cpu);
    }
    counters.events += end - first;
    counters.bytes += batch.bytesOf(first, end);
    return end;
  }

  #collect(registration: Registration, offset: number, size: number, cpu: number): number {
    const batch = registration.batch!;
    if (batch.pending === 0) this.#waiting[this.#waitingCount++] = registration;
    return batch.add(offset, size, cpu) ? this.flush() : 0;
  }

  #dispatchUnknown(event: EventView): number | void {
    if (this.#unknownHandler !== undefined) {
      return callHandler(this.#unknownHandler, event, 1, event.size);
    }
    if (!this.#throwsUnknown) return;
    const reason = event.size < 4
      ? "it is too short for a category"
      : `category ${event.category} has no handler; ${this.registrations.length} were registered`;
    throw new EventPipeError(
      `Cannot dispatch an event of CPU ${event.cpu}: ${reason}`,
      "UNKNOWN_CATEGORY",
    );
  }
}
