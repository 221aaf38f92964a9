/**
 * Makes a program smaller that shows a mismatch: leaves out steps, then simplifies those that are left.
 *
 * @module
 */

import type { Step } from "./steps.ts";

/** Ends the search in programs of which every run takes long. */
const MAX_TRIES = 5_000;

/**
 * Shrinks a program.
 *
 * @param steps A program that fails.
 * @param fails Whether another one fails too.
 * @returns One that fails, of which no single step can be left out or simplified further.
 */
export function shrink(steps: readonly Step[], fails: (steps: readonly Step[]) => boolean): readonly Step[] {
  let tries = 0;
  const isBetter = (candidate: readonly Step[]): boolean => ++tries <= MAX_TRIES && fails(candidate);
  let smallest = steps;
  for (let before: readonly Step[] = []; before !== smallest;) {
    before = smallest;
    smallest = leaveOut(smallest, isBetter);
    smallest = unify(smallest, isBetter);
    smallest = simplify(smallest, isBetter);
  }
  return smallest;
}

/** Large parts first, and from the end, where what nobody needs is likelier. */
function leaveOut(steps: readonly Step[], fails: (steps: readonly Step[]) => boolean): readonly Step[] {
  let smallest = steps;
  for (let length = steps.length >> 1; length > 0; length >>= 1) {
    for (let start = smallest.length - length; start >= 0; start -= length) {
      const candidate = [...smallest.slice(0, start), ...smallest.slice(start + length)];
      if (fails(candidate)) smallest = candidate;
    }
  }
  return smallest;
}

/** Leaves out steps that make another number for a file, and uses the other name of it from there on. */
function unify(steps: readonly Step[], fails: (steps: readonly Step[]) => boolean): readonly Step[] {
  let smallest = steps;
  for (let index = steps.length - 1; index >= 0; index--) {
    const step = smallest[index]!;
    if (step.do !== "dup" && step.do !== "dup2") continue;
    const rest = smallest.slice(index + 1).map((each) => rename(each, step.name, step.of));
    const candidate = [...smallest.slice(0, index), ...rest];
    if (fails(candidate)) smallest = candidate;
  }
  return smallest;
}

function rename(step: Step, from: string, to: string): Step {
  const renamed = Object.entries(step).map(([key, value]) => [key, value === from ? to : value]);
  return Object.fromEntries(renamed);
}

function simplify(steps: readonly Step[], fails: (steps: readonly Step[]) => boolean): readonly Step[] {
  let smallest = steps;
  for (let index = 0; index < smallest.length; index++) {
    for (let changed = true; changed;) {
      const better = simpler(smallest[index]!).map((step) => smallest.with(index, step)).find(fails);
      if (better !== undefined) smallest = better;
      changed = better !== undefined;
    }
  }
  return smallest;
}

/** All that are simpler than a step by one thing. */
function simpler(step: Step): Step[] {
  switch (step.do) {
    case "ctl":
      return bitsOf(step.events ?? 0).map((bit) => ({ ...step, events: (step.events! & ~bit) >>> 0 }));
    case "poll":
      return bitsOf(step.events).map((bit) => ({ ...step, events: (step.events & ~bit) >>> 0 }));
    case "wait":
      return step.maxevents === 16 ? [] : [{ ...step, maxevents: 16 }];
    case "write":
    case "read":
      return step.count === 1 ? [] : [{ ...step, count: 1 }];
    case "pipe":
      return step.slots === 16 ? [] : [{ ...step, slots: 16 }];
    case "eventfd":
      return [
        ...(step.init === 0 ? [] : [{ ...step, init: 0 }]),
        ...(step.isSemaphore ? [{ ...step, isSemaphore: false }] : []),
      ];
    default:
      return [];
  }
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => (mask & (1 << bit)) >>> 0).filter((bit) => bit !== 0);
}
