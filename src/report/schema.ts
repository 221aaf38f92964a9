/**
 * The shape of a results file, `eventpipe-bench/1`: what the benchmark writes and what reports, comparisons and
 * tuning read. The zod schema here is the one definition; the types and the published JSON Schema follow from
 * it. Relies on zod, because it checks, infers types and exports JSON Schema from one declaration.
 */

import { z } from "zod";

/** The name of this version of the format, in the key `schema` of every results file. */
export const RESULTS_SCHEMA = "eventpipe-bench/1";

const count = z.int().nonnegative();
const positive = z.number().positive();
const utc = z.iso.datetime();

const latencyStage = open({
  stage: z.string().describe("Where the clock stopped: the name of a stage of an event's road"),
  from: z.enum(["planned", "emitted", "wake", "read", "asked"]).describe(
    "Where the clock started: the planned or the real time of output, an earlier stage, or the request for the event",
  ),
  p50: z.number().nullable().describe(
    "ns by nearest rank; null when count < 10 / (1 - q), as for all p keys",
  ),
  p90: z.number().nullable().describe("ns"),
  p99: z.number().nullable().describe("ns"),
  p999: z.number().nullable().describe("ns, the 99.9th percentile"),
  p9999: z.number().nullable().describe("ns, the 99.99th percentile"),
  max: z.number().nullable().describe("ns, exact; null when count is 0"),
  spectrum: z.array(z.number()).optional().describe(
    "ns at 1 / (1 - q) = 2, 2.83, 4, 5.66, ...: two per doubling from the median on, as far as count >= 10 / (1 - q)",
  ),
  count: count.describe("Latencies recorded, negative ones included"),
  lost: count.optional().describe(
    "Events that never came: they rank above all that did, and a percentile among them is null; none where absent",
  ),
  histogram: z.string().optional().describe(
    "The latencies in ns as a histogram of three digits: HdrHistogram V2, compressed, base64; negative ones count as 0",
  ),
  negative: count.describe("Latencies below zero, which are counted as they are"),
});

const ratio = open({
  to: z.string().describe("What this cell is divided by, for instance the name of a peer"),
  median: positive.describe("Median of the ratios of paired blocks"),
  low: positive.describe("Lower end of the 95% interval"),
  high: positive.describe("Upper end of the 95% interval"),
  pairs: count.describe("Paired blocks behind the ratio"),
});

