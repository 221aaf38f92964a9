/**
 * The three things that are measured of a tool: a short life (first event, memory, stop), stopping with all system calls,
 * and what it costs those it watches. Each is one run that gives one sample; the caller repeats and mixes them.
 *
 * @module
 */

import { RunningTool, sleep, type Workload } from "./harness.ts";
import type { LifeSample, OpenSample, StopSample } from "./results.ts";
import { lostOf, type OpenWay, type Tool, UNTRACED } from "./tools.ts";

/** The program the ticker starts: its name in a line is the first event. */
const TICKED = "/bin/true";

/** A tool that prints nothing is given this long to begin. */
const BEGIN_MS = 1500;

/** A traced machine as it is after a while, before the tool is stopped. */
const LIVE_MS = 500;

/** No tool needs longer than this for one tracepoint; all system calls may. */
const STOP_BOUND_MS = 10_000;
const ALL_CALLS_BOUND_MS = 60_000;

/** What a tool has detached lags behind its end; the next run begins after that. */
const SETTLE_MS = 2500;
const SLOW_SETTLE_MS = 40_000;

/** Beginning, memory and end of a trace of sched:sched_process_exec, while the ticker runs. */
export async function measureLife(tool: Tool, round: number): Promise<LifeSample> {
  await using running = new RunningTool(tool.exec, tool.env);
  const firstEventMs = tool.printsEvents ? await running.untilText(TICKED) : null;
  await sleep(tool.printsEvents ? LIVE_MS : BEGIN_MS);
  const peakBytes = running.peakBytes();
  const { ms, killed, code } = await running.stop(STOP_BOUND_MS);
  checkEnd(tool, code, running.text);
  await sleep(SETTLE_MS);
  return { tool: tool.name, round, firstEventMs, peakBytes, stopMs: ms, killed };
}

/** The end of a trace of all system calls. */
export async function measureStop(tool: Tool, round: number): Promise<StopSample> {
  await using running = new RunningTool(tool.allCalls, tool.env);
  if (tool.allCallsReady !== null) await running.untilText(tool.allCallsReady);
  // Some 1400 files are opened one by one where there is no better way.
  else await sleep(tool.detachesSlowly ? 3 * BEGIN_MS : BEGIN_MS);
  const { ms, killed, code } = await running.stop(ALL_CALLS_BOUND_MS);
  if (!killed) checkEnd(tool, code, running.text);
  await sleep(tool.isOurs && tool.detachesSlowly ? SLOW_SETTLE_MS : SETTLE_MS);
  return { tool: tool.name, round, stopMs: ms, killed };
}

/** One way to trace, or none, while a file is opened and closed again and again. */
export async function measureOpen(
  way: OpenWay & { readonly tool: Tool | null },
  round: number,
  workload: Workload,
  pairs: number,
): Promise<OpenSample> {
  if (way.name === UNTRACED || way.tool === null) {
    return { way: UNTRACED, round, ...await workload.pairs(pairs), lost: null, peakBytes: null };
  }
  await using running = new RunningTool(way.argv, way.tool.env);
  await sleep(BEGIN_MS);
  const times = await workload.pairs(pairs);
  const peakBytes = running.peakBytes();
  const { code } = await running.stop(STOP_BOUND_MS);
  checkEnd(way.tool, code, running.text);
  await sleep(SETTLE_MS);
  const lost = lostOf(running.text) ?? (way.tool.isOurs ? 0 : null);
  return { way: way.name, round, ...times, lost, peakBytes };
}

/** Ours end with 0 after an interrupt; what others end with is their affair. */
function checkEnd(tool: Tool, code: number, text: string): void {
  if (tool.isOurs && code !== 0) throw new Error(`${tool.name} ended with status ${code}: ${text.trim()}`);
}
