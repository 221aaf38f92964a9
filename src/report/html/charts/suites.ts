/**
 * The charts of suites that vary one thing: ring size, size of events, CPUs, offered rate, waiter. Each is drawn over what it
 * varies, a line or a row for what else differs between its cells. Relies on lines and rows.
 *
 * @module
 */

import { formatBytes, formatCount, formatNs } from "../../../cli/units.ts";
import { responseOf, roadOf } from "../../response.ts";
import type { Floor } from "../../rows.ts";
import type { Cell } from "../../schema.ts";
import { byConfiguration, differingNames, lostShare, type Parts, partsOf, thresholdOf } from "../slices.ts";
import { type Curve, curveFigure, type CurvePoint } from "./curve.ts";
import type { Figure } from "./figure.ts";
import { rangesFigure } from "./ranges.ts";

/** Above this share of loss a point is hollow. */
const LOSSY = 0.01;

/** What a curve is over. */
interface Over {
  readonly part: keyof Parts;
  readonly of: (cell: Cell) => number | null;
  readonly axis: Curve["x"];
}

const RING_BYTES: Over = {
  part: "ringBytes",
  of: ({ ringBytes }) => ringBytes,
  axis: { title: "ring size", unit: "bytes" },
};
const PAYLOAD: Over = {
  part: "payload",
  of: ({ payloadBytes }) => payloadBytes,
  axis: { title: "bytes per event", unit: "bytes" },
};
const CPUS: Over = {
  part: "cpus",
  of: ({ cpus }) => cpus,
  axis: { title: "CPUs that produce", unit: "count" },
};
const RATE: Over = {
  part: "load",
  of: ({ rate }) => rate,
  axis: { title: "events per second offered", unit: "count" },
};

const THROUGHPUT: Pick<Curve, "y"> = { y: { title: "events per second", unit: "count" } };
const LATENCY: Pick<Curve, "y"> = { y: { title: "latency", unit: "ns" } };

/**
 * Throughput over the ring's size of readers that have no threshold, for which there is no heat map.
 *
 * @param cells Of one source.
 * @returns A figure; none for fewer than two sizes.
 */
export function adaptiveCharts(cells: readonly Cell[]): Figure[] {
  const adaptive = cells.filter((cell) =>
    cell.peer === null && cell.wakeups !== null && thresholdOf(cell) === null
  );
  return overCharts(adaptive, RING_BYTES, "Throughput over ring size, woken when all was read", rateOf);
}

/**
 * Latency and throughput over the ring's size.
 *
 * @param cells Of one source.
 * @returns The figures that the cells suffice for.
 */
export function sizeCharts(cells: readonly Cell[]): Figure[] {
  return [
    ...overCharts(cells, RING_BYTES, "Throughput over ring size", rateOf),
    ...latencyCharts(cells, RING_BYTES, "Latency over ring size"),
  ];
}

/**
 * Time per event and bytes per second over the size of events.
 *
 * @param cells Of one source.
 * @returns The figures that the cells suffice for.
 */
export function payloadCharts(cells: readonly Cell[]): Figure[] {
  return [
    ...overCharts(cells, PAYLOAD, "Time per event over its size", nsOf),
    ...overCharts(cells, PAYLOAD, "Bytes per second over the size of events", bytesOf),
    ...latencyCharts(cells, PAYLOAD, "Latency over the size of events"),
  ];
}

/**
 * The rate over the CPUs that produce.
 *
 * @param cells Of one source.
 * @returns The figures that the cells suffice for.
 */
export function cpusCharts(cells: readonly Cell[]): Figure[] {
  return [
    ...overCharts(cells, CPUS, "Throughput over producing CPUs", rateOf),
    ...latencyCharts(cells, CPUS, "Latency over producing CPUs"),
  ];
}

/**
 * Latency over the offered rate, for each configuration that was measured at several rates; evenly spaced arrivals beside
 * random ones.
 *
 * @param cells Of one suite and source.
 * @param floor What the machine alone adds.
 * @returns A figure per configuration.
 */
export function loadCharts(cells: readonly Cell[], floor: Floor | null): Figure[] {
  return byConfiguration(cells.filter(({ rate }) => rate !== null)).flatMap((ofOne) => {
    const { load: _, ...rest } = partsOf(ofOne[0]!);
    const points = ofOne.flatMap((cell) =>
      percentilePoints(cell, RATE, cell.arrivals ?? "fixed", ` at ${partsOf(cell).load}`)
    );
    const capacity = ofOne.find(({ loadShare }) => loadShare !== undefined);
    return some(curveFigure({
      title: "Latency over offered rate",
      of: Object.values(rest).filter((text) => text !== "").join(", "),
      caption:
        `${
          roadOf(ofOne)
        }. Solid is p50, dashed is p99; fixed arrivals are evenly spaced, poisson ones random with the ` +
        "same mean." +
        (capacity === undefined
          ? ""
          : ` The highest rate without loss was ${formatCount(capacity.rate! / capacity.loadShare!)}/s.`) +
        floorText(floor),
      x: RATE.axis,
      ...LATENCY,
      legend: "arrivals",
      points,
    }));
  });
}

/**
 * What each way of waiting costs: latency, and CPU time per event.
 *
 * @param cells Of one suite and source.
 * @param floor What the machine alone adds.
 * @returns The figures that the cells suffice for.
 */
