/**
 * `deno task doctor`: says what of eventpipe this machine can run, and what to do about the rest. Everything is really
 * tried. It never fails itself: without a permission, a library or a privilege, that is what it reports.
 *
 * @module
 */

import { runCommand } from "./args.ts";
import { type Check, check, checkAfter } from "./doctor/check.ts";
import * as machine from "./doctor/machine.ts";
import { PROGRAM_TYPES, tryProgram } from "./doctor/programs.ts";
import { perfEvent, perfEventArray, ringbuf, wholeRoad } from "./doctor/road.ts";
import { renderChecks, TERMINAL_COLUMNS } from "./doctor/table.ts";
import { wrapText } from "../report/wrap.ts";
import { EXIT_OK, EXIT_UNSUPPORTED } from "./exit.ts";

const COMMAND = {
  name: "doctor",
  summary:
    "Say what of eventpipe this machine can run, and what to do about the rest. Exit status 0 if events of the " +
    "kernel can be read, 3 if only those of the memory source can.",
  options: {
    json: {
      type: "boolean",
      help: "Print one JSON document: { kernelSource, reason, checks: [{ name, state, found, advice }] }",
    },
  },
  examples: ["doctor", "doctor --json"],
} as const;

/** What the doctor says; the document of `--json`. */
export interface Diagnosis {
  /** Whether the kernel source can run: an event was emitted by the kernel and arrived in a handler. */
  readonly kernelSource: boolean;
  /** Why it cannot; null if it can. */
  readonly reason: string | null;
  /** All that was looked at. */
  readonly checks: readonly Check[];
}

/**
 * Looks at everything.
 *
 * @returns What was found. Nothing is attached or open afterwards.
 */
export function diagnose(): Diagnosis {
  const libc = check("libc", machine.libcVersion);
  const libbpf = check("libbpf", machine.libbpfVersion);
  const functions = checkAfter("libbpf functions", [libbpf], machine.libbpfFunctions);
  const capabilities = check("capabilities", machine.capabilities);
  const native = [libc, functions];
  const isCapable = capabilities.state !== "missing";
  const tracefs = () =>
    machine.mounted("tracefs", "tracefs", "/sys/kernel/tracing", "tp programs and the tracer need it");
  const bpffs = () => machine.mounted("bpffs", "bpf", "/sys/fs/bpf", "only pinned BPF objects need it");
  const road = checkAfter("kernel source", native, wholeRoad);
  const checks = [
    check("Deno", machine.denoVersion),
    libc,
    libbpf,
    functions,
    check("kernel", machine.kernelRelease),
    check("BTF", machine.kernelBtf),
    capabilities,
    check("perf_event_paranoid", machine.perfEventParanoid),
    check("unprivileged_bpf_disabled", machine.unprivilegedBpf),
    check("locked memory", machine.lockedMemory),
    check("tracefs", tracefs),
    check("bpffs", bpffs),
    checkAfter("CPUs", [libc], machine.cpus),
    checkAfter("PERF_FORMAT_LOST", [libc], perfEvent),
    checkAfter("map PERF_EVENT_ARRAY", native, perfEventArray),
    checkAfter("map RINGBUF", native, ringbuf),
    ...PROGRAM_TYPES.map((program) =>
      checkAfter(`program ${program.section}`, native, () => tryProgram(program, isCapable))
    ),
    road,
  ];
  const kernelSource = road.state === "ok";
  return { kernelSource, reason: kernelSource ? null : reasonOf(road, checks), checks };
}

/** What the last check found; where it could not be tried, what the check it refers to found. */
function reasonOf(road: Check, checks: readonly Check[]): string {
  const referred = checks.find(({ name }) => road.advice === `see ${name}`) ?? road;
  const { found, advice } = checks.find(({ name }) => referred.advice === `see ${name}`) ?? referred;
  return advice === "" ? found : `${found}; ${advice}`;
}

function main(json: boolean): number {
  const diagnosis = diagnose();
  const { kernelSource, reason, checks } = diagnosis;
  if (json) {
    console.log(JSON.stringify(diagnosis, null, 2));
  } else {
    const verdict = kernelSource
      ? "Events of the kernel can be read here."
      : `Only the memory source can run here: ${reason}`;
    console.log(renderChecks(checks, Deno.stdout.isTerminal() && !Deno.noColor));
    console.log(`\n${wrapText(verdict, TERMINAL_COLUMNS).join("\n")}`);
  }
  return kernelSource ? EXIT_OK : EXIT_UNSUPPORTED;
}

if (import.meta.main) {
  Deno.exitCode = await runCommand(COMMAND, Deno.args, ({ options }) => main(options.json));
}
