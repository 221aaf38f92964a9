/**
 * Run by stop_token_test.ts with an explicit garbage collector: forgets waiters with a stop token, and then the token, without
 * closing them. Prints how many files are left each time, and whether the number of the token's file still is its own.
 */

import { libc } from "../../../src/ffi/libc.ts";
import { openWaiter } from "../../../src/wait/open.ts";
import { StopToken } from "../../../src/wait/stop_token.ts";
import { duplicateEventFd, type SharedStopToken } from "../../../src/wait/stop_word.ts";
import { openResources } from "../_resources.ts";

const collect = (globalThis as unknown as { gc(): void }).gc;

/** Lets the garbage collector find what was forgotten, and lets it tell. */
async function collectAll(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function shareForgotten(): SharedStopToken {
  const token = StopToken.create();
  for (const name of ["epoll", "poll", "spin-sleep"] as const) {
    openWaiter(name, { kind: "fds", fds: [] }, { hasUnread: () => false, token });
  }
  return token.share();
}

libc();
const before = openResources().length;
const shared = shareForgotten();
await collectAll();
const files = openResources().length - before;
const fd = duplicateEventFd(shared)!;
const target = Deno.readLinkSync(`/proc/self/fd/${fd}`);
console.log(JSON.stringify({ files, target }));
