/**
 * `deno task tune`: advises ring, size, wake-ups, waiter and scanner for a rate of events, by measurements on this machine,
 * and verifies what it advises.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { LOAD_EVENT } from "../src/abi/event.ts";
import { MAX_PAYLOAD_BYTES } from "../src/abi/perf_event.ts";
import { oneOf, type Options, type OptionValues, runCommand, UsageError } from "../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "../src/cli/exit.ts";
import { ensurePackages } from "../src/cli/packages.ts";
import { parseBytes, parseCount, parseDurationMs, parseRate } from "../src/cli/units.ts";
import { allowedCpus, pinThread } from "../src/ffi/affinity.ts";
import { onlineCpus } from "../src/source/cpus.ts";
import { buildRingbufLoad } from "./cell/ringbuf_load.ts";
import { Interrupt } from "./interrupt.ts";
import { kernelObstacle } from "./obstacle.ts";
import { memoryBytes } from "./setting.ts";
import { type Machine, renderAdvice } from "./tune/advice.ts";
import { type Goal, type QuantileName, QUANTILES } from "./tune/goal.ts";
import { measure } from "./tune/measure.ts";
import { parseShare } from "./tune/share.ts";
import { snippets } from "./tune/snippets.ts";
import { leastBudgetMs, tune, type Tuning } from "./tune/tuning.ts";
import { startWorker } from "./worker.ts";

const QUANTILE_NAMES = Object.keys(QUANTILES) as QuantileName[];

const OPTIONS = {
  rate: {
    type: "string",
    value: "RATE",
    help: "events per second, of all CPUs together, such as 200k; required",
    parse: parseRate,
  },
  payload: {
    type: "string",
    value: "SIZE",
    help: "bytes per event, from its category on",
    default: "64",
    parse: parseBytes,
  },
  "max-latency": {
    type: "string",
    value: "TIME",
    help:
      "the longest time from an event's output in the kernel to its handler; a lost event counts as never handled",
    parse: parseDurationMs,
  },
  "latency-quantile": {
    type: "string",
    value: "NAME",
    help:
      "what --max-latency is on: p50, p90, p99 or p999 of the events. On a virtual machine the upper ones may be " +
      "the host's, which takes the CPUs away for milliseconds: then p50 or p90 tells what settings do",
    default: "p99",
    parse: oneOf(...QUANTILE_NAMES),
  },
  "max-loss": {
    type: "string",
    value: "SHARE",
    help: "the largest share of events that may be lost, such as 0 or 0.1%",
    default: "0",
    parse: parseShare,
  },
  "max-cpu": {
    type: "string",
    value: "SHARE",
    help:
      "the largest share of one core that the reader may take, such as 5%; what outputs cost is not in it",
    parse: parseShare,
  },
  cpus: {
    type: "string",
    value: "COUNT",
    help: "CPUs that the memory is reckoned for; those of this machine by default",
    parse: parseCount,
  },
  seconds: {
    type: "string",
    value: "TIME",
    help: "how long all of it takes, about; half again as long at low rates",
    default: "30",
    parse: parseDurationMs,
  },
  json: {
    type: "boolean",
    help:
      "print one JSON document: { goal, isHeld, advice, memoryBytes, snippets, verifications, ranked, ... }",
  },
} as const satisfies Options;

const COMMAND = {
  name: "tune",
  summary:
    "Advise ring, size, wake-ups, waiter and scanner for a rate of events: by measurements on this machine, " +
    "verified by a run of what is advised. Exit status 0 if that held the goal, 1 if not, 3 without the kernel's " +
    "permission. Of what holds the goal the least CPU is looked for, and with a limit on CPU alone the least median latency.",
  options: OPTIONS,
  examples: [
    "tune --rate 200k --payload 64 --max-latency 1ms",
    "tune --rate 1M --payload 32 --max-loss 0",
    "tune --rate 20k --max-cpu 2%",
    "tune --rate 10k --max-latency 20us --latency-quantile p50 --json",
  ],
} as const;

/** Less than this and no run is long enough for anything. */
const MIN_SECONDS = 1;