const cell = open({
  suite: z.string(),
  source: z.enum(["kernel", "memory"]).describe(
    "kernel: BPF output; memory: written by TypeScript, no kernel",
  ),
  ring: z.enum(["perf", "ringbuf"]),
  scanner: z.enum(["ts", "wasm"]).nullable().describe("null for a peer, which has its own"),
  waiter: z.string(),
  peer: z.string().nullable().describe("The program measured in eventpipe's place; null for eventpipe"),
  ringBytes: count.describe("Bytes of data per ring, without the control page"),
  wakeupEvents: count.nullable().describe("wakeup_events as asked for; null where a byte watermark was"),
  effectiveWakeupEvents: positive.nullable().describe("Events per wake-up in effect; null when unknown"),
  watermarkBytes: count.nullable().describe("Bytes per wake-up as asked for; null where events were"),
  payloadBytes: count.describe("Bytes of an event from its category on"),
  cpus: z.int().positive().describe("CPUs that produced"),
  rate: positive.nullable().describe(
    "Offered events per second over all CPUs; null when saturating, or when each event is asked for",
  ),
  arrivals: z.enum(["fixed", "poisson", "pingpong"]).optional().describe(
    "How events are offered at a rate: evenly, or at random with that mean; pingpong: each when the one before was handled",
  ),
  loadShare: positive.optional().describe(
    "The rate as a share of what a saturating cell of the same configuration handled in this run",
  ),
  durationMs: positive.describe("Wall time measured"),
  produced: count.describe("Events the producer tried to output, counted by it"),
  dispatched: count.describe("Events that reached a handler"),
  unknown: count.describe("Events of a category without a handler"),
  lost: count.describe("Events the kernel or the helper refused"),
  left: count.describe("Events unread at close"),
  corrupt: count.describe("Places where a ring held no valid record"),
  exact: z.boolean().describe("False when produced = dispatched + unknown + lost + left cannot be relied on"),
  wakeups: count.nullable().describe("Returns of the waiter with work; null when unknown"),
  eventsPerSecond: z.number().nonnegative().describe("Dispatched events per second of wall time"),
  consumeNsPerEvent: z.number().nonnegative().nullable().describe("Time from ring to handler's return, ns"),
  cpuNsPerEvent: z.number().nonnegative().nullable().describe("User and system time of the consumer, ns"),
  userNsPerEvent: z.number().nonnegative().nullable().optional().describe("Of that, time in the program, ns"),
  systemNsPerEvent: z.number().nonnegative().nullable().optional().describe(
    "Of that, time in the kernel, ns",
  ),
  switches: z.object({ voluntary: count, involuntary: count }).nullable().optional().describe(
    "How often the consumer's thread gave its CPU away, and how often it was taken from it",
  ),
  stealShare: z.number().min(0).nullable().optional().describe(
    "Time the hypervisor gave to others while the cell ran, as a share of all CPUs' time",
  ),
  waitShare: z.number().min(0).nullable().optional().describe(
    "Time the consumer's thread could have run and did not, as a share of the cell's",
  ),
  latency: z.array(latencyStage).nullable().describe("null at saturation, where it would be queueing alone"),
  ratio: ratio.nullable(),
  flags: z.array(z.string()).describe("What a reader has to know before trusting the cell"),
  delivery: z.string().optional().describe(
    "How events reach handlers: scan (none does), each (one by one), batch, words (each, and all words are read)",
  ),
  handlers: count.optional().describe("Handlers that events are delivered to"),
  rings: z.int().positive().optional().describe(
    "Rings that are read; one of them is written. 1 where absent",
  ),
  payload: z.string().optional().describe("The sizes of events in words, where they differ"),
  verdict: z.enum(["faster", "slower", "equivalent", "inconclusive"]).nullable().optional().describe(
    "What may be said of the ratio; null where there is none",
  ),
  detectable: z.number().nonnegative().nullable().optional().describe(
    "The smallest effect that the run can tell from none, as a share: from the program measured against itself",
  ),
  launchMedians: z.array(positive).optional().describe("The median ratio of each process launch"),
  pairRatios: z.array(z.array(positive)).optional().describe(
    "The ratios of all pairs in the order they were measured, by launch",
  ),
});

const goal = open({
  what: z.string(),
  over: z.string().nullable().describe("The peer that is divided by; null where the value is a count"),
  cell: z.string().nullable().describe("The cell that is furthest from the goal; null if none was measured"),
  value: z.number().nonnegative().nullable().describe("The median ratio, or the count; null if not measured"),
  low: positive.nullable().describe("Lower end of the ratio's 95% interval"),
  high: positive.nullable().describe("Upper end of the ratio's 95% interval"),
  worstLaunch: positive.nullable().describe("The highest median ratio of a process launch"),
  atMost: z.number().nonnegative().describe("The value must not be above"),
  goal: z.number().nonnegative().describe("The value is to come down to this"),
  verdict: cell.shape.verdict.unwrap(),
  reached: z.enum(["goal", "limit", "uneven", "no", "not measured"]).describe(
    "uneven: within the limit, but one launch took more than 1.25 times the median",
  ),
});

const noiseFloor = open({
  spanNs: positive.describe("How long a loop did nothing but read the clock"),
  readingNs: positive.describe("One reading, gaps left out"),
  lostShare: z.number().min(0).max(1).describe("The share of the time that lay in gaps above 5 us"),
  longestNs: z.number().nonnegative().describe("The longest gap"),
  delays: latencyStage.omit({ stage: true, from: true }).optional().describe(
    "How long the loop is kept away from a moment drawn at random: what the machine alone adds to an event's latency",
  ),
});

