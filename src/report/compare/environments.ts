/**
 * Whether two results files are of machines whose figures may be compared. Relies on what a results file says of them.
 *
 * @module
 */

import type { Environment } from "../schema.ts";

/** What must be the same: each of these moves times by more than most changes of the code do. */
const DECISIVE = [
  ["system", ({ os, arch }: Environment) => `${os} ${arch}`],
  ["kernel", ({ kernelRelease }: Environment) => kernelRelease],
  ["CPU", ({ cpuModel }: Environment) => cpuModel],
  ["CPUs online", ({ cpuCount }: Environment) => cpuCount],
  ["SMT", ({ smt }: Environment) => smt],
  ["virtual machine", ({ hypervisor }: Environment) => hypervisor],
  ["frequency governor", ({ governor }: Environment) => governor],
  ["clock source", ({ clocksource }: Environment) => clocksource],
  ["bpf_jit_enable", ({ bpfJitEnable }: Environment) => bpfJitEnable],
  ["Deno", ({ deno }: Environment) => deno],
  ["V8 flags", ({ v8Flags }: Environment) => v8Flags?.join(" ") ?? null],
] as const;

/**
 * Finds what makes two environments unlike. What could not be read on both sides alike is no difference.
 *
 * @param a One.
 * @param b The other.
 * @returns A sentence for each difference.
 */
export function differences(a: Environment, b: Environment): string[] {
  const plain = DECISIVE.flatMap(([what, read]) => {
    const [one, other] = [read(a), read(b)];
    return one === other ? [] : [`${what}: ${one ?? "unknown"} and ${other ?? "unknown"}`];
  });
  return [...plain, ...parameterDifferences(a, b), ...mitigationDifferences(a, b)];
}

/** Only the parameters that one side has alone: a command line is long. */
function parameterDifferences(a: Environment, b: Environment): string[] {
  const [one, other] = [a, b].map(({ cmdline }) => cmdline?.split(" ") ?? []) as [string[], string[]];
  const alone = [
    ...one.filter((word) => !other.includes(word)),
    ...other.filter((word) => !one.includes(word)),
  ];
  return alone.length === 0 ? [] : [`kernel parameters on one side alone: ${alone.join(" ")}`];
}

function mitigationDifferences(
  { mitigations: one }: Environment,
  { mitigations: other }: Environment,
): string[] {
  const names = new Set([...Object.keys(one ?? {}), ...Object.keys(other ?? {})]);
  const differing = [...names].filter((name) => one?.[name] !== other?.[name]);
  return differing.length === 0 ? [] : [`mitigations of ${differing.join(", ")}`];
}
