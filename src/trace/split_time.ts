/**
 * Times of events as text, one second at a time. Outputs print nanoseconds since boot for every event, and bigint
 * division, dates and time zones are dear; events that follow each other share their second, so it is written once
 * and only the rest within it changes.
 */

const NS_PER_S = 1_000_000_000;

/** `000` to `999`. */
const THREE_DIGITS: readonly string[] = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, "0"));

/** A time in two parts: the text of its second, and the nanoseconds behind it. */
export class SplitTime {
  readonly #offsetNs: bigint;
  readonly #write: (second: number) => string;
  /** Where the second begins, on the clock of the events. */
  #startNs = 0n;
  #second = "";
  #restNs = 0;

  /**
   * @param offsetNs What is added to a time first: 0n, or wall clock minus monotonic clock.
   * @param write Writes a second; called when it changes.
   */
  constructor(offsetNs: bigint, write: (second: number) => string) {
    this.#offsetNs = offsetNs;
    this.#write = write;
    this.#enterSecond(0n);
  }

  /** Splits `timeNs`; times may go back. */
  split(timeNs: bigint): void {
    const rest = Number(timeNs - this.#startNs);
    if (rest >= 0 && rest < NS_PER_S) this.#restNs = rest;
    else this.#enterSecond(timeNs);
  }

  /** The second as `write` wrote it. */
  get second(): string {
    return this.#second;
  }

  /** Nanoseconds behind the second, 0 to 999,999,999. */
  get restNs(): number {
    return this.#restNs;
  }

  #enterSecond(timeNs: bigint): void {
    const shifted = timeNs + this.#offsetNs;
    const rest = ((shifted % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    this.#restNs = Number(rest);
    this.#startNs = timeNs - rest;
    this.#second = this.#write(Number((shifted - rest) / 1_000_000_000n));
  }
}

/** `n` with six digits; 0 to 999,999. */
export function sixDigits(n: number): string {
  return THREE_DIGITS[Math.floor(n / 1000)]! + THREE_DIGITS[n % 1000]!;
}

/** `n` with nine digits; 0 to 999,999,999. */
export function nineDigits(n: number): string {
  return THREE_DIGITS[Math.floor(n / 1_000_000)]! + sixDigits(n % 1_000_000);
}