const crossing = open({
  group: z.string().describe("What is crossed, such as calls, callbacks, WebAssembly, reads of memory"),
  name: z.string().describe("How, such as the types of a signature"),
  ns: z.number().nonnegative().describe("One crossing, the median over its blocks, the empty loop included"),
  low: z.number().nonnegative().describe("Lower end of the 95% interval"),
  high: z.number().nonnegative().describe("Upper end of the 95% interval"),
  blocks: count.describe("Blocks behind it"),
});

const program = open({
  peer: z.string().describe("The program, as cells name it; eventpipe with its scanner for eventpipe"),
  ring: z.enum(["perf", "ringbuf"]),
  consumeNs: positive.nullable().describe("Time to take an event out of a full ring and handle it, ns"),
  lossFreeRate: positive.nullable().describe(
    "Events per second: the highest rate of those that were tried at which it lost none in any block",
  ),
  rateLimited: z.boolean().nullable().describe(
    "Whether no higher rate could be offered, so that it may be able to do more",
  ),
  p50: z.number().nullable().describe("Emitted to handled at a tenth of the rate, asleep between events, ns"),
  p99: z.number().nullable().describe("ns"),
  cpuNsPerEvent: z.number().nonnegative().nullable().describe(
    "User and system time at 1,000,000 events per second",
  ),
  residentBytes: count.nullable().describe("Memory in use when it has read a block, rings included"),
  firstEventNs: z.number().nonnegative().nullable().describe(
    "From the start of the process to its first event, ns",
  ),
});

const clocks = open({
  peer: z.string().describe("The program that was asked"),
  ownNs: positive.describe("What it says its block took"),
  harnessNs: positive.describe("What the harness says of the same block"),
});

const absent = open({
  name: z.string().describe("The program that could not be measured"),
  reason: z.string(),
});

const machineState = open({
  at: utc,
  load: z.array(z.number()).length(3).nullable().describe("Load averages over 1, 5 and 15 minutes"),
  stealTicks: count.nullable().describe("Time the hypervisor gave to others, all CPUs, since boot"),
  totalTicks: count.nullable().describe("All time of all CPUs since boot, in the same unit"),
});

const environment = open({
  os: z.string(),
  arch: z.string(),
  kernelRelease: z.string().nullable(),
  kernelVersion: z.string().nullable(),
  cmdline: z.string().nullable().describe("Kernel parameters, without those that identify the machine"),
  mitigations: z.record(z.string(), z.string()).nullable().describe(
    "The kernel's answer per CPU vulnerability",
  ),
  cpuModel: z.string().nullable(),
  cpuCount: count.nullable().describe("CPUs online"),
  smt: z.boolean().nullable(),
  governor: z.string().nullable().describe("Frequency governor of CPU 0"),
  idleDriver: z.string().nullable(),
  numaNodes: count.nullable(),
  hypervisor: z.boolean().nullable().describe("The CPU says that it is a virtual one"),
  clocksource: z.string().nullable(),
  perfEventParanoid: z.int().nullable(),
  unprivilegedBpfDisabled: z.int().nullable(),
  bpfJitEnable: z.int().nullable(),
  kptrRestrict: z.int().nullable(),
  perfEventMlockKb: z.int().nullable(),
  rlimitMemlockBytes: z.union([count, z.literal("unlimited")]).nullable().describe("The soft limit"),
  pageBytes: count.nullable(),
  deno: z.string(),
  v8: z.string(),
  typescript: z.string(),
  v8Flags: z.array(z.string()).nullable(),
  gitRevision: z.string().nullable().describe("The commit of the checkout that ran; null without git"),
  gitDirty: z.boolean().nullable().describe("The checkout had uncommitted changes"),
  affinity: open({
    allowed: z.string().nullable().describe("CPUs the process may use, as a kernel list such as 0-3,8"),
    consumer: count.nullable().describe("The CPU the consumer was pinned to"),
    producers: z.array(count).nullable().describe("The CPUs the producers were pinned to"),
  }),
  seeds: z.record(z.string(), z.number()).describe("Seeds of random sequences, by use"),
  clockCostNs: z.number().nonnegative().nullable().describe("Cost of reading the clock once"),
  libraries: z.record(z.string(), z.string().nullable()).describe("Versions of what was linked or called"),
  before: machineState,
  after: machineState,
});

