/**
 * The program of the crossings; see protocol.ts.
 *
 * @module
 */

import { pinThread } from "../../../src/ffi/affinity.ts";
import { monotonicNs } from "../../../src/ffi/clock.ts";
import { answer, requests } from "../lines.ts";
import { callbacks } from "./callbacks.ts";
import { calls } from "./calls.ts";
import { clocks } from "./clocks.ts";
import { type Crossing, loopOf } from "./crossing.ts";
import { readCrossRequest } from "./protocol.ts";
import { reads } from "./reads.ts";
import { webAssembly } from "./webassembly.ts";

/** A block's time: above what reading the clock takes, below what the hypervisor leaves undisturbed. */
const BLOCK_NS = 1e6;

/** Every crossing is made for so many blocks' time before it is timed, while the just-in-time compiler is at work. */
const WARM_UP_BLOCKS = 20;

/**
 * How often a crossing is made in a call of its loop: functions that are called often are compiled as a whole, where a long
 * loop is replaced while it runs, at a place and a time that differ from launch to launch.
 */
const CHUNK = 256;

/** A crossing and how often its loop is called in a block. */
interface Calibrated extends Crossing {
  readonly chunks: number;
}

async function main([cpu]: readonly string[]): Promise<void> {
  pinThread(Number(cpu));
  const crossings = [
    loopOf({ group: "the loop itself", name: "empty", body: "i" }),
    ...calls(),
    ...callbacks(),
    ...webAssembly(),
    ...reads(),
    ...clocks(),
  ];
  const calibrated: Calibrated[] = [];
  for (const crossing of crossings) calibrated.push(await calibrate(crossing));
  answer({ crossings: crossings.map(({ group, name }) => ({ group, name })) });
  for (const line of requests()) {
    const ns: number[] = [];
    for (const index of readCrossRequest(line)) {
      const crossing = calibrated[index];
      if (crossing === undefined) throw new RangeError(`Cannot cross: there is no crossing ${index}`);
      ns.push(await timed(crossing));
    }
    answer({ ns });
  }
}

/** Warms a crossing up; what it takes in the end says how often it fits into a block. */
async function calibrate(crossing: Crossing): Promise<Calibrated> {
  let chunks = 1;
  let spentNs = 0;
  let ns = Infinity;
  while (spentNs < WARM_UP_BLOCKS * BLOCK_NS) {
    ns = await timed({ ...crossing, chunks });
    spentNs += ns * chunks * CHUNK;
    if (ns * chunks * CHUNK < BLOCK_NS) chunks *= 2;
  }
  return { ...crossing, chunks: Math.max(1, Math.round(BLOCK_NS / ns / CHUNK)) };
}

/** What the crossings of a block gave, added up, so that none can be left out. */
let sum = 0;

/** The time of one crossing, in ns. */
async function timed(crossing: Calibrated): Promise<number> {
  const { chunks } = crossing;
  const start = monotonicNs();
  for (let i = 0; i < chunks; i++) {
    const result = crossing.run(CHUNK);
    sum = (sum + (typeof result === "number" ? result : await result)) | 0;
  }
  return (monotonicNs() - start) / (chunks * CHUNK);
}

try {
  await main(Deno.args);
} catch (error) {
  answer({ error: error instanceof Error ? error.message : String(error) });
  Deno.exitCode = 1;
}
