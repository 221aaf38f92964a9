/**
 * All mutants.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";
import { OF_CALLBACK } from "./of_callback.ts";
import { OF_CONTROL, OF_INTEREST, OF_NESTING, OF_TREE } from "./of_control.ts";
import { OF_NUMBERS, OF_POLLABLES, OF_SLEEPERS, OF_WAIT_QUEUE } from "./of_files.ts";
import { OF_SCAN } from "./of_scan.ts";

/** In the order in which a wake-up meets what they break. */
export const MUTANTS: readonly Mutant[] = [
  ...OF_WAIT_QUEUE,
  ...OF_CALLBACK,
  ...OF_SCAN,
  ...OF_SLEEPERS,
  ...OF_CONTROL,
  ...OF_NESTING,
  ...OF_INTEREST,
  ...OF_TREE,
  ...OF_NUMBERS,
  ...OF_POLLABLES,
];