Deno.exitCode = await runCommand(COMMAND, Deno.args, async ({ options }) => {
  const goal = readGoal(options);
  ensurePackages("bench");
  const obstacle = kernelObstacle();
  if (obstacle !== null) {
    console.error(`Nothing can be advised without events of the kernel: ${obstacle}\nTry: deno task doctor`);
    return EXIT_UNSUPPORTED;
  }
  const tuned = await tuneHere({ ...goal, cpus: options.cpus ?? onlineCpus().length }, options.seconds);
  if (tuned === null) {
    console.error("Ended before anything was verified: nothing is advised.");
    return EXIT_FAILED;
  }
  const { tuning, machine } = tuned;
  console.log(
    options.json ? JSON.stringify(document(tuning, machine), null, 2) : renderAdvice(tuning, machine),
  );
  return tuning.isHeld ? EXIT_OK : EXIT_FAILED;
});

function readGoal(options: OptionValues<typeof OPTIONS>): Omit<Goal, "cpus"> {
  const { rate, payload, maxLatency, latencyQuantile, maxLoss, maxCpu, cpus, seconds } = options;
  if (rate === undefined) {
    throw new UsageError("Option --rate is missing: say how many events per second, such as 200k");
  }
  if (!(rate > 0)) throw new UsageError("--rate: expected more than 0 events per second");
  if (payload < LOAD_EVENT.bytes || payload > MAX_PAYLOAD_BYTES) {
    throw new UsageError(`--payload ${payload}: expected ${LOAD_EVENT.bytes} to ${MAX_PAYLOAD_BYTES} bytes`);
  }
  if (maxLatency !== undefined && !(maxLatency > 0)) {
    throw new UsageError("--max-latency: expected more than 0");
  }
  if (maxCpu !== undefined && !(maxCpu > 0)) throw new UsageError("--max-cpu: expected more than 0");
  if (cpus === 0) throw new UsageError("--cpus 0: expected at least 1");
  if (seconds < MIN_SECONDS * 1000) throw new UsageError(`--seconds: expected at least ${MIN_SECONDS}`);
  const goal = {
    rate,
    payloadBytes: payload,
    maxLatencyNs: maxLatency === undefined ? null : maxLatency * 1e6,
    quantile: latencyQuantile,
    maxLoss,
    maxCpu: maxCpu ?? null,
  };
  const least = leastBudgetMs(goal);
  if (seconds < least) {
    throw new UsageError(
      `--seconds ${seconds / 1000}: at ${rate} events per second, ${latencyQuantile} can be told after ${
        Math.ceil(least / 1000)
      } s; give it as many, or a lower --latency-quantile`,
    );
  }
  return goal;
}

async function tuneHere(goal: Goal, budgetMs: number): Promise<{ tuning: Tuning; machine: Machine } | null> {
  const allowed = allowedCpus();
  const producerCpu = allowed[0]!;
  const consumerCpu = allowed.at(-1)!;
  const ringbufLoad = await buildRingbufLoad();
  const noRingbuf = ringbufLoad === null ? "there is no compiler here; try: deno task setup test" : null;
  using interrupt = await Interrupt.open();
  const producer = await startWorker("./producer_worker.ts");
  try {
    pinThread(consumerCpu);
    const isInterrupted = (): boolean => interrupt.isSet;
    const parties = { producer, producerCpu, ringbufLoad, isInterrupted };
    const tuning = await tune(goal, {
      measure: (setting, durationMs) => measure(setting, goal, durationMs, parties),
      rings: ringbufLoad === null ? ["perf"] : ["perf", "ringbuf"],
      budgetMs,
      say: (line) => console.error(line),
      rest: () => setImmediate(),
      isInterrupted,
    });
    return tuning === null ? null : { tuning, machine: { producerCpu, consumerCpu, noRingbuf } };
  } finally {
    producer.terminate();
  }
}

/** The document of `--json`; Infinity, as in the latency of what was lost, becomes null. */
function document(tuning: Tuning, machine: Machine): Record<string, unknown> {
  const { setting } = tuning.verifications.at(-1)!.measurement;
  const { goal, isHeld, ...rest } = tuning;
  return {
    goal,
    isHeld,
    advice: isHeld ? setting : null,
    nearest: isHeld ? null : setting,
    memoryBytes: memoryBytes(setting, goal.cpus),
    snippets: snippets(setting),
    ...rest,
    machine,
  };
}
