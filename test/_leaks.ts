/**
 * Loaded in front of every test file (`deno test --preload`, see test/main.ts): a test that leaves files or rings of the
 * kernel open, or something pinned, fails. Deno's own sanitizer sees what Deno opened only.
 */

import { openResources } from "./kernel/_resources.ts";

/** The files of a Worker's event loop are closed some time after it has ended, and not all at once. */
const LIMIT_MS = 1000;
const OF_EVENT_LOOPS = ["anon_inode:[eventfd]", "anon_inode:[eventpoll]"];

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
    let open = left();
    while (
      open.length > 0 && open.every((each) => OF_EVENT_LOOPS.includes(each)) && performance.now() < end
    ) {
      await new Promise((resolve) => setTimeout(resolve));
      open = left();
    }
    if (open.length > 0) throw new Error(`The test left open: ${open.join(", ")}`);
  });
}
