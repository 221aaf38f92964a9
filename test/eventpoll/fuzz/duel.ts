/**
 * Runs a program on two systems, a step on one and the same step on the other, and compares what they come to.
 *
 * @module
 */

import type { EpollSystem } from "../../../src/eventpoll/system.ts";
import { execute, isSame, type Outcome, type Step } from "./steps.ts";
import { World } from "./world.ts";

/** A step that came to different things. */
export interface Mismatch {
  /** What the kernel came to. */
  readonly linux: Outcome;
  /** What the model came to; an Error if it broke one of its invariants or threw. */
  readonly model: Outcome | Error;
}

/** What is fuzzed. */
export interface Subject<M extends EpollSystem = EpollSystem> {
  /**
   * Makes a model.
   *
   * @returns The model.
   */
  open(): M;

  /**
   * Looks whether the model's structures are as they must be.
   *
   * @param model The model.
   * @throws {Error} If they are not.
   */
  check(model: M): void;
}

/** Another part of the process opened or closed a file, so numbers are not given out alike: the program proves nothing. */
export class DisturbedError extends Error {
  override readonly name = "DisturbedError";
}

/** One program on both systems. */
export class Duel<M extends EpollSystem> {
  /** What the program has made so far. */
  readonly world: World = new World();
  /** The model, which this program has for itself. */
  readonly model: M;
  /** The steps that were done. */
  readonly steps: Step[] = [];
  /** What each of them came to in the kernel. */
  readonly outcomes: Outcome[] = [];
  readonly #linux: EpollSystem;
  readonly #subject: Subject<M>;

  /**
   * @param subject What is fuzzed.
   * @param linux The kernel, in which no file of a former program is open.
   */
  constructor(subject: Subject<M>, linux: EpollSystem) {
    this.model = subject.open();
    this.#linux = linux;
    this.#subject = subject;
  }

  /**
   * Does a step on both.
   *
   * @param step The step; one that makes no sense here is passed over.
   * @returns How they differ; null if they do not.
   * @throws {DisturbedError} If the program cannot go on.
   */
  step(step: Step): Mismatch | null {
    const { world, model } = this;
    if (!world.accepts(step)) return null;
    const linux = execute(this.#linux, world.linux, step);
    this.steps.push(step);
    this.outcomes.push(linux);
    let inModel: Outcome;
    try {
      inModel = execute(model, world.model, step);
      if (!isSame(linux, inModel)) return { linux, model: inModel };
      this.#subject.check(model);
    } catch (error) {
      return { linux, model: error instanceof Error ? error : new Error(String(error)) };
    }
    if (typeof linux !== "string" && !world.note(step)) throw new DisturbedError();
    return null;
  }

  /** Closes what the program left open in the kernel. */
  end(): void {
    for (const fd of new Set(this.world.linux.byName.values())) {
      try {
        this.#linux.close(fd);
      } catch {
        // closed by the program
      }
    }
  }
}
