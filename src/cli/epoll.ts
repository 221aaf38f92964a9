/**
 * `deno task epoll`: epoll scenarios on the model and on the kernel, and the proof that both are equal.
 *
 * @module
 */

import { didYouMean, runCommand, UsageError } from "./args.ts";

const SUBCOMMANDS: Readonly<
  Record<string, () => Promise<{ main(args: readonly string[]): Promise<number> }>>
> = {
  run: () => import("./epoll/run.ts"),
  explain: () => import("./epoll/explain.ts"),
  fuzz: () => import("./epoll/fuzz.ts"),
  mutants: () => import("./epoll/mutants.ts"),
};

const COMMAND = {
  name: "epoll",
  summary:
    "Epoll in TypeScript beside the kernel's: run scenarios on both, explain what happens in one, compare random programs, and " +
    "try whether wrong models are found. Each has a --help of its own.",
  options: {},
  positionals: { usage: "run|explain|fuzz|mutants ...", help: "what to do", min: 1, max: Infinity },
  examples: [
    "epoll run test/eventpoll/scenarios.json --system both",
    "epoll explain test/eventpoll/scenarios.json --filter mod-rearms",
    "epoll fuzz --seconds 60 --seed 1",
    "epoll mutants",
  ],
} as const;

const [name = "", ...rest] = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
const load = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;

Deno.exit(
  load === undefined
    ? await runCommand(COMMAND, Deno.args, () => {
      throw new UsageError(`There is no "epoll ${name}"${didYouMean(name, Object.keys(SUBCOMMANDS))}`);
    })
    : await (await load()).main(rest),
);
