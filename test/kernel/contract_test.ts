/** The pipe's contract on the kernel's perf rings, with each of their waiters. */

import { pipeContract } from "../contract/pipe_contract.ts";
import { kernelTest } from "./_kernel.ts";
import { LoadedPipe } from "./_load.ts";

for (const waiter of ["epoll", "poll"] as const) {
  pipeContract(`kernel, ${waiter}`, {
    test: kernelTest,
    open: (source, pipe) => LoadedPipe.open(source, { ...pipe, waiter }),
  });
}
