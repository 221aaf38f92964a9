/**
 * What a check of the doctor is: a question to this machine with an answer and an advice. A check never throws: whatever
 * goes wrong while it looks is its answer.
 *
 * @module
 */

/** How it is: as needed, there with restrictions, or not there. */
export type CheckState = "ok" | "limited" | "missing";

/** The answer of a check. */
export interface Finding {
  /** How it is. */
  readonly state: CheckState;
  /** What was found. */
  readonly found: string;
  /** What to do about it; empty if nothing needs to be done. */
  readonly advice: string;
}

/** A row of the doctor's table. */
export interface Check extends Finding {
  /** What was looked at. */
  readonly name: string;
}

/** What keeps something from running, in words. */
export type Obstacle = Pick<Finding, "found" | "advice">;

/**
 * Looks at one thing.
 *
 * @param name What is looked at.
 * @param examine Looks; may throw.
 * @returns The row of the table.
 */
export function check(name: string, examine: () => Finding): Check {
  try {
    return { name, ...examine() };
  } catch (error) {
    return { name, state: "missing", ...obstacleOf(error) };
  }
}

/**
 * Looks at one thing, if what it takes to look is there.
 *
 * @param name What is looked at.
 * @param needed The checks that had to succeed.
 * @param examine Looks; may throw.
 * @returns The row of the table.
 */
export function checkAfter(name: string, needed: readonly Check[], examine: () => Finding): Check {
  const absent = needed.find(({ state }) => state === "missing");
  if (absent === undefined) return check(name, examine);
  return { name, state: "missing", found: "could not be tried", advice: `see ${absent.name}` };
}

/**
 * Makes the answer for what is as needed.
 *
 * @param found What was found.
 * @returns The answer.
 */
export function ok(found: string): Finding {
  return { state: "ok", found, advice: "" };
}

/**
 * Takes an error for an answer. The messages of this project say what was tried, what came back, and behind the first
 * semicolon what to do.
 *
 * @param error What was thrown.
 * @returns What was found and what to do.
 */
export function obstacleOf(error: unknown): Obstacle {
  const text = error instanceof Error ? error.message : String(error);
  // Deno's own advice stands behind a comma: "Requires read access to ..., run again with the --allow-read flag".
  const [found = "", ...advice] = text.replace(/, (?=run again with )/, "; ").split("; ");
  return { found, advice: advice.join("; ") };
}
