/**
 * Calls of handlers outside of the loop over a ring, and what any handler may return.
 *
 * @module
 */

import type { Event } from "./event.ts";
import type { EventBatch } from "./event_batch.ts";
import type { Registration } from "./handlers.ts";

/**
 * Calls a handler and counts the call.
 *
 * @param registration The handler.
 * @param argument What it is given: an event, or a batch of them.
 * @param events How many events that is.
 * @param bytes Their bytes.
 * @returns What it returned.
 * @throws What it threw; a TypeError if it returned an object.
 */
export function callHandler(
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
    checkResult(result, registration);
    returned = true;
    return result;
  } finally {
    if (!returned) registration.errors++;
  }
}

/**
 * What a handler returned, as what a drain returns.
 *
 * @param result What it returned.
 * @param registration The handler.
 * @returns The number; 0 for anything else but an object.
 * @throws {TypeError} If it is an object.
 */
export function numberOf(result: unknown, registration: Registration): number {
  if (typeof result === "number") return result;
  checkResult(result, registration);
  return 0;
}

function checkResult(result: unknown, registration: Registration): void {
  if (typeof result !== "object" || result === null) return;
  const name = registration.batch === null ? "process" : "processBatch";
  throw new TypeError(
    `Cannot dispatch to "${registration.name}": ${name} returned an object; it must be synchronous and return a number or nothing`,
  );
}
