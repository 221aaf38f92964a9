/**
 * How the harness talks to the program of the crossings. It gets the CPU it runs on as its argument, makes each crossing
 * until it is compiled, and prints `{"crossings":[{"group":...,"name":...},...]}`. From then on each line
 * `cross INDEX INDEX ...` is answered by `{"ns":[...]}`: a block of each of them in that order, the time of one crossing.
 * A line `{"error":"..."}` is its last. Relies on nothing.
 *
 * @module
 */

/** What is crossed and how. */
export interface CrossingName {
  readonly group: string;
  readonly name: string;
}

/**
 * Writes a request.
 *
 * @param order The crossings by their places, in the order in which they are to be made.
 * @returns The line, with its end.
 */
export function crossRequest(order: readonly number[]): string {
  return `cross ${order.join(" ")}\n`;
}

/**
 * Reads a request.
 *
 * @param line The line without its end.
 * @returns The crossings by their places.
 * @throws {TypeError} If it is no request.
 */
export function readCrossRequest(line: string): number[] {
  if (!/^cross( \d+)+$/.test(line)) {
    throw new TypeError(
      `Cannot understand the request: expected "cross INDEX ...", current value is ${line}`,
    );
  }
  return line.split(" ").slice(1).map(Number);
}

/**
 * Reads an answer.
 *
 * @param line The line without its end.
 * @returns The answer.
 * @throws {TypeError} If it is none.
 */
export function readCrossAnswer(
  line: string,
): { crossings: readonly CrossingName[] } | { ns: readonly number[] } | { error: string } {
  let answer: Record<string, unknown> | null = null;
  try {
    answer = JSON.parse(line);
  } catch {
    // Refused below, like other lines that are no answer.
  }
  if (typeof answer === "object" && answer !== null) {
    const { error, crossings, ns } = answer;
    if (typeof error === "string") return { error };
    if (Array.isArray(crossings) && crossings.every(isName)) return { crossings };
    if (Array.isArray(ns) && ns.every((each) => Number.isFinite(each) && each > 0)) return { ns };
  }
  throw new TypeError(`Cannot understand the program: expected a line of JSON, current value is ${line}`);
}

function isName(value: unknown): value is CrossingName {
  const { group, name } = (value ?? {}) as Record<string, unknown>;
  return typeof group === "string" && typeof name === "string";
}
