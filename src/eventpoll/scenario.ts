/**
 * The file format `epoll-scenario/1`: programs of system calls with what each is to return, in JSON. One is run on any
 * {@linkcode EpollSystem} by `run_scenario.ts`.
 *
 * ```json
 * { "format": "epoll-scenario/1", "scenarios": [{ "name": "readable", "about": "...", "needs": [], "steps": [
 *   ["epoll", "ep"],
 *   ["pipe", "r", "w"],
 *   { "do": ["add", "ep", "r", "IN|ET", 1], "want": 0 },
 *   ["repeat", 2, [["write", "w", 1], { "do": ["wait", "ep", 16, 0], "want": [[1, "IN"]] }]]
 * ] }] }
 * ```
 *
 * A bare list must succeed; with `want` the result is compared, with `"as": "set"` in any order. An error's result is
 * its name. Descriptors have names, which keep their number when they are closed; `#17` is a number. In `repeat`, `$i`
 * is the round, counted from 0.
 *
 * @module
 */

import { parseMask } from "./events.ts";
import type { Need } from "./system.ts";

/** The format's name. */
export const SCENARIO_FORMAT = "epoll-scenario/1";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One call. */
export interface Step {
  /** The operation. */
  readonly op: string;
  /** Its arguments, checked. */
  readonly args: readonly Json[];
  /** What it is to return; undefined if it need only succeed. */
  readonly want: Json | undefined;
  /** Whether the order of what it returns is of no account. */
  readonly isSet: boolean;
  /** Where it stands, such as `step 4` or `step 4, round 2, step 1`, counted from 1. */
  readonly where: string;
}

/** A program with what it is to return. */
export interface Scenario {
  /** Its name. */
  readonly name: string;
  /** What it shows; empty if it does not say. */
  readonly about: string;
  /** What a system must have to run it, as the scenario says and as its operations show. */
  readonly needs: readonly string[];
  /** Its calls, with repetitions written out. */
  readonly steps: readonly Step[];
}

/** A file is no scenario file; the message says where and why. */
export class ScenarioFormatError extends Error {
  /** Always `ScenarioFormatError`. */
  override readonly name = "ScenarioFormatError";
}

/** What can stand at a place of an operation's arguments. */
type Param =
  | "new descriptor"
  | "descriptor"
  | "new waiter"
  | "waiter"
  | "integer"
  | "count"
  | "slots"
  | "mask"
  | "mask or null"
  | "data"
  | "operation"
  | "direction"
  | "null";

/** An operation: its arguments, how many of the last ones may be missing, and what a system needs for it. */
interface Operation {
  readonly params: readonly Param[];
  readonly optional?: number;
  /** Whether the last argument may be repeated. */
  readonly isOpen?: boolean;
  readonly need?: Need;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  epoll: { params: ["new descriptor", "integer"], optional: 1 },
  epollold: { params: ["new descriptor", "integer"] },
  pipe: { params: ["new descriptor", "new descriptor", "slots"], optional: 1 },
  eventfd: { params: ["new descriptor", "count", "integer"], optional: 2 },
  pair: { params: ["new descriptor", "new descriptor"], need: "pair" },
  file: { params: ["new descriptor"] },
  dir: { params: ["new descriptor"] },
  dup: { params: ["new descriptor", "descriptor"] },
  dup2: { params: ["descriptor", "descriptor"] },
  close: { params: ["descriptor"] },
  write: { params: ["descriptor", "count"] },
  read: { params: ["descriptor", "count"], optional: 1 },
  shutdown: { params: ["descriptor", "direction"] },
  add: { params: ["descriptor", "descriptor", "mask or null", "data"], optional: 1 },
  mod: { params: ["descriptor", "descriptor", "mask or null", "data"], optional: 1 },
  del: { params: ["descriptor", "descriptor"] },
  ctl: { params: ["operation", "descriptor", "descriptor", "mask or null", "data"], optional: 2 },
  wait: { params: ["descriptor", "integer", "integer", "null"], optional: 1 },
  timed: { params: ["descriptor", "integer", "integer"] },
  poll: { params: ["descriptor", "mask"], need: "poll" },
  info: { params: ["descriptor"], need: "info" },
  cloexec: { params: ["descriptor"] },
  quota: { params: ["count"], need: "quota" },
  go: { params: ["new waiter", "descriptor", "integer", "integer"], optional: 2, need: "sleepers" },
  gopoll: { params: ["new waiter", "descriptor", "mask"], need: "sleepers" },
  got: { params: ["waiter"], need: "sleepers" },
  finished: { params: ["waiter"], isOpen: true, need: "sleepers" },
};

