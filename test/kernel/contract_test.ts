/** The pipe's contract on the kernel's perf rings, with each of their waiters. */

import { except, OF_WAITERS_THAT_ARE_WOKEN, pipeContract } from "../contract/pipe_contract.ts";
import { kernelTest } from "./_kernel.ts";
import { LoadedPipe } from "./_load.ts";

for (
  const [waiter, exceptions] of [
    ["epoll", []],
    ["poll", []],
    ["spin", [
      ...OF_WAITERS_THAT_ARE_WOKEN,
      [/: run delivers events below the threshold without a wake-up/, "it reports them"],
    ]],
    ["spin-sleep", OF_WAITERS_THAT_ARE_WOKEN],
  ] as const
) {
  const harness = except({
    test: kernelTest,
    open: (source, pipe) => LoadedPipe.open(source, { ...pipe, waiter }),
  }, exceptions);
  pipeContract(`kernel, ${waiter}`, harness);
  harness.check();
}
