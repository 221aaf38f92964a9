/**
 * A crossing between TypeScript and what lies outside it, as a loop that can be timed.
 *
 * @module
 */

/** One kind of crossing. */
export interface Crossing {
  /** What is crossed. */
  readonly group: string;
  /** How. */
  readonly name: string;
  /**
   * Crosses so many times.
   *
   * @param count How often.
   * @returns The sum of what came back, so that no crossing can be left out; later where each is waited for.
   */
  run(count: number): number | Promise<number>;
}

/** How a loop is made. */
export interface LoopOptions {
  readonly group: string;
  readonly name: string;
  /** An expression whose value becomes an integer; `i` counts from 0. */
  readonly body: string;
  /** What else the expression names. */
  readonly scope?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a crossing of an expression. Each has a function of its own, compiled from source: what the just-in-time compiler
 * learns of one is not held against another.
 *
 * @param options The expression.
 * @returns The crossing.
 */
export function loopOf({ group, name, body, scope = {} }: LoopOptions): Crossing {
  const make = new Function(
    ...Object.keys(scope),
    `return (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum = (sum + (${body})) | 0;
      return sum;
    };`,
  );
  return { group, name, run: make(...Object.values(scope)) };
}

/**
 * The same, for an expression that is waited for.
 *
 * @param options The expression.
 * @returns The crossing.
 */
export function awaitedLoopOf({ group, name, body, scope = {} }: LoopOptions): Crossing {
  const make = new Function(
    ...Object.keys(scope),
    `return async (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum = (sum + await (${body})) | 0;
      return sum;
    };`,
  );
  return { group, name, run: make(...Object.values(scope)) };
}