const results = open({
  schema: z.literal(RESULTS_SCHEMA),
  label: z.string().optional().describe("A name for people"),
  startedAt: utc,
  endedAt: utc,
  command: z.string().describe("The command line that produced the file"),
  environment,
  cells: z.array(cell),
  goals: z.array(goal).optional().describe("What the suites are to reach, and what they reached"),
  absent: z.array(absent).optional().describe("Programs that cells are missing of"),
  noiseFloor: noiseFloor.optional().describe("Of the consumer's CPU, in front of the first cell"),
  clocks: clocks.optional().describe("Two clocks on one block"),
  crossings: z.array(crossing).optional().describe("What crossings between TypeScript and the rest cost"),
  programs: z.array(program).optional().describe("What each program can do, side by side"),
  partial: z.boolean().optional().describe("Whether the run ended before its last cell"),
}).meta({ title: RESULTS_SCHEMA });

/** A results file. */
export type Results = z.infer<typeof results>;

/** One measured configuration. Times are in ns unless the key says otherwise, rates per second. */
export type Cell = z.infer<typeof cell>;

/** A row of the table of goals. */
export type Goal = z.infer<typeof goal>;

/** A program that could not be measured, and why. */
export type Absent = z.infer<typeof absent>;

/** What one kind of crossing costs. */
export type Crossing = z.infer<typeof crossing>;

/** What one program can do. */
export type ProgramRecord = z.infer<typeof program>;

/** How quiet the machine was. */
export type NoiseFloorRecord = z.infer<typeof noiseFloor>;

/** What two clocks say of one block. */
export type Clocks = z.infer<typeof clocks>;

/** Percentiles of one stage of the road of an event, in ns. */
export type LatencyStage = z.infer<typeof latencyStage>;

/** How a cell compares with another, from paired blocks. Above 1 the cell's number is the greater one. */
export type Ratio = z.infer<typeof ratio>;

/** The machine and the software a results file comes from; null is what could not be read. */
export type Environment = z.infer<typeof environment>;

/** Load and stolen time at one moment. Ticks are the kernel's USER_HZ, 1/100 s on all usual builds. */
export type MachineState = z.infer<typeof machineState>;

/**
 * Check a parsed results file. Unknown keys are kept and ignored.
 *
 * @throws {Error} that names the path of the first wrong field, such as `cells[3].ringBytes`.
 */
export function parseResults(json: unknown): Results {
  const parsed = results.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = pathText(issue?.path ?? []);
  throw new Error(`Cannot read results: ${where}: ${issue?.message ?? "unknown reason"}`, {
    cause: parsed.error,
  });
}

/**
 * True when the cell's accounts add up: while nothing was corrupt, produced = dispatched + unknown + lost + left;
 * with corrupt records events may vanish uncounted, and then the cell must not claim to be exact.
 */
export function conserves(cell: Cell): boolean {
  if (cell.corrupt > 0) return !cell.exact;
  return cell.produced === cell.dispatched + cell.unknown + cell.lost + cell.left;
}

/** The JSON Schema (draft 2020-12) of a results file. */
export function resultsJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(results, { target: "draft-2020-12" });
}

/**
 * An object schema that lets unknown keys through. Its inferred type lists the known keys alone: with an index
 * signature, a misspelled key of a cell would compile.
 */
function open<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.looseObject(shape) as unknown as z.ZodObject<Shape>;
}

/** `cells[3].ringBytes` for a path; the file itself for an empty one. */
function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the file";
  const text = path.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("");
  return text.replace(/^\./, "");
}
