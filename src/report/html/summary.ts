/**
 * What stands first on a page: the few figures that a reader came for, each with the cell it is of. They are of kernel events
 * alone, or of the memory source where there are no others, and then they say so. Relies on slices and models.
 *
 * @module
 */

import { formatCount, formatNs } from "../../cli/units.ts";
import { responseOf } from "../response.ts";
import type { Cell } from "../schema.ts";
import type { Coefficient } from "../cost_model.ts";
import { modelsOf } from "./charts/throughput.ts";
import { WAKEUP_SUITE } from "../wakeup_fits.ts";
import { placeText, slicesOf } from "./slices.ts";

/** A figure with its name and its cell. */
export interface Tile {
  readonly name: string;
  readonly figure: string;
  readonly cell: string;
}

/**
 * The figures of one source.
 *
 * @param cells All of one source.
 * @returns What its cells suffice for.
 */
export function tilesOf(cells: readonly Cell[]): Tile[] {
  // The rate of a wake-up cell is that of the program that emits, and a ping-pong has none.
  const own = cells.filter(({ peer, suite, arrivals }) =>
    peer === null && suite !== WAKEUP_SUITE && arrivals !== "pingpong"
  );
  return [...rateTile(own), ...latencyTile(own), ...costTiles(own), ...peerTiles(cells)];
}

function rateTile(cells: readonly Cell[]): Tile[] {
  const best = cells.filter((cell) => cell.rate === null && cell.lost === 0 && cell.wakeups !== null)
    .toSorted((one, other) => other.eventsPerSecond - one.eventsPerSecond)[0];
  if (best === undefined) return [];
  return [{
    name: "Highest rate without loss",
    figure: `${formatCount(best.eventsPerSecond)}/s`,
    cell: `${placeText(best)}, ${best.payloadBytes} B per event${apartText(best)}`,
  }];
}

function latencyTile(cells: readonly Cell[]): Tile[] {
  const measured = cells.flatMap((cell) => {
    const ns = responseOf(cell)?.p99 ?? null;
    return ns === null || cell.rate === null || cell.lost > 0 ? [] : [{ cell, ns, rate: cell.rate }];
  });
  const best = measured.toSorted((one, other) => one.ns - other.ns)[0];
  if (best === undefined) return [];
  const p50 = responseOf(best.cell)!.p50;
  return [{
    name: `Lowest p99 at ${formatCount(best.rate)} events/s`,
    figure: formatNs(best.ns),
    cell: `${placeText(best.cell)}${apartText(best.cell)}${
      p50 === null ? "" : `; its p50 is ${formatNs(p50)}`
    }`,
  }];
}

/** What a best cell may owe its figure to beside its ring and threshold. */
function apartText({ ring, waiter, cpus, arrivals }: Cell): string {
  return [
    waiter,
    ...(ring === "perf" ? [] : ["BPF ring buffer"]),
    ...(cpus === 1 ? [] : [`${cpus} CPUs`]),
    ...(arrivals === "poisson" ? [arrivals] : []),
  ].map((text) => `, ${text}`).join("");
}

function costTiles(cells: readonly Cell[]): Tile[] {
  // The model is of a sweep of thresholds, which this suite has.
  const saturated = cells.filter(({ suite, wakeups }) => suite === "throughput" && wakeups !== null);
  const [slice] = slicesOf(saturated);
  const found = slice === undefined ? [] : modelsOf(slice);
  const best = found.find(({ what }) => what === "consumer CPU");
  if (best === undefined || best.model.balance === null) return [];
  const { a, b, balance } = best.model;
  return [
    {
      name: "Consumer CPU of an event",
      figure: formatNs(a.value),
      cell: `a of t(N) = a + b/N${intervalText(a)}`,
    },
    {
      name: "Consumer CPU of a wake-up",
      figure: formatNs(b.value),
      cell: `b of t(N) = a + b/N${intervalText(b)}; as dear as ${formatCount(Math.round(balance))} events`,
    },
  ];
}

function intervalText({ low, high }: Coefficient): string {
  return low === null || high === null ? "" : `, ${formatNs(low)} to ${formatNs(high)}`;
}

/** Other programs alone: how eventpipe on one ring compares with eventpipe on another is no figure to begin with. */
function peerTiles(cells: readonly Cell[]): Tile[] {
  const compared = cells.flatMap(({ suite, ratio }) =>
    ratio === null || /^eventpipe\b/.test(ratio.to)
      ? []
      : [{ name: `${suite}: time over ${ratio.to}`, ratio }]
  );
  return [...new Set(compared.map(({ name }) => name))].map((name) => {
    const medians = compared.filter((each) => each.name === name).map(({ ratio }) => ratio.median).sort((
      a,
      b,
    ) => a - b);
    const [low, high] = [medians[0]!, medians.at(-1)!].map((median) => median.toFixed(2));
    const cells = medians.length === 1 ? "1 cell" : `${medians.length} cells`;
    return {
      name,
      figure: low === high ? low! : `${low} to ${high}`,
      cell: `medians of ${cells}; below 1 eventpipe takes less`,
    };
  });
}
