/**
 * A comparison as Markdown: readable in a terminal, and a table where a pull request or a job's summary shows it. Relies on
 * markdown-table.
 *
 * @module
 */

import { markdownTable } from "markdown-table";
import { formatNs } from "../../cli/units.ts";
import type { ComparedMeasure, Comparison, ComparisonVerdict } from "./compare.ts";
import type { Measure } from "./measures.ts";
import { middleOf, MIN_LAUNCHES, trimmedLaunches } from "./ratio.ts";

/**
 * Writes a comparison.
 *
 * @param comparison What was compared.
 * @returns Markdown without a newline at its end.
 */
export function renderComparison({ measures, onlyA, onlyB }: Comparison): string {
  const rows = measures.map(({ a, b, ratio, adjusted, verdict }) => [
    a.cell,
    a.what,
    middleText(a),
    middleText(b),
    ratio === null ? "-" : `${ratio.ratio.toFixed(3)} (${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)})`,
    adjusted === null ? "-" : adjusted < 0.001 ? "<0.001" : adjusted.toFixed(3),
    verdict,
  ]);
  const head = ["cell", "what", "A", "B", "B/A (95% interval)", "adjusted p", "verdict"];
  const table = markdownTable([head, ...rows], { align: ["l", "l", "r", "r", "r", "r", "l"] });
  return [table, ...sentences(measures), ...missing("A", onlyA), ...missing("B", onlyB)].join("\n\n");
}

function sentences(measures: readonly ComparedMeasure[]): string[] {
  const count = (verdict: ComparisonVerdict): number =>
    measures.filter((each) => each.verdict === verdict).length;
  const judged = measures.length - count("too few launches");
  const lines = [
    `Of ${judged} measures: ${count("slower")} slower, ${count("faster")} faster, ${
      count("equivalent")
    } equivalent, ${
      count("inconclusive")
    } inconclusive. Probabilities are adjusted over all of them (Benjamini-Hochberg, 5%).`,
  ];
  const most = Math.max(0, ...measures.flatMap(({ a, b }) => [a.values.length, b.values.length]));
  const trimmed = trimmedLaunches(most);
  if (trimmed > 0) {
    lines.push(
      `A and B are geometric means over process launches; of ${most} launches the ${trimmed} fastest and the ${trimmed} ` +
        "slowest are left out.",
    );
  }
  const few = count("too few launches");
  if (few > 0) {
    lines.push(
      `${few} measures were not judged: an interval needs ${MIN_LAUNCHES} process launches on each side. Give folders ` +
        "that hold several runs.",
    );
  }
  return lines;
}

function missing(side: string, count: number): string[] {
  return count === 0 ? [] : [`${count} measures are in ${side} alone.`];
}

/** What ratios are of. */
function middleText({ values, isRatio }: Measure): string {
  const middle = middleOf(values);
  return isRatio ? middle.toFixed(3) : formatNs(middle);
}
