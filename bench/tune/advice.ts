/**
 * Advice as text: what to set, what its own run says of it, the measured cells it rests on, and what all that does not say.
 *
 * @module
 */

import { markdownTable } from "markdown-table";
import { formatBytes, formatCount, formatNs } from "../../src/cli/units.ts";
import { wrapText } from "../../src/report/wrap.ts";
import type { Judged } from "./choose.ts";
import {
  BUSY_SHARE,
  type Check,
  type Goal,
  isHeld,
  isHeldUp,
  type Measurement,
  type QuantileName,
  QUANTILES,
  smallestMargin,
} from "./goal.ts";
import { expectedCpuShare } from "./model.ts";
import {
  describeSetting,
  describeWaiter,
  describeWakeup,
  isTimed,
  memoryBytes,
  type Setting,
} from "../setting.ts";
import { snippets } from "./snippets.ts";
import type { Tuning } from "./tuning.ts";

const COLUMNS = 100;

/** Where it was measured. */
export interface Machine {
  readonly producerCpu: number;
  readonly consumerCpu: number;
  /** Why BPF ring buffers were not measured; null if they were. */
  readonly noRingbuf: string | null;
}

/**
 * A goal in one line.
 *
 * @param goal The goal.
 * @returns The line.
 */
export function describeGoal(goal: Goal): string {
  const { rate, payloadBytes, maxLatencyNs, quantile, maxLoss, maxCpu } = goal;
  const parts = [`${formatCount(rate)} events/s of ${formatBytes(payloadBytes)}`];
  if (maxLatencyNs !== null) {
    parts.push(`${quantile} from output to handler at most ${formatNs(maxLatencyNs)}`);
  }
  parts.push(maxLoss === 0 ? "no loss" : `loss at most ${percent(maxLoss)}`);
  if (maxCpu !== null) parts.push(`reader at most ${percent(maxCpu)} of a core`);
  return parts.join(", ");
}

/**
 * Writes the advice.
 *
 * @param tuning What came of the measurements.
 * @param machine Where.
 * @returns Lines of text with Markdown tables.
 */
export function renderAdvice(tuning: Tuning, machine: Machine): string {
  const { goal, verifications, isHeld: held } = tuning;
  const verified = verifications.at(-1)!;
  const { measurement: { setting }, checks } = verified;
  return [
    `Goal: ${describeGoal(goal)}.`,
    held ? `Advice: ${describeSetting(setting)}.` : refusal(tuning, verified),
    memory(setting, goal),
    `## Verification: ${held ? "held" : "NOT held"}`,
    paragraph(verificationText(tuning)),
    checkTable(checks, goal),
    "## Measured",
    paragraph(comparisonText(tuning)),
    cellTable(tuning),
    paragraph(modelText(tuning)),
    "## What this does not say",
    ...limits(tuning, machine).map((text) => bullet(text)),
    `## ${held ? "Settings" : "Settings of the nearest"}`,
    ...snippets(setting).map(({ name, language, code }) => `${name}:\n\`\`\`${language}\n${code}\n\`\`\``),
  ].join("\n\n").replaceAll("\n\n- ", "\n- ");
}

/** The plain no, with the parts of the goal that were missed. */
function refusal({ goal, ranked }: Tuning, { measurement, checks }: Judged): string {
  const missed = checks.filter(({ held }) => !held).map((check) => {
    const measured = check.measured === null ? "could not be told" : `was ${value(check, check.measured)}`;
    return `${checkName(check, goal)} ${measured}, asked for is ${value(check, check.asked)}`;
  });
  const verdict = ranked.some((each) => isHeld(each.checks))
    ? "Not confirmed: what held this goal in a short run missed it in the verification."
    : "No: none of the settings measured here reaches this goal.";
  const rate = checks.some(({ name, held }) => name === "rate" && !held)
    ? `\n${fellBehind(measurement)}`
    : "";
  return `${verdict}\nNearest: ${describeSetting(measurement.setting)}.\nMissed: ${
    missed.join("; ")
  }.${rate}`;
}