export function waiterCharts(cells: readonly Cell[], floor: Floor | null): Figure[] {
  const ofRows = byConfiguration(cells).flat();
  const { names, shared } = differingNames(ofRows);
  return [
    ...some(latencyRows("Latency by waiter", ofRows, floor)),
    ...some(rangesFigure({
      title: "Consumer CPU by waiter",
      of: shared,
      caption:
        "User and system time of the consumer's thread, per event. A waiter that spins takes its CPU whole.",
      axis: "CPU time per event",
      rows: ofRows.map(({ cpuNsPerEvent }, index) => ({
        name: names[index]!,
        values: cpuNsPerEvent === null ? [] : [{ label: "CPU per event", ns: cpuNsPerEvent }],
      })),
    })),
  ];
}

/**
 * Round trips: each event is asked for when the one before was handled.
 *
 * @param cells Of one suite and source.
 * @param floor What the machine alone adds.
 * @returns A figure; none without latencies.
 */
export function pingpongCharts(cells: readonly Cell[], floor: Floor | null): Figure[] {
  return some(latencyRows("Round trip", cells, floor));
}

/** A row per cell: p50, p99 and p99.9. */
function latencyRows(title: string, cells: readonly Cell[], floor: Floor | null): Figure | null {
  const measured = byConfiguration(cells.filter((cell) => responseOf(cell) !== null)).flat();
  const { names, shared } = differingNames(measured);
  return rangesFigure({
    title,
    of: shared,
    caption: `${roadOf(measured)}: p50 as a dot, then p99 and p99.9 where there are enough events.`,
    axis: "latency",
    line: floorLine(floor),
    rows: measured.map((cell, index) => {
      const { p50, p99, p999 } = responseOf(cell)!;
      const values = [["p50", p50], ["p99", p99], ["p99.9", p999]] as const;
      return {
        name: names[index]!,
        values: values.flatMap(([label, ns]) => ns === null ? [] : [{ label, ns }]),
      };
    }),
  });
}

type Value = {
  readonly y: number;
  readonly text: string;
  readonly axis: Curve["y"];
  readonly caption: string;
};

function rateOf({ eventsPerSecond }: Cell): Value {
  return {
    y: eventsPerSecond,
    text: `${formatCount(eventsPerSecond)} events/s`,
    axis: THROUGHPUT.y,
    caption: "Events per second that reached a handler, at saturation.",
  };
}

function nsOf({ eventsPerSecond }: Cell): Value {
  const ns = eventsPerSecond > 0 ? 1e9 / eventsPerSecond : 0;
  return {
    y: ns,
    text: `${formatNs(ns)} per event`,
    axis: { title: "time per event", unit: "ns" },
    caption: "From event to event at saturation, the producer's time included.",
  };
}

function bytesOf({ eventsPerSecond, payloadBytes }: Cell): Value {
  const bytes = eventsPerSecond * payloadBytes;
  return {
    y: bytes,
    text: `${formatBytes(bytes)}/s`,
    axis: { title: "bytes per second", unit: "bytes" },
    caption:
      "Bytes of events per second that reached a handler, at saturation; headers in the ring are not counted.",
  };
}

/** A figure of cells at saturation over one part of their configuration; a series for each that differs in another. */
function overCharts(
  cells: readonly Cell[],
  over: Over,
  title: string,
  valueOf: (cell: Cell) => Value,
): Figure[] {
  const saturated = byConfiguration(cells.filter(({ rate, latency }) => rate === null && latency === null))
    .flat();
  if (saturated.length === 0) return [];
  const { names, shared } = differingNames(saturated, [over.part]);
  const { axis, caption } = valueOf(saturated[0]!);
  const points = saturated.flatMap((cell, index): CurvePoint[] => {
    const x = over.of(cell);
    const { y, text } = valueOf(cell);
    const series = names[index]!;
    const about = `${text}: ${partsOf(cell)[over.part]}, ${series}`;
    return x === null ? [] : [{ x, y, series, isLossy: lostShare(cell) > LOSSY, about }];
  });
  return some(
    curveFigure({ title, of: shared, caption, x: over.axis, y: axis, legend: "configuration", points }),
  );
}

/** A figure of p50 and p99 of cells with latencies over one part of their configuration. */
function latencyCharts(cells: readonly Cell[], over: Over, title: string): Figure[] {
  const measured = byConfiguration(cells.filter((cell) => responseOf(cell) !== null)).flat();
  if (measured.length === 0) return [];
  const { names, shared } = differingNames(measured, [over.part]);
  const points = measured.flatMap((cell, index) =>
    percentilePoints(cell, over, names[index]!, `: ${partsOf(cell)[over.part]}, ${names[index]!}`)
  );
  return some(curveFigure({
    title,
    of: shared,
    caption: `${roadOf(measured)}. Solid is p50, dashed is p99.`,
    x: over.axis,
    ...LATENCY,
    legend: "configuration",
    points,
  }));
}

function percentilePoints(cell: Cell, over: Over, series: string, about: string): CurvePoint[] {
  const x = over.of(cell);
  const response = responseOf(cell);
  if (x === null || response === null) return [];
  return (["p50", "p99"] as const).flatMap((kind) => {
    const y = response[kind];
    const isLossy = lostShare(cell) > LOSSY;
    return y === null ? [] : [{ x, y, series, kind, isLossy, about: `${kind} ${formatNs(y)}${about}` }];
  });
}

/** What the machine alone adds at p99, as a line through the rows. */
function floorLine(floor: Floor | null): { name: string; ns: number } | null {
  const ns = floor?.p99 ?? null;
  return ns === null || !(ns > 0) ? null : { name: "p99 of what the machine alone adds", ns };
}

function floorText(floor: Floor | null): string {
  if (floor === null || floor.p99 === null) return "";
  return ` The machine alone adds ${formatNs(floor.p99)} at p99.`;
}

function some(figure: Figure | null): Figure[] {
  return figure === null ? [] : [figure];
}
