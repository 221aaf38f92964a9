/**
 * Whether this machine permits what the benchmarks do with the kernel.
 *
 * @module
 */

import { PerfSource } from "../src/source/perf.ts";
import { LoadGenerator } from "./load_generator.ts";

/**
 * Why kernel events cannot be had here: the whole road is opened to find out.
 *
 * @returns The reason; null if they can.
 */
export function kernelObstacle(): string | null {
  try {
    const source = PerfSource.open({ ringBytes: 65536 });
    try {
      new LoadGenerator(source.mapFd)[Symbol.dispose]();
    } finally {
      source.close();
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