/** Why a program output fewer events than it was to. */
function fellBehind({ programWaitShare }: Measurement): string {
  if ((programWaitShare ?? 0) <= BUSY_SHARE) {
    return "The program fell behind its rate: outputs cost too much at it.";
  }
  return `The program fell behind its rate: others had its CPU for ${
    percent(programWaitShare!)
  } of the run, so this says little of the setting.`;
}

function memory(setting: Setting, goal: Goal): string {
  const total = formatBytes(memoryBytes(setting, goal.cpus));
  if (setting.ring === "ringbuf") return `Memory: ${total}, one ring for all CPUs.`;
  return `Memory: ${formatBytes(setting.ringBytes)} x ${goal.cpus} CPUs = ${total}.`;
}

function verificationText({ verifications, goal }: Tuning): string {
  const { measurement } = verifications.at(-1)!;
  const { durationMs, produced, rate, drains, dispatched, peakFill } = measurement;
  const again = verifications.length > 1
    ? ` It is the second setting that was verified: ${
      describeSetting(verifications[0]!.measurement.setting)
    } missed ${missedBy(verifications[0]!.checks, goal)}.`
    : "";
  return `A run of ${(durationMs / 1000).toFixed(1)} s at ${formatCount(goal.rate)} events/s: ${
    formatCount(produced)
  } events, ${formatCount(rate)} per second; ${
    formatCount(dispatched / Math.max(1, drains))
  } events per look into the rings; the ring was ${percent(peakFill)} full at most.${again}`;
}

function checkTable(checks: readonly Check[], goal: Goal): string {
  const rows = checks.map((check) => [
    checkName(check, goal),
    value(check, check.asked),
    check.measured === null ? "too few events" : value(check, check.measured),
    marginText(check),
    check.held ? "held" : "NOT held",
  ]);
  return markdownTable([["goal", "asked", "measured", "margin", ""], ...rows]);
}

function comparisonText(tuning: Tuning): string {
  const { goal, compared } = tuning;
  const isAnyHeldUp = tuning.ranked.some(({ checks, measurement }) => isHeldUp(checks, measurement));
  const heldUp = isAnyHeldUp
    ? " Held up are those in which others had the program's CPU, so it fell behind."
    : "";
  const order = `The candidates, the best for this goal first.${heldUp}`;
  if (goal.quantile === compared.quantile || goal.maxLatencyNs === null) return order;
  return `${order} At this rate their short runs have too few events for ${goal.quantile}; they were compared by ${compared.quantile}.`;
}

function cellTable({ ranked, compared }: Tuning): string {
  const asked = new Set<QuantileName>(["p50", compared.quantile, "p99"]);
  const quantiles = (Object.keys(QUANTILES) as QuantileName[]).filter((name) => asked.has(name));
  const head = ["ring", "bytes", "wake-up", "waiter", "scanner", ...quantiles, "CPU", "lost", "events/look"];
  const rows = ranked.map(({ measurement, checks }: Judged) => {
    const { setting, latency, cpuShare, lost, produced, dispatched, drains } = measurement;
    return [
      setting.ring,
      formatBytes(setting.ringBytes),
      describeWakeup(setting),
      describeWaiter(setting),
      setting.scanner,
      ...quantiles.map((name) => latencyText(latency[name])),
      percent(cpuShare),
      percent(lost / Math.max(1, produced)),
      formatCount(dispatched / Math.max(1, drains)),
      isHeld(checks)
        ? `held, margin ${margin(smallestMargin(checks))}`
        : `missed: ${missedBy(checks, compared)}${isHeldUp(checks, measurement) ? " (held up)" : ""}`,
    ];
  });
  return markdownTable([[...head, ""], ...rows]);
}

function modelText({ model, goal, verifications }: Tuning): string {
  const { eventNs, wakeupNs, wakeDelayNs, stallNs } = model;
  const { measurement: { dispatched, drains, cpuShare, setting } } = verifications.at(-1)!;
  // It was fitted to perf rings with thresholds, and knows no others.
  const expected = setting.ring === "perf" && setting.waiter === "epoll" && !isTimed(setting)
    ? ` For the advised setting it says ${
      percent(expectedCpuShare(model, goal.rate, dispatched / Math.max(1, drains)))
    } CPU; measured were ${percent(cpuShare)}.`
    : "";
  return `The model that chose them: an event costs the reader ${formatNs(eventNs)}, a wake-up ${
    formatNs(wakeupNs)
  } (a + b/N); a wake-up takes ${delayText(wakeDelayNs, goal)}; rings hold what comes in ${
    formatNs(stallNs)
  }.${expected}`;
}

