/**
 * Kernel tests: tests with real BPF programs. Where this machine does not permit them they are ignored and say why; with
 * EVENTPIPE_REQUIRE_KERNEL=1 they fail instead. Each checks that it leaves no file, mapping of a ring or pin.
 */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { findMount } from "../../src/cli/mounts.ts";
import { findExecutable } from "../../src/cli/packages.ts";
import { allowedCpus, pinThread } from "../../src/ffi/affinity.ts";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { libc } from "../../src/ffi/libc.ts";
import { onlineCpus } from "../../src/source/cpus.ts";
import { PerfSource } from "../../src/source/perf.ts";
import { openResources } from "./_resources.ts";

/** Why kernel tests cannot run here; null if they can. Binds all functions, outside of any test's sanitizer. */
export const kernelObstacle: string | null = findObstacle();

const required = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1";

function findObstacle(): string | null {
  try {
    Object.values(libc());
    Object.values(libbpf());
    PerfSource.open({ ringBytes: 4096 }).close();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What a kernel test needs beside the permission to load and read. */
export interface Needs {
  /** Programs of test/bpf, by name. */
  readonly programs?: readonly string[];
  /** Tracepoints, which are named by tracefs. */
  readonly tracefs?: boolean;
  /** Commands of the machine. */
  readonly commands?: readonly string[];
  /** Two CPUs this process may run on. */
  readonly twoCpus?: boolean;
  /** How this machine is unfit in another way; null if it is not. */
  readonly trait?: string | null;
}

/**
 * Declares a kernel test.
 *
 * @param name What must hold, as a sentence.
 * @param body The test. It must release all it opened.
 * @param needs What it needs beside the permission to load and read.
 */
export function kernelTest(name: string, body: () => void | Promise<void>, needs: Needs = {}): void {
  const trait = missingTrait(needs);
  if (required && kernelObstacle === null && trait !== null) {
    // What may be required is permission and tools, not another machine.
    console.error(`eventpipe: a kernel test cannot run on this machine (${trait}): ${name}`);
    return;
  }
  const obstacle = kernelObstacle ?? missingTool(needs) ?? trait;
  Deno.test({
    name: obstacle === null ? name : `${name} (not here: ${obstacle})`,
    ignore: obstacle !== null && !required,
    async fn(): Promise<void> {
      if (obstacle !== null) {
        throw new Error(`Kernel tests are required but cannot run: ${obstacle}`);
      }
      const before = openResources();
      await body();
      assertEquals(openResources(), before, "the test left files or ring mappings open, or something pinned");
    },
  });
}

function missingTool({ programs = [], commands = [], tracefs = false }: Needs): string | null {
  const missing = programs.find((name) => !exists(testProgram(name)));
  if (missing !== undefined) {
    return `test/bpf/${missing}.bpf.c is not compiled; deno task test does it with clang`;
  }
  const absent = commands.find((name) => findExecutable(name) === null);
  if (absent !== undefined) return `no ${absent}`;
  return tracefs && findMount("tracefs") === null ? "tracefs is not mounted" : null;
}

function missingTrait({ twoCpus = false, trait = null }: Needs): string | null {
  return twoCpus && testCpus.length < 2 ? "one CPU only" : trait;
}

/**
 * Where test/main.ts puts a program of test/bpf.
 *
 * @param name The name of its source, without `.bpf.c`.
 * @returns The path of its object, which exists where there is a compiler.
 */
export function testProgram(name: string): string {
  return fileURLToPath(new URL(`../../build/test/${name}.bpf.o`, import.meta.url));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The CPUs that are online and that this process may run on. */
export const testCpus: readonly number[] = kernelObstacle === null
  ? onlineCpus().filter((cpu) => allowedCpus().includes(cpu))
  : [];

/**
 * Runs a function on a CPU and lets the thread run where it could before.
 *
 * @param cpu The CPU.
 * @param body What to run there.
 * @returns What it returned.
 */
export function onCpu<T>(cpu: number, body: () => T): T {
  const allowed = allowedCpus();
  pinThread(cpu);
  try {
    return body();
  } finally {
    const set = new Uint8Array(128);
    for (const each of allowed) set[each >> 3]! |= 1 << (each & 7);
    libc().sched_setaffinity(0, BigInt(set.length), set);
  }
}
