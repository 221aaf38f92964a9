/**
 * Compares numbers with a C compiler's: a fact is a C expression and the value we believe it has. All facts of a test go
 * into one program, which prints what they really are.
 */

import { join } from "node:path";
import { findExecutable } from "../../../src/cli/packages.ts";
import type { ConstantGroup, StructLayout } from "../../../src/abi/layout.ts";

/** A C expression and the value it is believed to have. */
export interface Fact {
  readonly expression: string;
  readonly expected: bigint;
  /** The value may be larger: structs that grow with newer headers. */
  readonly isMinimum?: boolean;
}

/** The headers the compiler needs beside its own. */
const HEADERS = ["stdio.h", "linux/perf_event.h", "bpf/bpf.h", "bpf/libbpf.h"];

/** Why nothing can be compiled here; null if it can. */
export function compilerObstacle(): string | null {
  if (findExecutable("gcc") === null) return "no gcc";
  for (const header of HEADERS) {
    try {
      Deno.statSync(`/usr/include/${header}`);
    } catch {
      return `no header ${header}`;
    }
  }
  return null;
}

/** The facts a struct's table claims. */
export function factsOfLayout({ type, size, grows, offsets }: StructLayout): Fact[] {
  return [
    { expression: `sizeof(${type})`, expected: BigInt(size), isMinimum: grows === true },
    ...Object.entries(offsets).map(([field, offset]) => ({
      expression: `offsetof(${type}, ${field})`,
      expected: BigInt(offset),
    })),
  ];
}

/** The facts a group of constants claims. */
export function factsOfGroup({ values }: ConstantGroup): Fact[] {
  return Object.entries(values).map(([name, value]) => ({ expression: name, expected: BigInt(value) }));
}

/**
 * Asks the compiler.
 *
 * @param preamble What goes in front of the program's main function: includes and declarations.
 * @param facts What is believed.
 * @returns A sentence for each fact that does not hold; none if all do.
 */
export async function wrongFacts(preamble: readonly string[], facts: readonly Fact[]): Promise<string[]> {
  const values = await evaluate(preamble, facts.map(({ expression }) => expression));
  return facts.flatMap(({ expression, expected, isMinimum }, index) => {
    const value = values[index]!;
    if (value === BigInt.asUintN(64, expected) || (isMinimum && value > expected)) return [];
    return [`${expression} is ${value}, not ${expected}`];
  });
}

/** The values of C expressions, as unsigned 64-bit numbers. */
async function evaluate(preamble: readonly string[], expressions: readonly string[]): Promise<bigint[]> {
  const program = [
    "#define _GNU_SOURCE",
    "#include <stddef.h>",
    "#include <stdio.h>",
    ...preamble,
    "int main(void) {",
    ...expressions.map((expression) => `printf("%llu\\n", (unsigned long long) (${expression}));`),
    "}",
  ].join("\n");
  const folder = await Deno.makeTempDir({ prefix: "eventpipe-layout-" });
  try {
    const source = join(folder, "facts.c");
    const binary = join(folder, "facts");
    await Deno.writeTextFile(source, program);
    await run(findExecutable("gcc")!, ["-w", "-o", binary, source]);
    const lines = (await run(binary, [])).trim().split("\n");
    if (lines.length !== expressions.length) throw new Error(`${lines.length} values were printed`);
    return lines.map(BigInt);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The macros that headers define, by name. */
export async function macros(header: string): Promise<Map<string, string>> {
  const text = await run(findExecutable("gcc")!, ["-dM", "-E", "-include", header, "-x", "c", "/dev/null"]);
  return new Map(
    text.split("\n").map((line) => {
      const [, name = "", ...value] = line.split(" ");
      return [name, value.join(" ")] as const;
    }),
  );
}

async function run(path: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(path, { args, stdin: "null" }).output();
  if (!success) throw new Error(`Cannot run ${path}: it said:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
