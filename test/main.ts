/**
 * `deno task test`: sets the machine up, compiles the BPF programs of the tests, runs all tests and the
 * examples in the documentation with `deno test`, and ends with two lines about its report: kernel tests, and
 * all tests.
 */

import { fileURLToPath } from "node:url";
import { type Command, helpText, wantsHelp } from "../src/cli/args.ts";
import { CompileError, compileFolder, MissingToolError } from "../src/cli/build.ts";
import { EXIT_FAILED, EXIT_OK } from "../src/cli/exit.ts";
import { ensureMounts } from "../src/cli/mounts.ts";
import { ensurePackages } from "../src/cli/packages.ts";
import { judge, readReport, ReportError } from "./_junit.ts";

const COMMAND = {
  name: "test",
  summary:
    "Run all tests and the examples in the documentation. Kernel tests are skipped where the kernel does not " +
    "permit them; with EVENTPIPE_REQUIRE_KERNEL=1 that is a failure. As root installs with apt-get what is " +
    "missing, unless EVENTPIPE_INSTALL=never.",
  options: {},
  positionals: {
    usage: "[ARGUMENTS]",
    help: "Passed on to deno test, such as files or --filter TEXT",
    min: 0,
    max: Infinity,
  },
  examples: ["test", "test test/unit", "test --filter wrap"],
} as const satisfies Command<Record<never, never>>;

async function main(args: readonly string[]): Promise<number> {
  if (wantsHelp(args)) {
    console.log(helpText(COMMAND));
    return EXIT_OK;
  }
  ensurePackages("test");
  // Others than root cannot attach to tracepoints anyway.
  if (Deno.uid() === 0) ensureMounts(["tracefs", "bpffs"]);
  if (!await compileTestPrograms()) return EXIT_FAILED;
  const report = await Deno.makeTempFile({ prefix: "eventpipe-test-", suffix: ".xml" });
  try {
    const status = await runTests(args, report);
    return summarize(await Deno.readTextFile(report), status, args.length > 0);
  } finally {
    await Deno.remove(report);
  }
}

/**
 * False if a program is wrong; without the tools the tests that need a program are skipped, each with its
 * reason.
 */
async function compileTestPrograms(): Promise<boolean> {
  const sources = fileURLToPath(new URL("bpf", import.meta.url));
  const objects = fileURLToPath(new URL("../build/test", import.meta.url));
  try {
    await compileFolder(sources, objects);
  } catch (error) {
    if (!(error instanceof MissingToolError || error instanceof CompileError)) throw error;
    console.error(`eventpipe: ${error.message}`);
    return error instanceof MissingToolError;
  }
  return true;
}

/** Loaded in front of all tests: looks whether each gives back what it took of the kernel. */
const LEAKS = fileURLToPath(new URL("_leaks.ts", import.meta.url));

async function runTests(args: readonly string[], report: string): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--doc", `--preload=${LEAKS}`, `--junit-path=${report}`, ...args],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  const { code } = await command.spawn().status;
  return code;
}

function summarize(xml: string, status: number, isSelection: boolean): number {
  let report;
  try {
    report = readReport(xml);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    console.error(`eventpipe: ${error.message}; deno test ended with status ${status}`);
    return status === 0 ? EXIT_FAILED : status;
  }
  const kernelRequired = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1";
  const { counts, complaints } = judge(report, { status, kernelRequired, isSelection });
  for (const complaint of complaints) console.error(`eventpipe: ${complaint}`);
  console.log(
    `kernel tests: ${report.kernel.passed + report.kernel.failed} ran, ${report.kernel.skipped} skipped`,
  );
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return status === 0 && complaints.length > 0 ? EXIT_FAILED : status;
}

if (import.meta.main) {
  // npm's habit, `deno task test -- test/unit`: deno test would take what follows for arguments of the tests.
  const args = Deno.args[0] === "--" ? Deno.args.slice(1) : Deno.args;
  Deno.exitCode = await main(args);
}
