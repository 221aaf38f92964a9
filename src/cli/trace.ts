/**
 * `deno task trace`: live kernel events on the terminal.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import { monotonicNs } from "../ffi/clock.ts";
import { readSmallFile } from "../ffi/file.ts";
import type { Backend } from "../trace/backend.ts";
import { argumentText, resultText } from "../trace/beautify.ts";
import { Catalog } from "../trace/catalog.ts";
import { BACKENDS, chooseBackend } from "../trace/choose_backend.ts";
import { TracedCommand } from "../trace/command.ts";
import { createJsonl } from "../trace/jsonl.ts";
import type { TraceHeader } from "../trace/model.ts";
import { listEvents } from "../trace/list.ts";
import { selectEvents } from "../trace/select.ts";
import { symbolText } from "../trace/symbols.ts";
import { summaryText } from "../trace/summary_text.ts";
import { type Beautify, createText } from "../trace/text.ts";
import { TIME_MODES } from "../trace/text_time.ts";
import { Tracer } from "../trace/tracer.ts";
import { LineWriter } from "../trace/writer.ts";
import { invocation, oneOf, type Options, type OptionValues, runCommand, UsageError } from "./args.ts";
import { EXIT_LOSS, EXIT_OK, EXIT_TRACER_FAILED, EXIT_UNSUPPORTED, EXIT_USAGE } from "./exit.ts";
import { ensureMounts } from "./mounts.ts";
import { parseBytes, parseCount, parseDurationMs } from "./units.ts";

const OPTIONS = {
  pid: { type: "list", short: "p", value: "PID", help: "only these processes", parse: parseCount },
  comm: { type: "list", value: "NAME", help: "only commands of this name (the kernel keeps 15 bytes of it)" },
  cpu: { type: "list", short: "C", value: "CPU", help: "only these CPUs", parse: parseCount },
  duration: {
    type: "string",
    short: "d",
    value: "TIME",
    help: "end after this time",
    parse: parseDurationMs,
  },
  count: { type: "string", short: "n", value: "N", help: "end after so many events", parse: parseCount },
  format: {
    type: "string",
    value: "FORMAT",
    help: "text or jsonl",
    default: "text",
    parse: oneOf("text", "jsonl"),
  },
  output: { type: "string", short: "o", value: "FILE", help: "write events here instead of standard output" },
  "ring-bytes": {
    type: "string",
    short: "m",
    value: "SIZE",
    help: "data bytes of each CPU's ring",
    default: "1MiB",
    parse: parseBytes,
  },
  wakeup: {
    type: "string",
    value: "SIZE",
    help: "wake the tracer after so many bytes; a quarter of the ring unless given",
    parse: parseBytes,
  },
  backend: {
    type: "string",
    value: "NAME",
    help: "bpf, perf (no BPF, no texts of system calls), or what works here",
    default: "auto",
    parse: oneOf(...BACKENDS),
  },
  "include-self": { type: "boolean", help: "trace the tracer too" },
  time: {
    type: "string",
    value: "MODE",
    help: "wall clock, mono (since boot), rel (since the first event), delta (since the event before)",
    default: "wall",
    parse: oneOf(...TIME_MODES),
  },
  "on-loss": {
    type: "string",
    value: "ACTION",
    help: "mark the gap and go on, or exit with status 4",
    default: "mark",
    parse: oneOf("mark", "exit"),
  },
  summary: { type: "boolean", short: "s", help: "counts and durations on standard error at the end" },
  list: { type: "boolean", help: "list events that match instead of tracing them" },
  fields: { type: "boolean", help: "with --list: their fields too" },
} as const satisfies Options;

const COMMAND = {
  name: "trace",
  summary: "Trace events of the kernel as they happen.",
  options: OPTIONS,
  positionals: {
    usage: "EVENT...",
    help:
      "category:name of a tracepoint, or the bare name of a system call, which is traced from its beginning to its " +
      "end; *, ? and [...] match, ! in front takes away",
    min: 0,
    max: Infinity,
  },
  rest: { usage: "COMMAND ARG...", help: "trace this command and its children, and exit with its status" },
  examples: [
    "trace openat -- cat /etc/hostname",
    "trace sched:sched_process_exec",
    "trace 'open*' read --comm bash --format jsonl -o reads.jsonl",
    "trace 'syscalls:*' -d 1s -s",
    "trace --list 'sched:*' --fields",
  ],
} as const;

type TraceOptions = OptionValues<typeof OPTIONS>;

/** What a status means in a run with a command: its own statuses must stay tellable from the tracer's. */
let hasCommand = false;

Deno.exit(
  await runCommand(COMMAND, Deno.args, async ({ options, positionals, rest }) => {
    hasCommand = rest.length > 0;
    try {
      if (options.list) return listEvents(positionals, options.fields);
      return await trace(options, positionals, rest);
    } catch (error) {
      return report(error);
    }
  }),
);

