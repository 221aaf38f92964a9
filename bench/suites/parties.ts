/**
 * What all suites that run beside other programs share.
 *
 * @module
 */

import type { PeerPrograms } from "../peers/programs.ts";

/** Programs, CPUs and random numbers. */
export interface Parties {
  readonly programs: PeerPrograms;
  /** The CPU events are emitted on. */
  readonly producerCpu: number;
  /** The CPU of whatever is measured. */
  readonly consumerCpu: number;
  /** Draws orders and seeds. */
  readonly random: () => number;
  /** Of the bootstrap. */
  readonly seed: number;
  /** Whether the run is to end. */
  readonly isInterrupted: () => boolean;
}
