/**
 * Holds the promise that lets users do without a compiler: the committed bpf/*.bpf.o are what their sources
 * say. The bytes depend on the tools, so other tools than those of `deno task build` skip the comparison;
 * where kernel tests are required, only other versions may.
 */

import { assert, assertEquals } from "@std/assert";
import { basename, dirname, join } from "node:path";
import { bpfSources, compileBpf, otherToolchain } from "../../src/cli/build.ts";

const other = otherToolchain();
const isRequired = Deno.env.get("EVENTPIPE_REQUIRE_KERNEL") === "1" && (other ?? "").startsWith("no ");
const ignore = other !== null && !isRequired;
const reason = ignore ? ` (skipped: ${other})` : "";

/** Compiles into a folder that is gone afterwards, and returns the object's bytes. */
async function compiled(source: string): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  try {
    const output = join(folder, "rebuilt.bpf.o");
    await compileBpf(source, output);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const source of bpfSources()) {
  const name = basename(source).replace(/c$/, "o");
  Deno.test(`bpf/${name} has the bytes of a rebuild from its source${reason}`, { ignore }, async () => {
    const rebuilt = await compiled(source);
    const committed = await Deno.readFile(source.replace(/c$/, "o"));
    assert(
      committed.length === rebuilt.length && committed.every((byte, i) => byte === rebuilt[i]),
      `bpf/${name} (${committed.length} bytes) is no rebuild (${rebuilt.length} bytes); run: deno task build`,
    );
  });
}

Deno.test("every object in bpf/ has a source beside it", async () => {
  const folder = dirname(bpfSources()[0]!);
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  const orphans = names.filter((name) => name.endsWith(".bpf.o") && !names.includes(name.replace(/o$/, "c")));
  assertEquals(orphans, []);
});