function report(error: unknown): number {
  if (error instanceof UsageError) throw error;
  if (!(error instanceof EventPipeError || error instanceof RangeError || error instanceof TypeError)) {
    throw error;
  }
  console.error(error.message);
  const code = error instanceof EventPipeError ? error.code : "USAGE";
  switch (code) {
    case "NOT_FOUND":
    case "USAGE":
      return EXIT_USAGE;
    case "NOT_PERMITTED":
    case "NOT_SUPPORTED":
    case "LIBRARY":
      console.error("Try: deno task doctor");
      return EXIT_UNSUPPORTED;
    default:
      return hasCommand ? EXIT_TRACER_FAILED : 1;
  }
}

async function trace(
  options: TraceOptions,
  events: readonly string[],
  argv: readonly string[],
): Promise<number> {
  if (events.length === 0) {
    throw new UsageError(`No event is named; ${invocation("trace --list")} names those there are`);
  }
  const ringBytes = options.ringBytes;
  const watermarkBytes = options.wakeup ?? ringBytes / 4;
  const cpus = options.cpu.length === 0 ? undefined : options.cpu;
  if (Deno.uid() === 0) ensureMounts(["tracefs"]);
  // Permissions are looked at before names: a name that cannot be looked up is not known to be wrong.
  using cleanup = new DisposableStack();
  const chosen = cleanup.use(chooseBackend(options.backend, { ringBytes, watermarkBytes, cpus }));
  if (chosen.refusal !== null) console.error(`Tracing without BPF: ${chosen.refusal.message}`);
  const catalog = Catalog.open();
  const selection = selectEvents(catalog, events);
  const writer = cleanup.use(openWriter(options.output));
  const command = argv.length === 0 ? null : cleanup.use(await TracedCommand.spawn(argv));
  const color = options.output === undefined && Deno.stdout.isTerminal() && !Deno.noColor;
  const output = options.format === "jsonl"
    ? createJsonl()
    : createText({ time: options.time, color, beautify: beautifier(catalog) });

  const backend = chosen.open({
    catalog,
    selection,
    pids: options.pid,
    comms: options.comm,
    cpus,
    command: command?.pid ?? null,
    includeSelf: options.includeSelf,
    ringBytes,
    watermarkBytes,
    onEvent: (event) => tracer.onEvent(event),
    onLost: (loss) => tracer.onLost(loss),
  });
  const tracer = new Tracer({
    output,
    writer,
    header: headerOf(backend, options, watermarkBytes, argv),
    command,
    durationMs: options.duration ?? null,
    count: options.count ?? null,
    onLoss: options.onLoss,
    exitStatus: (status, isLossForbidden) => isLossForbidden ? EXIT_LOSS : status ?? EXIT_OK,
  });
  const { summary, exit } = await tracer.run(backend);
  const stderrColor = Deno.stderr.isTerminal() && !Deno.noColor;
  if (options.summary) console.error(summaryText(summary, { color: stderrColor }).trimEnd());
  else if (summary.lost + summary.missed > 0 || !summary.exact) {
    console.error(
      `Events are missing: ${summary.lost} lost to full rings, ${summary.missed} missed by the kernel`,
    );
  }
  backend.release();
  return exit;
}

function openWriter(path: string | undefined): LineWriter {
  if (path === undefined) return LineWriter.stdout();
  try {
    return LineWriter.create(path);
  } catch (error) {
    if (error instanceof EventPipeError) throw new UsageError(error.message);
    throw error;
  }
}

function headerOf(
  backend: Backend,
  { ringBytes }: TraceOptions,
  watermarkBytes: number,
  argv: readonly string[],
): TraceHeader {
  return {
    events: backend.events,
    backend: backend.name,
    cpus: backend.pipe.statistics().cpus.map(({ cpu }) => cpu),
    ringBytes,
    watermarkBytes,
    wallOffsetNs: BigInt(Date.now()) * 1_000_000n - BigInt(monotonicNs()),
    command: argv.length === 0 ? null : argv,
    kernel: readSmallFile("/proc/sys/kernel/osrelease").trimEnd(),
  };
}

/** Names in place of numbers: flags of system calls, addresses, and the tables of tracepoints. */
function beautifier(catalog: Catalog): Beautify {
  /** The call that an event of `syscalls` is part of. */
  const calls = new Map<string, string>();
  return {
    argument(event, field, value): string | null {
      if (!event.includes(":")) return argumentText(event, field, value);
      if (event.startsWith("syscalls:")) {
        let call = calls.get(event);
        if (call === undefined) {
          call = event.replace(/^syscalls:sys_(?:enter|exit)_/, "");
          calls.set(event, call);
        }
        return argumentText(call, field, value);
      }
      if (typeof value === "string" || typeof value === "object") return null;
      const symbols = catalog.format(event).symbols.get(field);
      return symbols === undefined ? null : symbolText(symbols, value);
    },
    result: resultText,
  };
}
