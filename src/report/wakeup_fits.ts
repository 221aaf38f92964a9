/**
 * The suite `wakeup`: time per event over the events per wake-up at a fixed batch, of eventpipe and of a program beside it,
 * each with the model t(N) = a + b/N. The kernel does the same for both, so both fits should agree. Relies on the fit.
 *
 * @module
 */

import { formatNs } from "../cli/units.ts";
import { coefficientText, type CostModel, fitCostModel } from "./cost_model.ts";
import { ABSENT } from "./rows.ts";
import type { Cell } from "./schema.ts";
import type { TextTable } from "./text_table.ts";

/** The name of the suite. */
export const WAKEUP_SUITE = "wakeup";

/** How thresholds are asked for. */
export const WAKEUP_KINDS = ["events", "bytes"] as const;

/** How a threshold was asked for. */
export type WakeupKind = typeof WAKEUP_KINDS[number];

/** A measured time. */
export interface WakeupPoint {
  /** Events per wake-up. */
  readonly n: number;
  readonly ns: number;
  readonly reader: string;
  readonly cell: Cell;
}

/** The fit of one program. */
export interface WakeupFit {
  readonly kind: WakeupKind;
  readonly reader: string;
  readonly model: CostModel;
  /** eventpipe's coefficients over its own; null for eventpipe. */
  readonly over: { readonly a: number; readonly b: number } | null;
}

/**
 * The measured times, eventpipe's first; each once, though a cell is in the results as often as it has ratios.
 *
 * @param cells Of the suite.
 * @param kind Thresholds of which kind.
 * @returns The points.
 */
export function wakeupPoints(cells: readonly Cell[], kind: WakeupKind): WakeupPoint[] {
  const ofKind = cells.filter((cell) => kindOf(cell) === kind);
  const sorted = [
    ...ofKind.filter(({ peer }) => peer === null),
    ...ofKind.filter(({ peer }) => peer !== null),
  ];
  const found = new Map<string, WakeupPoint>();
  for (const cell of sorted) {
    const { effectiveWakeupEvents, eventsPerSecond, peer, scanner, wakeupEvents, watermarkBytes } = cell;
    if (effectiveWakeupEvents === null || !(eventsPerSecond > 0)) continue;
    const reader = peer ?? `eventpipe/${scanner ?? "?"}`;
    const n = Math.max(1, effectiveWakeupEvents);
    found.set(`${reader} ${wakeupEvents ?? watermarkBytes}`, { n, ns: 1e9 / eventsPerSecond, reader, cell });
  }
  return [...found.values()];
}

/**
 * The fits of all programs.
 *
 * @param cells Of the suite.
 * @returns A fit per program and kind of threshold, eventpipe's first; none for fewer than three thresholds.
 */
export function wakeupFits(cells: readonly Cell[]): WakeupFit[] {
  return WAKEUP_KINDS.flatMap((kind) => {
    const points = wakeupPoints(cells, kind);
    const readers = [...new Set(points.map(({ reader }) => reader))];
    const models = readers.flatMap((reader) => {
      const model = fitCostModel(points.filter((point) => point.reader === reader));
      return model === null ? [] : [{ reader, model }];
    });
    const own = models.find(({ reader }) => reader.startsWith("eventpipe/"))?.model;
    return models.map(({ reader, model }): WakeupFit => ({
      kind,
      reader,
      model,
      over: own === undefined || own === model
        ? null
        : { a: own.a.value / model.a.value, b: own.b.value / model.b.value },
    }));
  });
}

/**
 * The table of fits: what an event costs and what a wake-up costs, side by side.
 *
 * @param fits The fits.
 * @returns A row for each.
 */
export function wakeupFitsTable(fits: readonly WakeupFit[]): TextTable {
  return {
    columns: [
      { head: "threshold in" },
      { head: "reader" },
      { head: "a, of an event (95% interval)", right: true },
      { head: "b, of a wake-up (95% interval)", right: true },
      { head: "largest error of the fit", right: true },
      { head: "eventpipe's a over it", right: true },
      { head: "eventpipe's b over it", right: true },
    ],
    rows: fits.map(({ kind, reader, model, over }) =>
      [
        kind,
        reader,
        coefficientText(model.a),
        coefficientText(model.b),
        `${(model.maxError * 100).toFixed(1)}%`,
        over === null ? ABSENT : over.a.toFixed(2),
        over === null ? ABSENT : over.b.toFixed(2),
      ].map((text) => ({ text }))
    ),
  };
}

/**
 * A point in words.
 *
 * @param point A point.
 * @returns Such as `380 ns per event: eventpipe/ts`.
 */
export function pointText({ ns, reader }: WakeupPoint): string {
  return `${formatNs(ns)} per event: ${reader}`;
}

function kindOf({ wakeupEvents, watermarkBytes }: Cell): WakeupKind | null {
  return wakeupEvents !== null ? "events" : watermarkBytes !== null ? "bytes" : null;
}
