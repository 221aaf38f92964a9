/**
 * Steps and results of scenarios as text.
 *
 * @module
 */

import type { Json, Step } from "./scenario.ts";

/**
 * Writes a step as it is read aloud: the operation and its arguments.
 *
 * @param step The step.
 * @returns Text such as `add ep r IN|ET 1`.
 */
export function stepText({ op, args }: Step): string {
  return [op, ...args.map((arg) => typeof arg === "string" ? arg : JSON.stringify(arg))].join(" ");
}

/**
 * Writes a result.
 *
 * @param value The result.
 * @returns JSON, but names without quotes where there is nothing else.
 */
export function valueText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
