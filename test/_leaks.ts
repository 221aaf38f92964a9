/**
 * Loaded in front of every test file (`deno test --preload`, see test/main.ts): a test that leaves files or rings of the
 * kernel open fails. Deno's own sanitizer sees what Deno opened only. Kernel tests look more closely, see
 * kernel/_kernel.ts.
 */

import { openResources } from "./kernel/_resources.ts";

/** The files of a Worker are closed some time after it has ended. */
const LIMIT_MS = 5000;

let before: readonly string[] = [];

/** What is open now and was not before. */
function left(): string[] {
  const known = [...before];
  return openResources().filter((each) => {
    const index = known.indexOf(each);
    if (index >= 0) known.splice(index, 1);
    return index < 0;
  });
}

if (Deno.build.os === "linux") {
  Deno.test.beforeEach(() => {
    before = openResources();
  });

  Deno.test.afterEach(async () => {
    const end = performance.now() + LIMIT_MS;
    while (left().length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const open = left();
    if (open.length > 0) throw new Error(`The test left open: ${open.join(", ")}`);
  });
}