function delayText(wakeDelayNs: number | null, { quantile }: Goal): string {
  if (wakeDelayNs === null) return "an unknown time, since the program never kept its rate";
  return wakeDelayNs === 0 ? "less than its batch" : `${formatNs(wakeDelayNs)} (${quantile})`;
}

function limits(tuning: Tuning, { producerCpu, consumerCpu, noRingbuf }: Machine): string[] {
  const { goal, verifications, ranked } = tuning;
  const { measurement } = verifications.at(-1)!;
  const texts = [
    `All events came from one program on CPU ${producerCpu}, at even distances; the reader stayed on CPU ${consumerCpu}. Bursts need rings that hold the longest of them.`,
    "The handler reads one word of an event. What yours does comes on top, in CPU and, once it is slow, in loss.",
    "Latency is from the output in the kernel to the handler. On a virtual machine its upper quantiles may be the host's, whatever is set here.",
  ];
  if (producerCpu === consumerCpu) {
    texts.push("There is one CPU only: program and reader took turns, which no wake-up setting changes.");
  }
  if (goal.cpus > 1 && measurement.setting.ring === "perf" && !isTimed(measurement.setting)) {
    texts.push(
      `A threshold counts for each CPU by itself. Spread over ${goal.cpus} CPUs, a ring reaches it that much later; this library reads all rings whichever woke it, others may read that one only.`,
    );
  }
  if (goal.cpus > 1 && measurement.setting.ring === "ringbuf") {
    texts.push(
      "Programs on several CPUs take turns at the lock of a BPF ring buffer; one CPU does not show it.",
    );
  }
  const runs = [measurement, ...ranked.map((each) => each.measurement)];
  const reader = Math.max(...runs.map(({ waitShare }) => waitShare ?? 0));
  const program = Math.max(...runs.map(({ programWaitShare }) => programWaitShare ?? 0));
  if (producerCpu !== consumerCpu && Math.max(reader, program) > BUSY_SHARE) {
    texts.push(
      `This machine is busy: others kept the reader from its CPU for up to ${
        percent(reader)
      } of a run, and the program for up to ${percent(program)}. On a quiet one the figures are better.`,
    );
  }
  if (noRingbuf !== null) texts.push(`BPF ring buffers were not measured: ${noRingbuf}.`);
  return texts;
}

function checkName({ name }: Check, { quantile }: Goal): string {
  return name === "latency" ? `${name} ${quantile}` : name;
}

function missedBy(checks: readonly Check[], goal: Goal): string {
  return checks.filter(({ held }) => !held).map((check) => checkName(check, goal)).join(", ");
}

function value({ name }: Check, number: number): string {
  if (name === "rate") return `${formatCount(number)}/s`;
  if (name === "latency") return latencyText(number);
  return percent(number);
}

function latencyText(ns: number | null): string {
  if (ns === null) return "-";
  return ns === Infinity ? "lost" : formatNs(ns);
}

function marginText({ name, margin: factor, held }: Check): string {
  if (factor === Infinity || (name === "rate" && held)) return "";
  return name === "loss" && held ? `${margin(factor)} the ring` : margin(factor);
}

function margin(factor: number): string {
  // Without a limit that it came near to, or with a limit of 0, there is no factor to tell.
  if (factor === Infinity || factor === 0) return "";
  return factor >= 10 ? `${factor.toFixed(0)}x` : `${factor.toPrecision(2)}x`;
}

/** Shares with as many digits as tell them apart from 0. */
function percent(share: number): string {
  const hundred = share * 100;
  if (hundred === 0) return "0 %";
  return `${hundred >= 10 ? hundred.toFixed(0) : Number(hundred.toPrecision(2))} %`;
}

function paragraph(text: string): string {
  return wrapText(text, COLUMNS).join("\n");
}

function bullet(text: string): string {
  return wrapText(text, COLUMNS - 2).map((line, index) => `${index === 0 ? "- " : "  "}${line}`).join("\n");
}
