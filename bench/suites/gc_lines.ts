/**
 * How often the garbage collector runs while ten million events go through the public API: never, if nothing is allocated
 * per event. The peer is run with V8's flags --trace-gc and --expose-gc, and what V8 says between two explicit collections
 * is counted.
 *
 * @module
 */

import { reached } from "../../src/report/goals.ts";
import type { Goal } from "../../src/report/schema.ts";
import type { ScannerKind } from "../../src/ring/scanner.ts";
import type { OwnRing } from "../peers/eventpipe_readers.ts";
import { eventpipeCommand, type PeerPrograms } from "../peers/programs.ts";
import { blockRequest, eventsPerFill } from "../peers/protocol.ts";

/** A line of `--trace-gc`. */
const COLLECTION = /Scavenge|Mark-Compact|Minor Mark-Sweep/;
/** A line of a collection that the program asked for. */
const MARKER = /Mark-Compact.* testing;/;

const RING = { ringBytes: 262_144, payloadBytes: 32, payloadSteps: 1 } as const;

/** Fills that are not counted, while the just-in-time compiler is at work. */
const WARM_UP_FILLS = 400;

/** What is counted and where. */
export interface GcOptions {
  /** At least so many events. */
  readonly events: number;
  readonly ring: Exclude<OwnRing, "memory">;
  readonly scanner: ScannerKind;
  /** The CPU the events are emitted on. */
  readonly producerCpu: number;
  /** The CPU of the peer. */
  readonly consumerCpu: number;
}

/**
 * Counts collections.
 *
 * @param programs What was built.
 * @param options Of which events.
 * @returns How many there were.
 * @throws {Error} If the peer fails, or V8's lines are not understood.
 */
export async function countGcLines(
  programs: Pick<PeerPrograms, "generator">,
  { events, ring, scanner, producerCpu, consumerCpu }: GcOptions,
): Promise<number> {
  const perFill = eventsPerFill(RING);
  const config = { producerCpu, consumerCpu, ...RING, handlers: 4, events: perFill, rings: 1 };
  const [deno = "", run = "", ...args] = eventpipeCommand(
    programs,
    { ring, scanner, delivery: "each" },
    config,
  );
  const child = new Deno.Command(deno, {
    args: [run, "--v8-flags=--trace-gc,--expose-gc", ...args],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const requests = child.stdin.getWriter();
  const text = blockRequest(1, WARM_UP_FILLS) + blockRequest(1, Math.ceil(events / perFill));
  await requests.write(new TextEncoder().encode(text));
  await requests.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout);
  if (code !== 0) throw new Error(`Cannot count collections: ${said}${new TextDecoder().decode(stderr)}`);
  return collectionsOf(said);
}

/**
 * Counts what V8 said between the markers of the last block.
 *
 * @param text What a peer with two blocks wrote: two markers for each.
 * @returns How many collections nobody asked for.
 * @throws {Error} If the markers are not there.
 */
export function collectionsOf(text: string): number {
  const lines = text.split("\n").filter((line) => COLLECTION.test(line));
  const markers = lines.flatMap((line, index) => MARKER.test(line) ? [index] : []);
  if (markers.length !== 4) {
    throw new Error(`Cannot count collections: expected 4 markers, there are ${markers.length} in:\n${text}`);
  }
  return markers[3]! - markers[2]! - 1;
}

/**
 * Makes a row of the table of goals.
 *
 * @param options What was counted; null if it was not.
 * @returns The row.
 */
export function gcGoal(
  { ring, scanner, events, count }: Pick<GcOptions, "ring" | "scanner" | "events"> & {
    readonly count: number | null;
  },
): Goal {
  const bounds = { atMost: 0, goal: 0 };
  return {
    what: `GC lines in ${events.toLocaleString("en-US")} events, ${ring} scanner, ${scanner}`,
    over: null,
    cell: count === null ? null : `${ring} 256 KiB, 32 B, 4 handlers, in order`,
    value: count,
    low: null,
    high: null,
    worstLaunch: null,
    ...bounds,
    verdict: null,
    reached: reached({ ...bounds, value: count, worstLaunch: null }),
  };
}
