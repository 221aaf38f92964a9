/**
 * `deno task replay`: what is in a recording.
 *
 * @module
 */

import { EventPipeError } from "../errors.ts";
import type { Event } from "../pipe/event.ts";
import { EventPipe } from "../pipe/event_pipe.ts";
import type { Statistics } from "../pipe/statistics.ts";
import { DamagedRecordingError, endText } from "../record/recording.ts";
import { Replay } from "../record/replay.ts";
import { LineWriter } from "../trace/writer.ts";
import { oneOf, type Options, type OptionValues, runCommand, UsageError } from "./args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "./exit.ts";
import { type EventLines, jsonLines, textLines } from "./replay/events.ts";
import { reportOf, reportText } from "./replay/report.ts";
import { Tally } from "./replay/tally.ts";
import { parseCount } from "./units.ts";

const OPTIONS = {
  json: {
    type: "boolean",
    help:
      "print one JSON document: { end, limited, header, finished, events, span, rings, categories, statistics }",
  },
  events: { type: "boolean", help: "print the events, a line each" },
  format: {
    type: "string",
    value: "FORMAT",
    help: "with --events: text, or jsonl with all bytes of an event",
    parse: oneOf("text", "jsonl"),
  },
  count: {
    type: "string",
    short: "n",
    value: "N",
    help: "with --events: end after so many",
    parse: parseCount,
  },
} as const satisfies Options;

const COMMAND = {
  name: "replay",
  summary:
    "Say what is in a recording of deno task record: counts by CPU and category, losses, damage. Exit status 1 if the " +
    "file is cut or damaged; what stands in front of that is counted and printed.",
  options: OPTIONS,
  positionals: { usage: "FILE", help: "the recording", min: 1, max: 1 },
  examples: [
    "replay exec.rings",
    "replay --events -n 10 exec.rings",
    "replay --events --format jsonl exec.rings",
  ],
} as const;

type ReplayOptions = OptionValues<typeof OPTIONS>;

/** With what the handler ends a replay of which enough was seen. */
const ENOUGH = 1;

Deno.exit(
  await runCommand(COMMAND, Deno.args, ({ options, positionals: [path = ""] }) => {
    if (!options.events && (options.format !== undefined || options.count !== undefined)) {
      throw new UsageError("--format and --count are for --events");
    }
    if (options.count === 0) throw new UsageError("--count must be at least 1");
    if (options.json && options.events) throw new UsageError("Choose --json or --events; see --format jsonl");
    try {
      return replayFile(path, options);
    } catch (error) {
      return report(error);
    }
  }),
);

function report(error: unknown): number {
  if (!(error instanceof EventPipeError)) throw error;
  if (error instanceof DamagedRecordingError) {
    console.error(error.message);
    return EXIT_FAILED;
  }
  if (error.code !== "NOT_PERMITTED") throw new UsageError(error.message);
  console.error(error.message);
  return EXIT_UNSUPPORTED;
}

function replayFile(path: string, options: ReplayOptions): number {
  using replay = Replay.open(path);
  const tally = new Tally(replay);
  if (options.events) {
    printEvents(
      replay,
      tally,
      options.format === "jsonl" ? jsonLines(replay) : textLines(replay),
      options.count,
    );
  } else {
    const found = reportOf(replay, tally, run(replay, tally, {}));
    console.log(options.json ? JSON.stringify(found, null, 2) : reportText(path, replay, found).trimEnd());
  }
  if (replay.end.state === "complete") return EXIT_OK;
  console.error(`${path} is ${endText(replay.end)}; all that stands in front of it was read`);
  return EXIT_FAILED;
}

function printEvents(replay: Replay, tally: Tally, lines: EventLines, count: number | undefined): void {
  using writer = LineWriter.stdout();
  writer.write(lines.header());
  const statistics = run(replay, tally, {
    onEvent: (event) => writer.write(lines.event(event)) && tally.events !== count,
    onLost: (cpu, lost) => void writer.write(lines.lost(cpu, lost)),
  });
  writer.write(lines.summary(reportOf(replay, tally, statistics)));
}

/** Whom a run tells beside the tally. */
interface Listeners {
  /** Whether to go on behind this event. */
  readonly onEvent?: (event: Event) => boolean;
  readonly onLost?: (cpu: number, count: number) => void;
}

/** Replays up to the end, or to where a listener has enough; what the pipe has counted then. */
function run(replay: Replay, tally: Tally, { onEvent, onLost }: Listeners): Statistics {
  using pipe = EventPipe.open({
    source: replay.source,
    dispatchBy: replay.header.dispatchBy,
    unknown: {
      name: "any",
      process(event): number {
        tally.add(event);
        return onEvent === undefined || onEvent(event) ? 0 : ENOUGH;
      },
    },
    onLost(cpu, count): void {
      tally.addGap(cpu);
      onLost?.(cpu, count);
    },
  });
  // Behind the end, what is in the rings is what was left there; else it is the rest of a scan.
  if (replay.run(pipe) === 0) pipe.close();
  return pipe.statistics();
}
