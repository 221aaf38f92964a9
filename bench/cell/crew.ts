/**
 * The producers of a measurement, one Worker on each CPU: they are made ready, let go, and told to stop together.
 *
 * @module
 */

import { Control, PHASE, type ProducerReport } from "../control.ts";
import type { ProducerOrder } from "../producer_worker.ts";

/** A Worker of bench/producer_worker.ts, and the CPU it runs on. */
export interface CrewMember {
  readonly worker: Worker;
  readonly cpu: number;
}

/** The producers at work on one cell. */
export class Crew {
  readonly #controls: readonly Control[];

  /**
   * Gives the producers their orders and waits until all are ready.
   *
   * @param members Who produces.
   * @param orderOf What each is to do, by its place.
   * @throws {Error} If one fails or does not answer.
   */
  constructor(
    members: readonly CrewMember[],
    orderOf: (index: number) => Omit<ProducerOrder, "control" | "cpu">,
  ) {
    this.#controls = members.map(({ worker, cpu }, index) => {
      const control = new Control();
      const order: ProducerOrder = { ...orderOf(index), control: control.buffer, cpu };
      worker.postMessage(order);
      return control;
    });
    for (const control of this.#controls) control.await(PHASE.ready);
  }

  /** Lets all of them produce. */
  go(): void {
    for (const control of this.#controls) control.phase = PHASE.go;
  }

  /** Whether all are producing: false from `stop` on, and when one has failed. */
  get isGoing(): boolean {
    return this.#controls.every(({ phase }) => phase === PHASE.go);
  }

  /** Tells all of them to stop. */
  stop(): void {
    for (const control of this.#controls) control.stop();
  }

  /** Whether one is still busy with its last events, behind `stop`. */
  get isStopping(): boolean {
    return this.#controls.some(({ phase }) => phase === PHASE.stop);
  }

  /** Answers the event of a ping-pong, which has one producer. */
  answer(): void {
    this.#controls[0]!.answer();
  }

  /**
   * Waits until all have reported.
   *
   * @returns Their reports.
   * @throws {Error} If one failed or does not answer.
   */
  finish(): ProducerReport[] {
    return this.#controls.map((control) => {
      control.await(PHASE.done);
      return control.report;
    });
  }
}
