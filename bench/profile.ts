/**
 * Profiles: how thorough a run is. A profile is only a choice of options, and an option that is given overrides it.
 *
 * @module
 */

import type { Arrivals } from "./arrivals.ts";
import { type Suite, SUITES } from "./plan/cell_plan.ts";
import type { Rate } from "./plan/plan_options.ts";

/** The profiles, by their options; `default` is what runs without one. */
export type ProfileName = "quick" | "default" | "thorough" | "full";

/** What a profile chooses. */
export interface Profile {
  readonly suites: readonly Suite[];
  /** Suites beside other programs, as far as there are such; null for all that measure. */
  readonly besides: readonly string[] | null;
  readonly rates: readonly Rate[];
  readonly arrivals: readonly Arrivals[];
  readonly durationMs: number;
  readonly repeat: number;
  /** How long the noise floor is watched. */
  readonly floorMs: number;
  /** Whether suites beside other programs take a look only. */
  readonly isQuick: boolean;
}

const RATE: Rate = { rate: 10_000 };
const LOADS: readonly Rate[] = [{ share: 0.1 }, { share: 0.5 }, { share: 0.8 }];

/** What each profile chooses. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  quick: {
    suites: ["throughput", "latency"],
    besides: [],
    rates: [RATE, { share: 0.5 }],
    arrivals: ["fixed"],
    durationMs: 200,
    repeat: 1,
    floorMs: 300,
    isQuick: true,
  },
  default: {
    suites: ["throughput", "latency"],
    besides: [],
    rates: [RATE, ...LOADS],
    arrivals: ["fixed", "poisson"],
    durationMs: 850,
    repeat: 1,
    floorMs: 1000,
    isQuick: false,
  },
  thorough: {
    suites: SUITES,
    besides: ["wakeup", "border", "peers"],
    rates: [RATE, ...LOADS],
    arrivals: ["fixed", "poisson"],
    durationMs: 600,
    repeat: 3,
    floorMs: 5000,
    isQuick: true,
  },
  full: {
    suites: SUITES,
    besides: null,
    rates: [RATE, ...LOADS],
    arrivals: ["fixed", "poisson"],
    durationMs: 2000,
    repeat: 5,
    floorMs: 10_000,
    isQuick: false,
  },
};
