/**
 * The handler registry of a pipe: categories 0, 1, 2, ... in order of registration, never given out again.
 *
 * @module
 */

import type { Event } from "./event.ts";

/** A handler of one category of events. */
export interface EventHandler<Context = undefined> {
  /** A name for statistics and messages. */
  readonly name: string;
  /**
   * Called for each event of the category, in ring order per CPU. Must be synchronous.
   *
   * A non-zero number ends the drain behind this event, and `poll` returns it. An exception leaves `poll`; the event
   * counts as dispatched and is not delivered again.
   */
  process(event: Event, context: Context): number | void;
  /** Passed to each call of `process`. */
  readonly context?: Context;
}

/** A handler with its counters. */
export class Registration {
  /** The handler as it was registered; `process` is called on it. */
  readonly handler: EventHandler<unknown>;
  /** The handler's function, so that the hot loop loads it from objects of one shape. */
  readonly process: EventHandler<unknown>["process"];
  /** What `process` gets as its second argument. */
  readonly context: unknown;
  /** Events delivered. */
  events = 0;
  /** Bytes of these events from their category on. */
  bytes = 0;
  /** Calls of `process` that threw. */
  errors = 0;
  /** Whether it still receives events. */
  active = true;

  /** @param handler The handler as it was registered. */
  constructor(handler: EventHandler<unknown>) {
    this.handler = handler;
    this.process = handler.process;
    this.context = handler.context;
  }
}

/** The handlers of one pipe by category. */
export class HandlerRegistry {
  /** All registrations ever made; the index is the category. */
  readonly all: Registration[] = [];

  /**
   * Appends a handler.
   *
   * @param handler The handler.
   * @returns Its category.
   * @throws {TypeError} If it has no name or no process function.
   */
  add(handler: EventHandler<unknown>): number {
    if (typeof handler !== "object" || handler === null || typeof handler.process !== "function") {
      throw new TypeError("Cannot register a handler: it must be an object with a process function");
    }
    if (typeof handler.name !== "string" || handler.name === "") {
      throw new TypeError("Cannot register a handler: its name must be a text that is not empty");
    }
    return this.all.push(new Registration(handler)) - 1;
  }

  /**
   * Takes a handler off; its category stays taken.
   *
   * @param category What `add` returned.
   * @returns Whether a handler was there.
   */
  remove(category: number): boolean {
    const registration = this.all[category];
    if (registration === undefined || !registration.active) return false;
    registration.active = false;
    return true;
  }

  /**
   * The handler of a category.
   *
   * @param category Any number, such as one found in a ring.
   * @returns The registration, or undefined where no handler has this category.
   */
  find(category: number): Registration | undefined {
    if ((category >>> 0) >= this.all.length) return undefined;
    const registration = this.all[category]!;
    return registration.active ? registration : undefined;
  }
}
