/**
 * Compilation of BPF programs: reproducible, quiet about the machine, and clear about what does not compile.
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { compileBpf, CompileError, toolVersion } from "../../../src/cli/build.ts";

const missing = (["clang", "bpftool"] as const).filter((tool) => toolVersion(tool) === null);
const ignore = missing.length > 0 && Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") !== "1";
const reason = ignore ? ` (skipped: no ${missing.join(", no ")})` : "";

const PROGRAM = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} counter SEC(".maps");
SEC("raw_tp")
int count(void *ctx)
{
  __u32 zero = 0;
  __u64 *value = bpf_map_lookup_elem(&counter, &zero);
  if (value)
    *value += 1;
  return 0;
}
char LICENSE[] SEC("license") = "GPL";
`;

/** Compiles a program in a new folder; returns the object's bytes as text and the folder's path. */
async function compile(program: string): Promise<{ folder: string; object: string }> {
  const folder = await Deno.makeTempDir({ prefix: "a-folder-of-its-own-" });
  try {
    const source = join(folder, "count.bpf.c");
    const output = join(folder, "objects", "count.bpf.o");
    await Deno.writeTextFile(source, program);
    await compileBpf(source, output);
    return { folder, object: new TextDecoder("latin1").decode(await Deno.readFile(output)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`the same program gives the same bytes in another folder${reason}`, { ignore }, async () => {
  const [first, second] = await Promise.all([compile(PROGRAM), compile(PROGRAM)]);
  assert(first.folder !== second.folder);
  assert(first.object === second.object);
  assert(!first.object.includes("a-folder-of-its-own-"));
});

Deno.test(`an object keeps types, line numbers, maps and license, and no other debug information${reason}`, {
  ignore,
}, async () => {
  const { object } = await compile(PROGRAM);
  for (const section of [".BTF\0", ".BTF.ext\0", ".maps\0", "license\0", "raw_tp\0"]) {
    assertStringIncludes(object, section);
  }
  assertStringIncludes(object, "*value += 1;");
  assertEquals(object.includes(".debug_"), false);
});

Deno.test(
  `a program that does not compile is an error with the compiler's words, and writes nothing${reason}`,
  { ignore },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const source = join(folder, "bad.bpf.c");
      const output = join(folder, "bad.bpf.o");
      await Deno.writeTextFile(source, "int f(void) { return nothing; }\n");
      const error = await assertRejects(() => compileBpf(source, output), CompileError);
      assertStringIncludes(error.log, "use of undeclared identifier 'nothing'");
      await assertRejects(() => Deno.stat(output), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