/** Far above what a program for a person to read takes. */
const MAX_STEPS = 1_000_000;

/** The largest count: a u64 as an eventfd takes it. Bytes of a pipe are fewer. */
const MAX_COUNT = 2n ** 64n - 1n;

const CHECKS: Readonly<Record<Param, (value: Json) => boolean>> = {
  "new descriptor": (value) => isName(value) && !value.startsWith("#"),
  "descriptor": (value) => isName(value) && (!value.startsWith("#") || /^#-?\d{1,10}$/.test(value)),
  "new waiter": isName,
  "waiter": isName,
  "integer": (value) => Number.isSafeInteger(value),
  "count": (value) => parseU64(value) !== null,
  "slots": (value) => typeof value === "number" && Number.isInteger(value) && value >= 1,
  "mask": isMask,
  "mask or null": (value) => value === null || isMask(value),
  "data": (value) => parseU64(value) !== null,
  "operation": (value) =>
    Number.isSafeInteger(value) || value === "ADD" || value === "MOD" || value === "DEL",
  "direction": (value) => value === "RD" || value === "WR" || value === "RDWR",
  "null": (value) => value === "null",
};

/**
 * Reads a scenario file.
 *
 * @param text The file's content.
 * @returns The scenarios.
 * @throws {ScenarioFormatError} If it is no scenario file, or something in it cannot be run on any system.
 */
export function parseScenarios(text: string): Scenario[] {
  let file: Json;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new ScenarioFormatError(`it is no JSON: ${(error as Error).message}`);
  }
  if (!isObject(file) || file.format !== SCENARIO_FORMAT) {
    const found = isObject(file) ? JSON.stringify(file.format) : "no object";
    throw new ScenarioFormatError(`"format" must be "${SCENARIO_FORMAT}", current value is ${found}`);
  }
  if (!Array.isArray(file.scenarios)) throw new ScenarioFormatError(`"scenarios" must be a list`);
  const names = new Set<string>();
  return file.scenarios.map((each: Json, index: number) => {
    const scenario = parseScenario(each, `scenario ${index + 1}`);
    if (names.has(scenario.name)) throw new ScenarioFormatError(`two scenarios are named "${scenario.name}"`);
    names.add(scenario.name);
    return scenario;
  });
}

/**
 * Reads one scenario.
 *
 * @param scenario What stands in the list of scenarios.
 * @param where Where it stands, for errors.
 * @returns The scenario.
 * @throws {ScenarioFormatError} If it cannot be run on any system.
 */
export function parseScenario(scenario: Json, where: string): Scenario {
  if (!isObject(scenario)) throw new ScenarioFormatError(`${where} must be an object`);
  const { name, about = "", needs = [], steps } = scenario;
  if (!isName(name)) throw new ScenarioFormatError(`${where} needs a "name"`);
  const place = `scenario "${name}"`;
  if (typeof about !== "string") throw new ScenarioFormatError(`${place}: "about" must be a text`);
  if (!Array.isArray(needs) || !needs.every(isName)) {
    throw new ScenarioFormatError(`${place}: "needs" must be a list of names`);
  }
  if (!Array.isArray(steps)) throw new ScenarioFormatError(`${place}: "steps" must be a list`);
  const expanded: Step[] = [];
  expand(steps, "", place, expanded);
  checkNames(expanded, place);
  const shown = expanded.flatMap(({ op }) => OPERATIONS[op]!.need ?? []);
  return { name, about, needs: [...new Set([...needs, ...shown])], steps: expanded };
}

/** Writes repetitions out and checks each step by itself. */
function expand(steps: readonly Json[], inside: string, place: string, expanded: Step[]): void {
  for (const [index, step] of steps.entries()) {
    const where = `${inside}step ${index + 1}`;
    const call = Array.isArray(step) ? step : isObject(step) ? step.do : null;
    if (!Array.isArray(call) || typeof call[0] !== "string") {
      throw new ScenarioFormatError(
        `${place}, ${where}: must be [OPERATION, ...] or { "do": [OPERATION, ...], "want": RESULT }`,
      );
    }
    if (call[0] !== "repeat") {
      expanded.push(toStep(step!, call, where, place));
      continue;
    }
    const [, rounds, body] = call;
    const isFine = Array.isArray(step) && call.length === 3 && Array.isArray(body) &&
      typeof rounds === "number" && Number.isInteger(rounds) && rounds >= 0;
    if (!isFine) {
      throw new ScenarioFormatError(`${place}, ${where}: must be ["repeat", TIMES, [STEP, ...]]`);
    }
    if (expanded.length + rounds * body.length > MAX_STEPS) {
      throw new ScenarioFormatError(`${place}, ${where}: makes more than ${MAX_STEPS} steps`);
    }
    for (let round = 0; round < rounds; round++) {
      const steps = substitute(body, String(round)) as readonly Json[];
      expand(steps, `${where}, round ${round + 1}, `, place, expanded);
    }
  }
}

