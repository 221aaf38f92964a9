/** The pipe's contract on the kernel's perf rings, with each of their waiters, and with the scanner in WebAssembly. */

import type { EventPipeOptions, PerfSourceOptions } from "../../mod.ts";
import { except, OF_WAITERS_THAT_ARE_WOKEN, pipeContract } from "../contract/pipe_contract.ts";
import { kernelTest } from "./_kernel.ts";
import { LoadedPipe } from "./_load.ts";

const SPIN_EXCEPTIONS = [
  ...OF_WAITERS_THAT_ARE_WOKEN,
  [/: run delivers events below the threshold without a wake-up/, "it reports them"],
] as const;

const WAYS: readonly [
  waiter: NonNullable<EventPipeOptions["waiter"]>,
  options: Pick<PerfSourceOptions, "scanner">,
  exceptions: readonly (readonly [RegExp, string])[],
][] = [
  ["epoll", {}, []],
  ["poll", {}, []],
  ["spin", {}, SPIN_EXCEPTIONS],
  ["spin-sleep", {}, OF_WAITERS_THAT_ARE_WOKEN],
  ["epoll", { scanner: "wasm" }, []],
  ["spin", { scanner: "wasm" }, SPIN_EXCEPTIONS],
];

for (const [waiter, options, exceptions] of WAYS) {
  const harness = except({
    test: kernelTest,
    open: (source, pipe) => LoadedPipe.open({ ...source, ...options }, { ...pipe, waiter }),
  }, exceptions);
  pipeContract(["kernel", waiter, ...Object.values(options)].join(", "), harness);
  harness.check();
}
