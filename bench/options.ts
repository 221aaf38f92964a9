/**
 * What `deno task bench` is told on its command line.
 *
 * @module
 */

import { oneOf, type Options } from "../src/cli/args.ts";
import { parseBytes, parseCount, parseDurationMs } from "../src/cli/units.ts";
import { ARRIVALS } from "./arrivals.ts";
import { BESIDE_SUITES } from "./beside.ts";
import { SOURCES, SUITES } from "./plan/cell_plan.ts";
import { readRate } from "./plan/plan_options.ts";

/** The options of the command. */
export const OPTIONS = {
  suite: {
    type: "list",
    value: "NAME",
    help:
      "what to measure: throughput (saturating), latency (open loop at a rate; without throughput also beside " +
      "libbpf), pingpong (each event when the one before was handled), size, payload, cpus, waiters (one thing " +
      "varied), floor (the machine alone); beside other programs: consume (a full ring), backends (perf ring, BPF ring " +
      "buffer, memory), latency, wakeup (what an event and a wake-up cost who emits), peers (all programs side by side); " +
      "border (what leaving TypeScript costs); gate (for compare); throughput and latency unless a profile says more",
    parse: oneOf(...new Set([...SUITES, ...BESIDE_SUITES])),
  },
  source: {
    type: "list",
    value: "NAME",
    help:
      "kernel (real events; needs root), memory (no kernel involved); by default what this machine permits",
    parse: oneOf(...SOURCES),
  },
  ring: {
    type: "list",
    value: "NAME",
    help: "kinds of kernel rings: perf, ringbuf (a BPF ring buffer; needs clang and bpftool)",
    default: "perf",
    parse: oneOf("perf", "ringbuf"),
  },
  scanner: {
    type: "list",
    value: "NAME",
    help:
      "ts, wasm: of the suites consume, backends, latency and gate; cells are measured with the first one",
    default: "ts",
    parse: oneOf("ts", "wasm"),
  },
  waiter: {
    type: "string",
    value: "NAME",
    help: "epoll, poll (kernel), atomics (memory), spin-sleep, spin; epoll and atomics unless given",
    parse: oneOf("epoll", "poll", "atomics", "spin-sleep", "spin"),
  },
  "ring-bytes": {
    type: "list",
    value: "SIZE",
    help: "data bytes per ring, powers of two; 16KiB,64KiB,256KiB,1MiB unless given, more in the suite size",
    parse: parseBytes,
  },
  "wakeup-events": {
    type: "list",
    value: "COUNT",
    help: "wake the reader after so many events",
    default: "1,16,256",
    parse: parseCount,
  },
  watermark: {
    type: "list",
    value: "SIZE",
    help: "wake the reader of kernel rings after so many bytes, measured beside --wakeup-events",
    parse: parseBytes,
  },
  payload: {
    type: "list",
    value: "SIZE",
    help: "bytes per event; 128 unless given, more in the suite payload",
    parse: parseBytes,
  },
  rate: {
    type: "list",
    value: "RATE",
    help:
      "offered in suites of latency: events per second such as 10k, on every ring size and threshold; or a share such as " +
      "50% of what this run found the configuration to handle, on the middle ones of the lists. Other suites take the " +
      "first one",
    parse: readRate,
  },
  arrivals: {
    type: "list",
    value: "NAME",
    help:
      "fixed (even distances), poisson (random ones); all but the first on the middle ring size and threshold only",
    parse: oneOf(...ARRIVALS),
  },
  duration: {
    type: "string",
    value: "TIME",
    help: "per cell; of the suite floor, how long it watches",
    parse: parseDurationMs,
  },
  repeat: {
    type: "string",
    value: "COUNT",
    help: "how often all cells are measured, one round after the other",
    parse: parseCount,
  },
  against: {
    type: "string",
    value: "DIR",
    help:
      "the checkout that the suite gate divides by, the same on both sides of a comparison; by default that of a " +
      "commit of this repository",
  },
  out: {
    type: "string",
    value: "DIR",
    help:
      "where results.json, report.md, report.html and the histograms go; results/runs/<UTC time> by default",
  },
  label: { type: "string", value: "TEXT", help: "a name for the report" },
  quick: {
    type: "boolean",
    help:
      "short cells: a look in 20 seconds, not a measurement; beside other programs 5 launches and 40 pairs " +
      "in some minutes, where it is 10 and 200",
  },
  thorough: {
    type: "boolean",
    help: "all suites of cells three times, and some beside other programs: about 10 minutes, fit to publish",
  },
  full: { type: "boolean", help: "everything, with all its launches and pairs: hours" },
} as const satisfies Options;

/** The command. */
export const COMMAND = {
  name: "bench",
  summary:
    "Measure throughput and latency of event rings on this machine, in about a minute. --quick, --thorough and --full " +
    "choose options; those that are given go before. Beside other programs sizes, rates and durations are fixed.",
  options: OPTIONS,
  examples: [
    "bench --quick",
    "bench --suite latency --rate 50k --ring-bytes 256KiB --wakeup-events 1,8,64",
    "bench --suite latency --rate 10%,50%,80% --arrivals poisson --source kernel",
    "bench --suite waiters,pingpong,floor",
    "bench --source memory --payload 32,128,1024",
    "bench --suite consume",
  ],
} as const;
