/**
 * The table of goals of a results file: what the suites are to reach, and what they reached. Reports and the benchmark print
 * it. Relies on markdown-table for tables that are also readable as text.
 */

import { markdownTable } from "markdown-table";
import type { Goal } from "./schema.ts";

/** A just-in-time compiler can be unlucky in a process; more than this, and the median does not tell of the next one. */
const UNEVEN = 1.25;

/**
 * Whether a goal was reached.
 *
 * @param goal What was measured, and the bounds.
 * @returns The word for it.
 */
export function reached(
  { value, worstLaunch, atMost, goal }: Pick<Goal, "value" | "worstLaunch" | "atMost" | "goal">,
): Goal["reached"] {
  if (value === null) return "not measured";
  if (value > atMost) return "no";
  if (worstLaunch !== null && worstLaunch > UNEVEN * value) return "uneven";
  return value <= goal ? "goal" : "limit";
}

/**
 * Draws the table.
 *
 * @param goals The goals.
 * @returns Markdown.
 */
export function renderGoals(goals: readonly Goal[]): string {
  const head = [
    "what",
    "over",
    "ratio",
    "95%",
    "worst launch",
    "of the median",
    "cell",
    "at most",
    "goal",
    "reached",
    "verdict",
  ];
  const align = ["l", "l", "r", "r", "r", "r", "l", "r", "r", "l", "l"];
  return markdownTable([head, ...goals.map(fields)], { align });
}

function fields(goal: Goal): string[] {
  const { what, over, cell, value, low, high, worstLaunch, atMost, verdict } = goal;
  const isCount = over === null;
  const text = (number: number | null): string =>
    number === null ? "-" : isCount ? String(number) : number.toFixed(2);
  return [
    what,
    over ?? "-",
    text(value),
    low === null || high === null ? "-" : `${text(low)} to ${text(high)}`,
    text(worstLaunch),
    worstLaunch === null || value === null ? "-" : `${(worstLaunch / value).toFixed(2)}x`,
    cell ?? "-",
    text(atMost),
    text(goal.goal),
    goal.reached,
    verdict ?? "-",
  ];
}
