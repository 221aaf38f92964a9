/**
 * `deno task record`: the bytes of a BPF program's rings into a file, for `deno task replay` and for tests.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import { oneOf, type Options, type OptionValues, runCommand, UsageError } from "./args.ts";
import { EXIT_FAILED, EXIT_UNSUPPORTED, EXIT_USAGE } from "./exit.ts";
import { ensureMounts } from "./mounts.ts";
import { LoadEmitter, parseLoad } from "./record/load.ts";
import { RecordedObject } from "./record/object.ts";
import { Run } from "./record/run.ts";
import { parseBytes, parseCount, parseDurationMs } from "./units.ts";

const OPTIONS = {
  output: { type: "string", short: "o", value: "FILE", help: "write the recording here; needed" },
  map: { type: "string", value: "NAME", help: "the map whose rings are recorded, where there are several" },
  "dispatch-by": {
    type: "string",
    value: "WHAT",
    help: "category if events begin with struct event, all if not",
    default: "category",
    parse: oneOf("category", "all"),
  },
  duration: {
    type: "string",
    short: "d",
    value: "TIME",
    help: "end after this time",
    parse: parseDurationMs,
  },
  "max-bytes": {
    type: "string",
    value: "SIZE",
    help: "end when the file has this size",
    parse: parseBytes,
  },
  cpu: { type: "list", short: "C", value: "CPU", help: "only these CPUs", parse: parseCount },
  "ring-bytes": {
    type: "string",
    short: "m",
    value: "SIZE",
    help: "data bytes of each CPU's ring; 1MiB unless given",
    parse: parseBytes,
  },
  wakeup: {
    type: "string",
    value: "SIZE",
    help: "wake the recorder after so many bytes; a quarter of the ring unless given",
    parse: parseBytes,
  },
  load: {
    type: "string",
    value: "COUNT[xBYTES]",
    help:
      "in place of an object: record so many events that are made up in memory, without a kernel or a privilege",
    parse: parseLoad,
  },
} as const satisfies Options;

const COMMAND = {
  name: "record",
  summary: "Record the bytes of a BPF program's rings as they are read. deno task replay shows them.",
  options: OPTIONS,
  positionals: {
    usage: "OBJECT.bpf.o",
    help: "a compiled BPF object; all of its programs that attach by their section are attached",
    min: 0,
    max: 1,
  },
  examples: [
    "record -o exec.rings exec.bpf.o",
    "record -o exec.rings --map events -d 10s --max-bytes 1GiB exec.bpf.o",
    "record -o try.rings --load 1000x64",
  ],
} as const;

type RecordOptions = OptionValues<typeof OPTIONS>;

/** Ring sizes of made-up events where none was asked for. */
const LOAD_RING_BYTES = 65536;

/** Signals and the end of time are heard of this often while events are made up. */
const TURN_MS = 20;

Deno.exit(
  await runCommand(COMMAND, Deno.args, async ({ options, positionals }) => {
    try {
      return await record(options, positionals[0]);
    } catch (error) {
      return report(error);
    }
  }),
);

function report(error: unknown): number {
  if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message);
  if (!(error instanceof EventPipeError)) throw error;
  console.error(error.message);
  switch (error.code) {
    case "NOT_FOUND":
      return EXIT_USAGE;
    case "NOT_PERMITTED":
    case "NOT_SUPPORTED":
    case "LIBRARY":
      console.error("Try: deno task doctor");
      return EXIT_UNSUPPORTED;
    default:
      return EXIT_FAILED;
  }
}

async function record(options: RecordOptions, path: string | undefined): Promise<number> {
  const { output, load } = options;
  if (output === undefined) throw new UsageError("No file is named: -o FILE");
  if (path !== undefined && load !== undefined) throw new UsageError("Name an object or --load, not both");
  if (path !== undefined) return await recordObject(options, output, path);
  if (load === undefined) throw new UsageError("Name a BPF object to record, or try --load 1000");
  if (options.map !== undefined || options.cpu.length > 0 || options.wakeup !== undefined) {
    throw new UsageError("--map, --cpu and --wakeup are for objects, not for --load");
  }
  const { ringBytes = LOAD_RING_BYTES } = options;
  const emitter = new LoadEmitter(load, ringBytes);
  using run = new Run(options, output, emitter.source, ringBytes);
  let turned = performance.now();
  while (emitter.step(run.pipe) && run.goesOn()) {
    if (performance.now() - turned < TURN_MS) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    turned = performance.now();
  }
  return run.finish();
}

async function recordObject(options: RecordOptions, output: string, path: string): Promise<number> {
  if (Deno.uid() === 0) ensureMounts(["tracefs"]);
  using object = RecordedObject.open(path, options);
  using run = new Run(options, output, object.source, object.ringBytes);
  const { attached, others } = object.attach();
  if (attached.length === 0) {
    throw new UsageError(`No program of ${path} attaches by its section: ${others.join(", ")}`);
  }
  if (others.length > 0) {
    console.error(`Not attached, as their sections name no target: ${others.join(", ")}`);
  }
  console.error(`Recording ${attached.join(", ")} into ${output}; Ctrl-C ends it`);
  await run.untilEnd();
  object.detach();
  run.pipe.consume(); // what came while the programs were detached
  return run.finish();
}
