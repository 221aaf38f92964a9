/**
 * The benchmark command as a user runs it, on kernel events.
 */

import { expectDropsFound, expectHonestCells } from "../bench/_expect.ts";
import { kernelTest } from "./_kernel.ts";

kernelTest(
  "bench on the kernel source writes exact cells that wake as told",
  () => expectHonestCells("kernel"),
);

kernelTest(
  "bench exits 1 when a scanner drops every 1,000th record of the kernel source",
  () => expectDropsFound("kernel"),
);