function toStep(step: Json, call: readonly Json[], where: string, place: string): Step {
  const [op, ...args] = call as readonly [string, ...Json[]];
  const operation = Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
  if (operation === undefined) {
    throw new ScenarioFormatError(`${place}, ${where}: there is no operation "${op}"`);
  }
  const { params, optional = 0, isOpen = false } = operation;
  const most = isOpen ? Infinity : params.length;
  if (args.length < params.length - optional || args.length > most) {
    throw new ScenarioFormatError(
      `${place}, ${where}: ${usageOf(op, operation)}, but got ${JSON.stringify(call)}`,
    );
  }
  for (const [index, arg] of args.entries()) {
    const param = params[Math.min(index, params.length - 1)]!;
    if (CHECKS[param](arg)) continue;
    throw new ScenarioFormatError(
      `${place}, ${where}: argument ${index + 1} of "${op}" must be ${paramName(param)}, current value is ${
        JSON.stringify(arg)
      }`,
    );
  }
  if (!isObject(step)) return { op, args, want: undefined, isSet: false, where };
  for (const key of Object.keys(step)) {
    if (!["do", "want", "as"].includes(key)) {
      throw new ScenarioFormatError(`${place}, ${where}: there is no "${key}" in a step`);
    }
  }
  if (step.as !== undefined && step.as !== "set") {
    throw new ScenarioFormatError(
      `${place}, ${where}: "as" can be "set", current value is ${JSON.stringify(step.as)}`,
    );
  }
  return { op, args, want: step.want, isSet: step.as === "set", where };
}

/** Names must have been given before they are used. */
function checkNames(steps: readonly Step[], place: string): void {
  const given = { descriptor: new Set<Json>(), waiter: new Set<Json>() };
  for (const { op, args, where } of steps) {
    const { params } = OPERATIONS[op]!;
    for (const [index, arg] of args.entries()) {
      const param = params[Math.min(index, params.length - 1)]!;
      if (param !== "descriptor" && param !== "waiter") continue;
      if (given[param].has(arg) || (arg as string).startsWith("#")) continue;
      throw new ScenarioFormatError(`${place}, ${where}: no step before makes a ${param} "${arg}"`);
    }
    for (const [index, arg] of args.entries()) {
      if (params[index] === "new descriptor") given.descriptor.add(arg);
      if (params[index] === "new waiter") given.waiter.add(arg);
    }
  }
}

function substitute(value: Json, round: string): Json {
  if (typeof value === "string") return value.replaceAll("$i", round);
  if (Array.isArray(value)) return value.map((each) => substitute(each, round));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, substitute(each, round)]));
}

function paramName(param: Param): string {
  return param.toUpperCase().replaceAll(" ", "-");
}

function usageOf(op: string, { params, optional = 0, isOpen = false }: Operation): string {
  const parts = params.map((param, index) => {
    const name = paramName(param);
    return index < params.length - optional ? name : `[${name}]`;
  });
  return `must be ["${op}", ${parts.join(", ")}${isOpen ? ", ..." : ""}]`;
}

/**
 * Reads a number of 64 bits.
 *
 * @param value A number, or digits, with `0x` in front for hexadecimal ones.
 * @returns The number; null if it is none, or not from 0 to 2^64 - 1.
 */
export function parseU64(value: Json): bigint | null {
  const isDigits = typeof value === "string" && /^(0x[0-9a-f]+|[0-9]+)$/i.test(value);
  if (!isDigits && !Number.isSafeInteger(value)) return null;
  const parsed = BigInt(value as string | number);
  return parsed >= 0n && parsed <= MAX_COUNT ? parsed : null;
}

/**
 * Reads a mask.
 *
 * @param value A number, or names joined by `|`.
 * @returns The mask; null if it is none.
 */
export function parseMaskValue(value: Json): number | null {
  if (typeof value === "string") return parseMask(value);
  return typeof value === "number" && value >= 0 && value < 2 ** 32 && Number.isInteger(value) ? value : null;
}

function isMask(value: Json): boolean {
  return parseMaskValue(value) !== null;
}

function isName(value: Json | undefined): value is string {
  return typeof value === "string" && value !== "";
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
