/**
 * The outcomes of the suite `gate` as cells of a results file. Relies on the schema of results.
 *
 * @module
 */

import type { Cell } from "../../src/report/schema.ts";
import { ratioInterval } from "../measure/bootstrap.ts";
import { median } from "../measure/median.ts";
import type { PeerBlock } from "../peers/protocol.ts";
import { type GateOutcome, gateRatios, nsPerEvent, WALK } from "./gate.ts";
import { GATE_RING_BYTES } from "./gate_plan.ts";

/**
 * Makes cells of an outcome: eventpipe over the walk, and the walk.
 *
 * @param outcome What was measured.
 * @param seed Of the interval.
 * @returns The two cells.
 */
export function gateCells(outcome: GateOutcome, seed: number): Cell[] {
  const pairs = outcome.launches.map(gateRatios);
  const { launches: _, isWithinLaunch, launchMedians, ...interval } = ratioInterval(pairs, { seed });
  return [
    {
      ...cellOf(outcome, null),
      ratio: { to: WALK, ...interval },
      verdict: null,
      launchMedians: [...launchMedians],
      pairRatios: pairs.map((launch) => launch.map((ratio) => Number(ratio.toPrecision(4)))),
      flags: isWithinLaunch ? ["within-launch"] : [],
    },
    cellOf(outcome, WALK),
  ];
}

function cellOf({ plan, launches }: GateOutcome, peer: typeof WALK | null): Cell {
  const { ring, scanner, delivery, handlers, payload: { label, payloadBytes, payloadSteps } } = plan;
  const blocks = launches.flatMap((launch): readonly PeerBlock[] =>
    peer === null ? launch.ours : launch.walk
  );
  const events = blocks.reduce((sum, block) => sum + block.events, 0);
  const ns = blocks.reduce((sum, block) => sum + block.ns, 0);
  return {
    suite: "gate",
    source: "kernel",
    ring: peer === null ? ring : "perf",
    scanner: peer === null ? scanner : null,
    waiter: "none",
    peer,
    ringBytes: GATE_RING_BYTES,
    wakeupEvents: null,
    effectiveWakeupEvents: null,
    watermarkBytes: null,
    payloadBytes: payloadBytes + 4 * (payloadSteps - 1),
    cpus: 1,
    rate: null,
    durationMs: ns / 1e6,
    produced: events,
    dispatched: events,
    unknown: 0,
    lost: 0,
    left: 0,
    corrupt: 0,
    exact: true,
    wakeups: null,
    eventsPerSecond: events / (ns / 1e9),
    consumeNsPerEvent: median(blocks.map(nsPerEvent)),
    cpuNsPerEvent: null,
    latency: null,
    ratio: null,
    flags: [],
    delivery,
    handlers,
    rings: 1,
    payload: label,
  };
}
