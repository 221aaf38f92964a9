/**
 * The words through which the consumer, which blocks in its poll loop, and the producer in its Worker agree on the course
 * of a cell. Shared memory, since neither can receive messages while it works.
 *
 * @module
 */

/** Where a cell stands: the consumer sets `go` and `stop`, the producer the others; `failed` is never left. */
export const PHASE = { idle: 0, ready: 1, go: 2, stop: 3, done: 4, failed: 5 } as const;

/** A producer that does not answer within this time is broken. */
const ANSWER_MS = 20_000;

const PHASE_WORD = 0;
/** How many events of a ping-pong were answered, modulo 2^32. */
const ANSWER_WORD = 1;
/** Float64 slots behind the words: what the producer reports at the end of a cell. */
const REPORT_OFFSET = 8;
const REPORT = { produced: 0, refused: 1, slots: 2 } as const;

/** What a producer reports of a cell. */
export interface ProducerReport {
  /** Memory source: outputs tried. Kernel source: 0, since the BPF program counts them. */
  readonly produced: number;
  /** Memory source: outputs refused that the ring does not count. Kernel source: 0, as above. */
  readonly refused: number;
}

/** The shared words of one consumer and one producer. */
export class Control {
  /** To be sent to the producer. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #report: Float64Array<SharedArrayBuffer>;

  /** @param buffer The consumer's buffer; a new one unless given. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(REPORT_OFFSET + REPORT.slots * 8)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, 2);
    this.#report = new Float64Array(buffer, REPORT_OFFSET, REPORT.slots);
  }

  /** The phase of the cell. */
  get phase(): number {
    return Atomics.load(this.#words, PHASE_WORD);
  }

  /** Enters a phase and wakes the other side. */
  set phase(phase: number) {
    Atomics.store(this.#words, PHASE_WORD, phase);
    Atomics.notify(this.#words, PHASE_WORD);
  }

  /** Ends phase `go`, unless the producer has failed meanwhile. */
  stop(): void {
    Atomics.compareExchange(this.#words, PHASE_WORD, PHASE.go, PHASE.stop);
    Atomics.notify(this.#words, PHASE_WORD);
  }

  /** Of a ping-pong: how many events the handler has answered, as an int32. */
  get answered(): number {
    return Atomics.load(this.#words, ANSWER_WORD);
  }

  /** Answers an event of a ping-pong: its producer, which spins, sends the next one. */
  answer(): void {
    Atomics.add(this.#words, ANSWER_WORD, 1);
  }

  /**
   * Waits until a phase is reached.
   *
   * @param phase The phase to wait for.
   * @throws {Error} If the other side failed or does not answer.
   */
  await(phase: number): void {
    this.#awaitWhile((now) => now !== phase);
  }

  /**
   * Waits until a phase is left, whatever comes then.
   *
   * @param phase The phase that is to end.
   * @throws {Error} If the other side failed or does not answer.
   */
  awaitEnd(phase: number): void {
    this.#awaitWhile((now) => now === phase);
  }

  #awaitWhile(isWaiting: (phase: number) => boolean): void {
    const end = performance.now() + ANSWER_MS;
    for (let now = this.phase; isWaiting(now); now = this.phase) {
      if (now === PHASE.failed) throw new Error("The producer failed; see its message above");
      const left = end - performance.now();
      if (left <= 0) throw new Error(`The producer did not answer within ${ANSWER_MS / 1000} s`);
      Atomics.wait(this.#words, PHASE_WORD, now, left);
    }
  }

  /** What the producer reported; valid in phase `done`. */
  get report(): ProducerReport {
    return {
      produced: this.#report[REPORT.produced]!,
      refused: this.#report[REPORT.refused]!,
    };
  }

  /** Reports; then enter phase `done`. */
  set report({ produced, refused }: ProducerReport) {
    this.#report[REPORT.produced] = produced;
    this.#report[REPORT.refused] = refused;
  }
}
