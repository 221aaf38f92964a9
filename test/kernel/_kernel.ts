/**
 * Kernel tests: tests with real BPF programs. Where this machine does not permit them they are ignored and say why; with
 * EVENTPIPE_REQUIRE_KERNEL=1 they fail instead. Each checks that it leaks no file, mapping or ring.
 */

import { assertEquals } from "@std/assert";
import { libbpf } from "../../src/ffi/libbpf.ts";
import { libc } from "../../src/ffi/libc.ts";
import { PerfSource } from "../../src/source/perf.ts";

/** Why kernel tests cannot run here; null if they can. Opens the libraries, outside of any test's sanitizer. */
export const kernelObstacle: string | null = findObstacle();

const required = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1";

function findObstacle(): string | null {
  try {
    libc();
    libbpf();
    PerfSource.open({ ringBytes: 4096 }).close();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Declares a kernel test.
 *
 * @param name What must hold, as a sentence.
 * @param body The test. It must release all it opened.
 */
export function kernelTest(name: string, body: () => void | Promise<void>): void {
  Deno.test({
    name: kernelObstacle === null ? name : `${name} (not here: ${kernelObstacle})`,
    ignore: kernelObstacle !== null && !required,
    async fn(): Promise<void> {
      if (kernelObstacle !== null) {
        throw new Error(`Kernel tests are required but cannot run: ${kernelObstacle}`);
      }
      const before = openResources();
      await body();
      assertEquals(openResources(), before, "the test left files or ring mappings open");
    },
  });
}

/** The kernel objects this process holds: what its descriptors point at, and its mappings of perf rings. */
export function openResources(): string[] {
  const files: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      if (/anon_inode|bpf|perf|\/sys\/|\/proc\/sys/.test(target)) files.push(target);
    } catch {
      // the descriptor that listed the folder
    }
  }
  const rings = Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) =>
    line.includes("perf_event")
  );
  return [...files.sort(), ...rings.map((line) => line.split(" ").at(-1)!)];
}
