/**
 * Gives events to handlers: finds the handler of a category, moves the view over the event, calls, counts.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import type { RecordBatch } from "../ring/scanner.ts";
import { type Event, EventView } from "./event.ts";
import type { EventBatch } from "./event_batch.ts";
import { Grouping } from "./grouping.ts";
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
  /** Whether the pipe is being closed: a drain ends behind the event that is being handled. */
  isClosing = false;
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
  /** The category whose handler is being called for an event of a ring; negative for none. A number costs no write barrier. */
  #called = -1;
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
    if (isRemoved) this.#grouping.set(category, false);
    return isRemoved;
  }

  /**
   * Gives an event in a ring to its handler, or lets it wait for its handler of batches.
   *
   * @param category Its category.
   * @param offset Where its payload begins in the buffer.
   * @param size Its size in bytes.
   * @param cpu The CPU whose ring holds it.
   * @param counters The counts of that ring.
   * @returns What the handler returned, if that is a number; else 0.
   */
  deliver(category: number, offset: number, size: number, cpu: number, counters: RingCounters): number {
    const found = category & this.#categoryBits;
    const registration = this.#registry.find(found);
    if (registration === undefined) return this.#deliverUnknown(offset, size, cpu, counters);
    counters.events++;
    counters.bytes += size;
    if (registration.batch !== null) return this.#collect(registration, offset, size, cpu);
    if (this.#checkViews === true) this.#renewView();
    registration.events++;
    registration.bytes += size;
    const event = this.#event;
    event.point(offset, size, cpu);
    this.#called = found;
    // Written so that V8 can inline it: a function that was stored apart, with `call`, it cannot.
    const result = registration.handler.process(event, registration.context);
    this.#called = -1;
    return result === undefined ? 0 : numberOf(result, registration);
  }

  #deliverUnknown(offset: number, size: number, cpu: number, counters: RingCounters): number {
    counters.unknown++;
    if (this.#checkViews === true) this.#renewView();
    this.#event.point(offset, size, cpu);
    const result = this.#dispatchUnknown(this.#event);
    return typeof result === "number" ? result : 0;
  }

  #renewView(): void {
    this.#event.release();
    this.#event = new EventView(this.#view);
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
    if (this.#called >= 0) this.#registry.all[this.#called]!.errors++;
    this.#called = -1;
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
    let bytes = 0;
    for (let i = 0; i < grouping.length; i++) {
      const category = grouping.categories[i]!;
      const registration = this.#registry.all[category]!;
      const pending = registration.batch!;
      if (pending.pending === 0) this.#waiting[this.#waitingCount++] = registration;
      bytes += pending.addAll(batch, grouping.lists, category << 8, grouping.take(category), cpu);
    }
    counters.events += end - first;
    counters.bytes += bytes;
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

/** Calls a handler and counts the call. */
function callHandler(
  registration: Registration,
  argument: unknown,
  events: number,
  bytes: number,
): number | void {
  registration.events += events;
  registration.bytes += bytes;
  let returned = false;
  try {
    const { handler, context } = registration;
    const result = registration.batch === null
      ? handler.process(argument as Event, context)
      : handler.processBatch(argument as EventBatch, context);
    returned = true;
    checkResult(result, registration);
    return result;
  } finally {
    if (!returned) registration.errors++;
  }
}

/** What a handler returned, as what a drain returns. */
function numberOf(result: unknown, registration: Registration): number {
  if (typeof result === "number") return result;
  checkResult(result, registration);
  return 0;
}

function checkResult(result: unknown, registration: Registration): void {
  if (typeof result !== "object" || result === null) return;
  registration.errors++;
  const name = registration.batch === null ? "process" : "processBatch";
  throw new TypeError(
    `Cannot dispatch to "${registration.name}": ${name} returned an object; it must be synchronous and return a number or nothing`,
  );
}
