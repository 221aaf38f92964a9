/**
 * Command lines: a command declares its options once and gets typed values, `--help` text and usage errors for
 * it. Every command's main file calls `runCommand`. Relies on the standard library's parser for the syntax, and
 * on its edit distance for "did you mean".
 */

import { parseArgs } from "@std/cli/parse-args";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { EXIT_OK, EXIT_USAGE } from "./exit.ts";
import { wrapText } from "../report/wrap.ts";

/** An option without a value: `--name`, true when given. */
export interface BooleanOption {
  readonly type: "boolean";
  /** One letter for `-x`; `h` is taken. */
  readonly short?: string;
  readonly help: string;
}

/** An option with a value: `string` takes one, `list` takes several, by commas or by repetition. */
export interface ValueOption {
  readonly type: "string" | "list";
  /** One letter for `-x`; `h` is taken. */
  readonly short?: string;
  /** What stands for the value in the help text, such as `TIME`. */
  readonly value: string;
  readonly help: string;
  /** The text that applies when the option is absent, read like one that was given. */
  readonly default?: string;
  /** Turns the text into the value; a RangeError or TypeError of it becomes a usage error. Default: the text. */
  readonly parse?: (text: string) => unknown;
}

/** The options of a command by their names, which are in kebab case and without dashes in front. */
export type Options = Readonly<Record<string, BooleanOption | ValueOption>>;

/** What a command accepts. */
export interface Command<O extends Options> {
  /** The name of the task: `deno task NAME`. Installed, the command is `eventpipe-NAME`. */
  readonly name: string;
  /** One sentence for the head of the help text. */
  readonly summary: string;
  readonly options: O;
  /** Arguments that are no options; none are accepted without it. `max` may be Infinity. */
  readonly positionals?: {
    readonly usage: string;
    readonly help: string;
    readonly min: number;
    readonly max: number;
  };
  /** What may follow `--`, unread; without it a `--` means nothing. */
  readonly rest?: { readonly usage: string; readonly help: string };
  /** Command lines for the end of the help text, without `deno task`. */
  readonly examples?: readonly string[];
}

/** The option values of a parsed command line, by their names in camel case. */
export type OptionValues<O extends Options> = {
  readonly [K in keyof O & string as CamelCase<K>]: OptionValue<O[K]>;
};

/** A parsed command line. */
export interface ParsedCommand<O extends Options> {
  readonly options: OptionValues<O>;
  readonly positionals: readonly string[];
  /** What followed `--`; empty without a `--`. */
  readonly rest: readonly string[];
}

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type OneValue<O> = O extends { readonly parse: (text: string) => infer T } ? T : string;

type OptionValue<O> = O extends { readonly type: "boolean" } ? boolean
  : O extends { readonly type: "list" } ? readonly OneValue<O>[]
  : O extends { readonly default: string } ? OneValue<O>
  : OneValue<O> | undefined;

const HELP_COLUMNS = 100;

/** What stands in front of a command's name: an installed command is a bundle, in JavaScript, and no task. */
const INVOKED_BY = import.meta.url.endsWith(".js") ? "eventpipe-" : "deno task ";

/** A command line that makes no sense; its message is for the person who typed it. Exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Run a command: print its help for `--help` or `-h`, else parse the command line and call `main`. A UsageError
 * of either goes to stderr; other errors pass through.
 *
 * @returns the exit status: 0 after help, 2 after a UsageError, else what `main` returned.
 */
