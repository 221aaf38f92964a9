/**
 * What the tools of this folder share: the command line with `--help` and `--duration`, an orderly end by Ctrl-C, by time or
 * by a reader that goes away, a word about lost events, and tables whose cells cannot drive the terminal.
 */

import { EventPipeError } from "@eventpipe/eventpipe";
import type { Trace, TraceEvent } from "@eventpipe/eventpipe/trace";
import {
  helpText,
  type Options,
  type OptionValues,
  parseCommand,
  UsageError,
  wantsHelp,
} from "../src/cli/args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED, EXIT_USAGE } from "../src/cli/exit.ts";
import { parseCount, parseDurationMs } from "../src/cli/units.ts";
import { monotonicNs } from "../src/ffi/clock.ts";
import { escapeText } from "../src/trace/escape.ts";
import { timeWriter } from "../src/trace/text_time.ts";
import { LineWriter } from "../src/trace/writer.ts";

/** The option of tools that can look at single processes. */
export const PID = {
  type: "list",
  short: "p",
  value: "PID",
  help: "Only these processes",
  parse: parseCount,
} as const satisfies Options[string];

const DURATION = {
  duration: {
    type: "string",
    short: "d",
    value: "TIME",
    help: "End after this time",
    parse: parseDurationMs,
  },
} as const satisfies Options;

/** What a tool is called and what it accepts beside `--duration`. */
export interface Tool<O extends Options> {
  /** The name of its file, without `.ts`. */
  readonly name: string;
  /** One sentence for the head of the help text. */
  readonly summary: string;
  /** Options of its own. */
  readonly options: O;
}

/** What a tool works with while it runs. */
export interface Session<O extends Options> {
  /** What was typed. */
  readonly options: OptionValues<O>;
  /** The events until somebody or something ends the tool; then says on stderr what was lost. */
  watch(trace: Trace): AsyncGenerator<TraceEvent, void>;
  /** Prints a heading, and returns what prints a row: columns by width, numbers below 0 for those that stand right. */
  table(columns: Readonly<Record<string, number>>): (...cells: readonly unknown[]) => void;
  /** Prints a line. */
  print(line: string): void;
}

/** Runs a tool to its end, which is the end of the process. */
export async function runTool<const O extends Options>(
  { name, summary, options }: Tool<O>,
  main: (session: Session<O>) => Promise<void>,
): Promise<never> {
  const command = { name: `${name}.ts`, summary, options: { ...options, ...DURATION } };
  if (wantsHelp(Deno.args)) {
    console.log(helpText(command).replaceAll("deno task ", "deno run -A examples/"));
    Deno.exit(EXIT_OK);
  }
  try {
    const parsed = parseCommand(command, Deno.args).options;
    await main(startSession(parsed as OptionValues<O>, (parsed as OptionValues<typeof DURATION>).duration));
    Deno.exit(EXIT_OK);
  } catch (error) {
    const isRefusal = error instanceof EventPipeError;
    if (!(isRefusal || error instanceof UsageError)) throw error;
    console.error(error.message);
    if (!isRefusal) Deno.exit(EXIT_USAGE);
    const isUnfit = ["NOT_PERMITTED", "NOT_SUPPORTED", "LIBRARY"].includes(error.code);
    Deno.exit(isUnfit ? EXIT_UNSUPPORTED : EXIT_FAILED);
  }
}

function startSession<O extends Options>(options: OptionValues<O>, durationMs?: number): Session<O> {
  const writer = LineWriter.stdout();
  const end = new AbortController();
  const print = (line: string): void => {
    writer.write(`${line}\n`);
    if (!writer.flush()) end.abort(); // as in `| head`
  };
  return {
    options,
    print,
    async *watch(trace): AsyncGenerator<TraceEvent, void> {
      end.signal.addEventListener("abort", () => trace.stop());
      for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => end.abort());
      if (durationMs !== undefined) Deno.unrefTimer(setTimeout(() => end.abort(), durationMs));
      console.error("Tracing; Ctrl-C ends it.");
      yield* trace;
      const { lost, missed } = trace.finish();
      if (lost + missed > 0) {
        console.error(`Events are missing: ${lost} lost to full rings, ${missed} missed`);
      }
    },
    table(columns): (...cells: readonly unknown[]) => void {
      const widths = Object.values(columns);
      const row = (...cells: readonly unknown[]): void => {
        const texts = cells.map((cell, index) => {
          const [text, width] = [escapeText(String(cell)), widths[index]!];
          return width < 0 ? text.padStart(-width) : text.padEnd(width);
        });
        print(texts.join(" ").trimEnd());
      };
      row(...Object.keys(columns));
      return row;
    },
  };
}

let writeTime: ((timeNs: bigint) => string) | undefined;

/** The time of day of an event. */
export function timeOfDay({ time }: TraceEvent): string {
  writeTime ??= timeWriter("wall", BigInt(Date.now()) * 1_000_000n - BigInt(monotonicNs()));
  return writeTime(time);
}
