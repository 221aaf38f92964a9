/**
 * The handler registry of a pipe: categories 0, 1, 2, ... in order of registration, never given out again.
 *
 * @module
 */

import type { Event } from "./event.ts";
import { type EventBatch, PendingBatch } from "./event_batch.ts";

/** What every handler has. */
export interface HandlerBase<Context> {
  /** A name for statistics and messages. */
  readonly name: string;
  /** Passed to each call. */
  readonly context?: Context;
  /** The longest event of the category, in bytes from the category on; the pipe warns if no ring can ever take it. */
  readonly maxBytes?: number;
  /** What the events hold; its size stands for `maxBytes` where that is not given. */
  readonly layout?: { readonly size: number };
}

/** A handler of one category of events. */
export interface EventHandler<Context = undefined> extends HandlerBase<Context> {
  /**
   * Called for each event of the category, in ring order per CPU. Must be synchronous.
   *
   * A non-zero number ends the drain behind this event, and `poll` returns it. An exception leaves `poll`; the event
   * counts as dispatched and is not delivered again.
   */
  process(event: Event, context: Context): number | void;
}

/** A handler that takes the events of its category together. */
export interface BatchHandler<Context = undefined> extends HandlerBase<Context> {
  /**
   * Called with up to 256 events that were in the rings at once. Their order is that of their ring, but they come behind
   * events of other categories that were read with them. Must be synchronous.
   *
   * A non-zero number ends the drain behind what was read so far, and `poll` returns it. An exception leaves `poll`; all
   * events of the batch count as dispatched and are not delivered again.
   */
  processBatch(events: EventBatch, context: Context): number | void;
}

/** A handler with its counters. */
export class Registration {
  /** The handler's name. */
  readonly name: string;
  /** The handler itself: one of single events if `batch` is null, else one of batches. */
  readonly handler: EventHandler<unknown> & BatchHandler<unknown>;
  /** What its function gets as its second argument. */
  readonly context: unknown;
  /** The events that wait for a handler of batches; null for one of single events. */
  readonly batch: PendingBatch | null;
  /** Events delivered. */
  events = 0;
  /** Bytes of these events from their category on. */
  bytes = 0;
  /** Calls that threw. */
  errors = 0;

  /**
   * @param handler The handler as it was registered.
   * @param view A view over the buffer that holds the events.
   */
  constructor(handler: EventHandler<unknown> | BatchHandler<unknown>, view: DataView) {
    this.name = handler.name;
    this.handler = handler as EventHandler<unknown> & BatchHandler<unknown>;
    this.context = handler.context;
    this.batch = this.handler.processBatch === undefined ? null : new PendingBatch(view);
  }
}

/** The handlers of one pipe by category. */
export class HandlerRegistry {
  /** All registrations ever made; the index is the category. */
  readonly all: Registration[] = [];
  /** Those that still receive events; undefined in the place of the others. */
  readonly #active: (Registration | undefined)[] = [];
  readonly #view: DataView;

  /** @param view A view over the buffer that holds the events. */
  constructor(view: DataView) {
    this.#view = view;
  }

  /**
   * Appends a handler.
   *
   * @param handler The handler.
   * @returns Its category.
   * @throws {TypeError} If it has no name, or not one function of the two.
   * @throws {RangeError} If its maxBytes is no size.
   */
  add(handler: EventHandler<unknown> | BatchHandler<unknown>): number {
    checkHandler(handler);
    const registration = new Registration(handler, this.#view);
    this.#active.push(registration);
    return this.all.push(registration) - 1;
  }

  /**
   * Takes a handler off; its category stays taken.
   *
   * @param category What `add` returned.
   * @returns Whether a handler was there.
   */
  remove(category: number): boolean {
    if (this.#active[category] === undefined) return false;
    this.#active[category] = undefined;
    return true;
  }

  /**
   * The handler of a category.
   *
   * @param category Any number, such as one found in a ring.
   * @returns The registration, or undefined where no handler has this category.
   */
  find(category: number): Registration | undefined {
    return (category >>> 0) < this.#active.length ? this.#active[category] : undefined;
  }
}

function checkHandler(handler: Partial<EventHandler<unknown> & BatchHandler<unknown>>): void {
  if (typeof handler !== "object" || handler === null) {
    throw new TypeError("Cannot register a handler: it must be an object with a process function");
  }
  const { name, process, processBatch, maxBytes, layout } = handler;
  const functions = [process, processBatch].filter((each) => each !== undefined);
  if (functions.length !== 1 || typeof functions[0] !== "function") {
    throw new TypeError(
      "Cannot register a handler: it must be an object with a process function, or a processBatch function in its place",
    );
  }
  if (typeof name !== "string" || name === "") {
    throw new TypeError("Cannot register a handler: its name must be a text that is not empty");
  }
  if (maxBytes !== undefined && (!Number.isInteger(maxBytes) || maxBytes < 4)) {
    throw new RangeError(
      `Cannot register "${name}": maxBytes must be an integer of at least 4, the category's size, current value is ${maxBytes}`,
    );
  }
  if (layout !== undefined && !(Number.isInteger(layout?.size) && layout.size >= 0)) {
    throw new TypeError(`Cannot register "${name}": layout must be what layout({ ... }) returned`);
  }
}