export async function runCommand<const O extends Options>(
  command: Command<O>,
  argv: readonly string[],
  main: (parsed: ParsedCommand<O>) => number | Promise<number>,
): Promise<number> {
  if (wantsHelp(argv)) {
    console.log(helpText(command));
    return EXIT_OK;
  }
  try {
    return await main(parseCommand(command, argv));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nTry: ${invocation(command.name)} --help`);
    return EXIT_USAGE;
  }
}

/**
 * How a command is called here, for messages that name it.
 *
 * @param line The command's name, and arguments if there are any.
 * @returns `deno task NAME`, or `eventpipe-NAME` where it is installed.
 */
export function invocation(line: string): string {
  return `${INVOKED_BY}${line}`;
}

/** True when `--help` or `-h` stands before any `--`. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

/**
 * Parse the arguments of a command.
 *
 * @throws {UsageError} for an unknown option, a missing, repeated or unreadable value, or a wrong number of
 * positionals. The message names the option.
 */
export function parseCommand<const O extends Options>(
  command: Command<O>,
  argv: readonly string[],
): ParsedCommand<O> {
  // npm's habit, `deno task bench -- --quick`: the separator arrives here, since deno task needs none.
  const args = command.rest === undefined && argv[0] === "--" ? argv.slice(1) : argv;
  const names = Object.keys(command.options);
  const withValue = names.filter((name) => command.options[name]?.type !== "boolean");
  const flags = names.filter((name) => command.options[name]?.type === "boolean");
  refuseBooleanValues(command, args);
  const parsed = parseArgs(args, {
    "--": true,
    alias: aliases(command.options),
    boolean: flags,
    string: [...withValue, "_"],
    collect: withValue,
    unknown: (arg, key) => {
      if (key !== undefined) throw unknownOption(command, arg, key);
      return true;
    },
  });

  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(command.options)) {
    options[camelCase(name)] = option.type === "boolean"
      ? parsed[name] === true
      : readValues(name, option, parsed[name] as string[]);
  }
  const rest = parsed["--"] ?? [];
  if (!Array.isArray(parsed._)) throw unknownOption(command, "--_", "_");
  const positionals = parsed._.map(String);
  if (command.rest === undefined) positionals.push(...rest);
  checkPositionals(command, positionals);
  return {
    options: options as OptionValues<O>,
    positionals,
    rest: command.rest === undefined ? [] : rest,
  };
}

/** A parser for a fixed set of names, for `ValueOption.parse`; an unknown name throws a RangeError. */
export function oneOf<const T extends string>(...names: readonly T[]): (text: string) => T {
  return (text: string): T => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw new RangeError(`Unknown name "${text}"${didYouMean(text, names)}, expected ${orList(names)}`);
  };
}

/** ` (did you mean "NAME"?)` for the nearest of the names, to follow what was typed; empty when none is near. */
export function didYouMean(text: string, names: readonly string[]): string {
  let nearest = "";
  // A third of the letters may be wrong, and always one; the bound is exclusive, so the first of equals stays.
  let limit = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const name of names) {
    const distance = levenshteinDistance(text.toLowerCase(), name.toLowerCase());
    if (distance < limit && distance < name.length) {
      nearest = name;
      limit = distance;
    }
  }
  return nearest === "" ? "" : ` (did you mean "${nearest}"?)`;
}

/** The text of `--help`, without a newline at its end. */
export function helpText<O extends Options>(command: Command<O>): string {
  const { positionals, rest } = command;
  const usage = [invocation(command.name), "[OPTIONS]", positionals?.usage, rest && `[-- ${rest.usage}]`];
  const rows: [string, string][] = [];
  if (positionals !== undefined) rows.push([positionals.usage, positionals.help]);
  if (rest !== undefined) rows.push([`-- ${rest.usage}`, rest.help]);
  const options = Object.entries(command.options).map(([name, option]) => optionRow(name, option));
  options.push(["-h, --help", "Print this text"]);
  const lines = [...wrapText(command.summary, HELP_COLUMNS), "", `Usage: ${usage.filter(Boolean).join(" ")}`];
  if (rows.length > 0) lines.push("", "Arguments:", ...helpRows(rows));
  lines.push("", "Options:", ...helpRows(options));
  if (command.examples !== undefined) {
    lines.push("", "Examples:", ...command.examples.map((example) => `  ${invocation(example)}`));
  }
  return lines.join("\n");
}

function aliases(options: Options): Record<string, string> {
  const byName: Record<string, string> = {};
  for (const [name, option] of Object.entries(options)) {
    if (option.short !== undefined) byName[name] = option.short;
  }
  return byName;
}

/** The parser would take `--exact=maybe` for true. */
function refuseBooleanValues<O extends Options>(command: Command<O>, args: readonly string[]): void {
  for (const arg of args) {
    if (arg === "--") return;
    const [, name = "", value = ""] = /^--?([^=]+)=(.*)$/s.exec(arg) ?? [];
    for (const [full, option] of Object.entries(command.options)) {
      if (option.type !== "boolean" || (name !== full && name !== option.short)) continue;
      if (value !== "true" && value !== "false") {
        throw new UsageError(`Option --${full} takes no value, but got "${value}"`);
      }
    }
  }
}

function readValues(name: string, option: ValueOption, given: readonly string[]): unknown {
  if (option.type === "string" && given.length > 1) {
    throw new UsageError(`Option --${name} is given ${given.length} times, but takes one value`);
  }
  const texts = given.length === 0 && option.default !== undefined ? [option.default] : given;
  const parts = option.type === "list" ? texts.flatMap((text) => text.split(",")) : texts;
  const values = parts.map((text) => {
    if (text === "") throw new UsageError(`Option --${name} needs a value: --${name} ${option.value}`);
    return readValue(name, option, text);
  });
  return option.type === "list" ? values : values[0];
}

function readValue(name: string, option: ValueOption, text: string): unknown {
  try {
    return option.parse === undefined ? text : option.parse(text);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new UsageError(`Option --${name}: ${error.message}`, { cause: error });
  }
}

function checkPositionals<O extends Options>(command: Command<O>, given: readonly string[]): void {
  const { min, max, usage } = command.positionals ?? { min: 0, max: 0, usage: "" };
  const extra = given[max];
  if (extra !== undefined) {
    const what = usage === "" ? "no arguments" : `at most ${max} (${usage})`;
    throw new UsageError(`Unexpected argument "${extra}": ${command.name} takes ${what}`);
  }
  if (given.length < min) {
    throw new UsageError(`Missing argument: ${command.name} needs ${usage}`);
  }
}

function unknownOption<O extends Options>(command: Command<O>, arg: string, key: string): UsageError {
  const typed = arg.replace(/=.*$/s, "");
  const known = [...Object.keys(command.options), "help"].map((name) => `--${name}`);
  // Letters may stand together, `-vx`: then the unknown one is named too.
  const letter = typed.startsWith("--") || typed === `-${key}` ? "" : ` (letter "${key}")`;
  return new UsageError(`Unknown option ${typed}${letter}${didYouMean(typed, known)}`);
}

function optionRow(name: string, option: BooleanOption | ValueOption): [string, string] {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  if (option.type === "boolean") return [`${short}--${name}`, option.help];
  const value = option.type === "list" ? `${option.value},...` : option.value;
  const preset = option.default === undefined ? "" : ` (default: ${option.default})`;
  return [`${short}--${name} ${value}`, `${option.help}${preset}`];
}

function helpRows(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([head]) => head.length)) + 4;
  return rows.flatMap(([head, text]) =>
    wrapText(text, HELP_COLUMNS - width).map((line, index) =>
      `${index === 0 ? `  ${head}`.padEnd(width) : " ".repeat(width)}${line}`
    )
  );
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
