/** Copies of the checkout in which something was changed: a text that is not there any more is found out. */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { changedCopy, changedText } from "../../../bench/checkout_copy.ts";
import { SLOWED_SCANNER } from "../../../bench/suites/gate_slowed.ts";

Deno.test("the scanner of this checkout can be slowed down", async () => {
  const source = await Deno.readTextFile(new URL(`../../../${SLOWED_SCANNER.file}`, import.meta.url));
  const slowed = changedText(source, SLOWED_SCANNER);
  assertStringIncludes(slowed, "#scanOnce(ring: number, batch: RecordBatch): boolean {\n    batch.clear();");
  assertThrows(
    () => changedText(slowed, SLOWED_SCANNER),
    Error,
    "must stand once in src/ring/perf_scanner.ts",
  );
});

Deno.test("a change of a copy says which text it has not found, and where it is written down", () => {
  assertThrows(
    () => changedText("class PerfScanner {}", SLOWED_SCANNER),
    Error,
    "it stands there 0 times; change it in bench/suites/gate_slowed.ts too",
  );
});

Deno.test("a copy has the change and goes when it is disposed", async () => {
  const file = "deno.json";
  const name = '"name": "@eventpipe/eventpipe"';
  let path: string;
  {
    await using copy = await changedCopy({ file, replaced: [[name, '"name": "changed"']], by: "this test" });
    path = copy.path;
    assertStringIncludes(await Deno.readTextFile(`${path}/${file}`), '"name": "changed"');
    const [here, there] = await Promise.all(
      [new URL("../../../mod.ts", import.meta.url), `${path}/mod.ts`].map((each) => Deno.readTextFile(each)),
    );
    assertEquals(there, here);
  }
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
});
