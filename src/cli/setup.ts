/**
 * `deno task setup`: does by hand what `deno task bench` and `deno task test` do by themselves at their
 * start.
 *
 * @module
 */

import { oneOf, runCommand, UsageError } from "./args.ts";
import { EXIT_FAILED, EXIT_OK, EXIT_UNSUPPORTED } from "./exit.ts";
import { ensureMounts } from "./mounts.ts";
import { ensurePackages, type SetupOutcome, type SetupPurpose } from "./packages.ts";

const COMMAND = {
  name: "setup",
  summary:
    "Install with apt-get what the bench (libbpf1), its suites beside other programs (also clang, libbpf-dev, gcc, " +
    "bpftool, Go with cilium/ebpf) or the tests (without Go, with perf) lack; " +
    "says nothing when nothing is missing. Not as root, or with EVENTPIPE_INSTALL=never: says what is missing, " +
    "exit status 3.",
  options: {},
  positionals: {
    usage: "[bench|peers|test]",
    help: "What to set up for (default: bench)",
    min: 0,
    max: 1,
  },
  examples: ["setup", "setup test"],
} as const;

const STATUS: Record<SetupOutcome, number> = {
  complete: EXIT_OK,
  refused: EXIT_UNSUPPORTED,
  failed: EXIT_FAILED,
};

function main(positionals: readonly string[]): number {
  const purpose = readPurpose(positionals[0] ?? "bench");
  const outcome = ensurePackages(purpose);
  // Only the tests attach to tracepoints, and only where they are root.
  if (purpose === "test" && Deno.uid() === 0) ensureMounts(["tracefs"]);
  return STATUS[outcome];
}

function readPurpose(text: string): SetupPurpose {
  try {
    return oneOf("bench", "peers", "test")(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

if (import.meta.main) {
  Deno.exitCode = await runCommand(COMMAND, Deno.args, ({ positionals }) => main(positionals));
}
