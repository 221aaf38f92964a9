/**
 * Reads what the kernel's own benchmark prints (tools/testing/selftests/bpf: `bench`, and `benchs/run_bench_ringbufs.sh`
 * around it), so that a report can draw it beside its figures. Relies on the two forms of a line:
 *
 *     Summary: hits   12.054 ± 0.320M/s ( 12.054M/prod), drops    0.000 ± 0.000M/s, total operations ...
 *     rb-libbpf            12.054 ± 0.320M/s (drops 0.000 ± 0.000M/s)
 *
 * The first is bench.c's, behind a line `Benchmark 'rb-libbpf' started.`; the second is the script's, under a heading that is
 * underlined with `=`.
 *
 * @module
 */

import { type Published, PUBLISHED_SCHEMA, type PublishedRow } from "./published.ts";

/** Mean and standard deviation in millions per second; `+|-` stands where a compiler knew no `±`. */
const RATE = String.raw`(\d+\.\d+)\s*(?:±|\+\|?-)\s*(\d+\.\d+)M/s`;
const SUMMARY = new RegExp(String.raw`^Summary: hits\s+${RATE}.*?drops\s+${RATE}`);
const SCRIPT = new RegExp(String.raw`^(\S.*?)\s+${RATE} \(drops\s+${RATE}\)`);
const STARTED = /^Benchmark '([^']+)' started\.$/;
const UNDERLINE = /^=+$/;

/** Where a line stands that has no heading above it. */
const NO_SECTION = "bench";

/** What the script's sweeps read with: their lines are named after the rate alone. */
const SWEEP_READERS: Readonly<Record<string, string>> = { rb: "rb-custom", pb: "pb-custom" };

/**
 * Reads the output of `bench` or of the script.
 *
 * @param text The output; other lines are passed over.
 * @param title What the figures are to be called.
 * @returns The figures.
 * @throws {Error} If the text has none.
 */
export function parseBenchRingbufs(text: string, title: string): Published {
  const rows: PublishedRow[] = [];
  let section = NO_SECTION;
  let reader: string | null = null;
  let above = "";
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (UNDERLINE.test(line) && above !== "") section = above;
    above = line;
    const started = STARTED.exec(line);
    if (started !== null) reader = started[1]!;
    const summary = SUMMARY.exec(line);
    if (summary !== null) {
      rows.push(rowOf(section, reader ?? NO_SECTION, summary.slice(1)));
      reader = null;
      continue;
    }
    const [, name, ...rates] = SCRIPT.exec(line) ?? [];
    if (name !== undefined) rows.push(rowOf(section, name, rates));
  }
  if (rows.length === 0) {
    throw new Error(
      `Cannot read ${title} as output of bench_ringbufs: no line is like "Summary: hits ... drops ..." or ` +
        `"rb-libbpf 1.000 ± 0.000M/s (drops ...)"`,
    );
  }
  return {
    schema: PUBLISHED_SCHEMA,
    title,
    machine: null,
    date: null,
    source: "output of bench_ringbufs",
    url: null,
    read: null,
    note: "Records of 8 bytes. Without a word of the machine it ran on.",
    rows,
  };
}

function rowOf(section: string, name: string, rates: readonly string[]): PublishedRow {
  const [hits, hitsStddev, drops, dropsStddev] = rates.map(Number);
  return {
    ...configurationOf(section, name),
    hits: hits!,
    hitsStddev: hitsStddev!,
    drops: drops!,
    dropsStddev: dropsStddev!,
  };
}

/** `rb-libbpf nr_prod 4`, `rb-sampled-100` (once `rb-100`) and `rb-libbpf-sampled` are not names of readers alone. */
function configurationOf(section: string, name: string): Pick<PublishedRow, "section" | "reader" | "n"> {
  const producers = /^(\S+) nr_prod (\d+)$/.exec(name);
  if (producers !== null) return { section, reader: producers[1]!, n: Number(producers[2]) };
  const rate = /^(rb|pb)-(?:sampled-)?(\d+)$/.exec(name);
  if (rate !== null) return { section, reader: SWEEP_READERS[rate[1]!]!, n: Number(rate[2]) };
  const sampled = /^([rp]b-(?:libbpf|custom))-sampled$/.exec(name);
  if (sampled !== null) return { section: `${section}, sampled`, reader: sampled[1]!, n: null };
  return { section, reader: name, n: null };
}
